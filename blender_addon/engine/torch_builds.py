"""Which of PyTorch's builds fits this computer: the package index that holds it.

The builds are those of PyTorch's release compatibility matrix for 2.12 to 2.14 (RELEASE.md of pytorch/pytorch) and the
addresses those of its "Get started" page: cu130 has kernels from Turing to Blackwell, cu126 (to 2.14) from Maxwell to
Hopper, cu128 (to 2.11) is the last one for Blackwell under a driver that does not know CUDA 13.
"""

import os
import platform
import shutil
import subprocess
import sys

from ...model_core.child_python import CREATE_NO_WINDOW

INDEXES = "https://download.pytorch.org/whl/"
CUDA_13, CUDA_12_BLACKWELL, CUDA_12 = "cu130", "cu128", "cu126"
ROCM, CPU = "rocm7.2", "cpu"
CUDA_13_DRIVER = 580
"""The first driver that knows CUDA 13."""
TURING, BLACKWELL = 7.5, 10.0
"""Compute capabilities."""
QUERY = ("--query-gpu=driver_version,compute_cap", "--format=csv,noheader")
QUERY_SECONDS = 20


def torch_index() -> str | None:
    """Address of the index that has torch for the GPU that is here; None: the one that pip asks by itself."""
    if sys.platform == "darwin":
        return None  # The one build there is has Metal.
    if (gpu := nvidia_gpu()) is not None:
        return INDEXES + cuda_build(*gpu)
    if sys.platform == "linux" and os.path.exists("/dev/kfd") and platform.machine() == "x86_64":
        return INDEXES + ROCM
    return INDEXES + CPU


def cuda_build(driver: int, capability: float) -> str:
    """Name of the build for a driver's (main) version and a GPU's compute capability."""
    if driver >= CUDA_13_DRIVER and capability >= TURING:
        return CUDA_13
    return CUDA_12_BLACKWELL if capability >= BLACKWELL else CUDA_12


def nvidia_gpu() -> tuple[int, float] | None:
    """(main version of the driver, compute capability) of the first NVIDIA GPU; None where there is none of use.

    A driver that does not know its GPU's compute capability is too old for every build.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    special = {"creationflags": CREATE_NO_WINDOW} if os.name == "nt" else {}
    try:
        result = subprocess.run(
            [program, *QUERY], capture_output=True, text=True, timeout=QUERY_SECONDS, check=True, **special
        )
        driver, capability = result.stdout.splitlines()[0].split(",")
        return int(driver.split(".")[0]), float(capability)
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return None
