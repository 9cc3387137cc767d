"""What the commands run in: Python 3.11, ``.venv`` with the pinned requirements, Blender's system libraries.

Standard library only, and readable by any Python 3, so that the wrong one gets a clear line. A folder counts as ready
when its stamp names the requirements it was made from; the stamp is written last, so that an interrupted installation
is taken up again by the next call.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from .checkout import ROOT

if __package__ == "tools.support":  # The first call, in whatever Python there is: the package has no name yet.
    from model_core.child_python import clean_environment, command
else:
    from ...model_core.child_python import clean_environment, command

PYTHON_VERSION = (3, 11)
VENV, DOCS_VENV = ROOT / ".venv", ROOT / ".venv-docs"
REQUIREMENTS, CUDA_REQUIREMENTS = ROOT / "requirements.txt", ROOT / "requirements-cuda.txt"
"""Locks with hashes; the second has what torch's build for NVIDIA's GPUs needs beside it on Linux."""
DOCS_REQUIREMENTS = ROOT / "requirements-docs.txt"
"""The lock of what builds the site."""
HASH = "--hash="
INDEX = "https://pypi.org/simple/"
PIP_CONFIGURATION = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")
ANSWER_SECONDS = 4
STAMP = "threepoint-stamp"
MANAGED_PYTHONS = (
    (os.environ.get("PYENV_ROOT", "~/.pyenv"), "versions/{0}.{1}.*/bin/python{0}.{1}"),
    ("~/.local/share/uv/python", "cpython-{0}.{1}.*/bin/python{0}.{1}"),
)
"""Where pyenv and uv keep their Pythons: a folder, and the interpreters of a version in it."""
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"

BLENDER_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgomp.so.1": "libgomp1",
}
"""Shared libraries that Blender's module loads, and the Debian or Ubuntu package of each."""

EXTRAS = {
    "bpy": ("blender", " (Python 3.11 or 3.13)"),
    "matplotlib": ("blender", ""),
    "fpzip": ("xror", ""),
    "h5py": ("egodex", ""),
    "zstandard": ("mcap", ""),
    "lz4": ("mcap", ""),
    "ray": ("batch", ""),
    "pyarrow": ("batch", ""),
}
"""The package's extra that installs a module, and what it asks of Python."""


class EnvironmentProblem(Exception):
    """The environment cannot be made. The message is one line: what is missing and how to get it."""


def say(message: str) -> None:
    """Tell the user what is being installed, on standard error: a command's output stays its own."""
    print("threepoint: " + message, file=sys.stderr, flush=True)


def enter(arguments: list[str]) -> NoReturn:
    """Finish ``.venv`` where it is not, and run the command ``arguments`` in there; does not return."""
    requirements = REQUIREMENTS.read_text(encoding="utf-8")
    if not is_ready(VENV, requirements):
        if sys.version_info[:2] != PYTHON_VERSION:
            python = find_python()
            say("this is Python {}.{}; going on with {}".format(*sys.version_info[:2], python))
            restart(python, arguments)
        need_index()
        say(f"first call: making {VENV} (about 2 GB, some minutes)")
        make_environment(VENV, requirements)
        provide_libraries()
    restart(python_of(VENV), arguments, "-I", "-m", "threepoint.tools")


def restart(python: str | Path, arguments: list[str], *program: str) -> NoReturn:
    """Become ``python PROGRAM ARGUMENTS``, by default ``python tools ARGUMENTS``; does not return."""
    words = [str(python), *(program or ("-I", str(ROOT / "tools"))), *arguments]
    if os.name == "nt":  # Windows has no exec that keeps the console.
        sys.exit(subprocess.call(words))
    os.execv(words[0], words)


def find_python(version: tuple[int, int] = PYTHON_VERSION) -> str:
    """Path of a Python of a version that runs: on the PATH, the system's own, pyenv's or uv's."""
    name = "python{}.{}".format(*version)
    candidates = [shutil.which(name), "/usr/bin/" + name, "/usr/local/bin/" + name]
    for folder, pattern in MANAGED_PYTHONS:
        candidates += map(str, sorted(Path(folder).expanduser().glob(pattern.format(*version)), reverse=True))
    for candidate in candidates:
        if candidate and os.path.exists(candidate) and reports_version(candidate, version):
            return candidate
    raise EnvironmentProblem(
        "this is Python {}.{}; Threepoint needs Python {}.{} (Blender's own): install it so that {} is on the PATH "
        "and run the command again".format(*sys.version_info[:2], *version, name)
    )


def reports_version(python: str, version: tuple[int, int] = PYTHON_VERSION) -> bool:
    """Whether a program is a Python of a version (version switchers leave shims that are none)."""
    test = f"import sys; sys.exit(sys.version_info[:2] != {version!r})"
    return runs(command(python, "-c", test))


def runs(words: list[str]) -> bool:
    """Whether a command ends well; what it prints is not shown."""
    silent = subprocess.DEVNULL
    return subprocess.call(words, stdout=silent, stderr=silent, env=clean_environment()) == 0


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp_of(requirements: str) -> str:
    """What the stamp of an environment made from these requirements says."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return hashlib.sha256("\n".join([str(PYTHON_VERSION), str(ROOT), project, requirements]).encode()).hexdigest()


def is_ready(folder: Path, requirements: str) -> bool:
    """Whether an environment was finished, from just these requirements, and its Python is still there."""
    stamp = folder / STAMP
    return python_of(folder).exists() and stamp.is_file() and stamp.read_text() == stamp_of(requirements)


def make_environment(
    folder: Path, requirements: str, python: str = sys.executable, version: tuple[int, int] = PYTHON_VERSION
) -> None:
    """Make or complete a virtual environment of a Python, by default this, from the text of a requirements file."""
    if not has_pip(folder, version):
        provide_venv_module(python, version)
        run(command(python, "-m", "venv", "--clear", folder), f"making {folder} failed")
    listing = folder / "requirements.txt"
    listing.write_text(requirements, encoding="utf-8")
    listings = ["-r", str(listing)]
    torch, bpy = (entry_of(package, requirements) for package in ("torch", "bpy"))
    if torch and bpy and sys.platform.startswith("linux"):
        # The two largest packages are unpacked on a processor core each.
        with ThreadPoolExecutor(1) as apart:
            installed = apart.submit(install_alone, folder, bpy)
            # Which of torch's builds there is decides what else it needs.
            install_torch(folder, torch)
            installed.result()
        if not has_cpu_torch(folder):
            listings += ["-r", str(CUDA_REQUIREMENTS)]
    pip_install(folder, listings, requirements)
    install_package(folder)
    (folder / STAMP).write_text(stamp_of(requirements))


def pip_install(folder: Path, words: list[str], requirements: str) -> None:
    """Let pip install wheels into an environment: where the requirements have hashes, only what has them."""
    hashes = ["--require-hashes"] if HASH in requirements else []
    # Python compiles what is imported; pip would compile everything first, on one processor core.
    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    install = [*pip, "--only-binary", ":all:", *hashes, *words]
    run(command(python_of(folder), *install), f"installing into {folder} failed (pip says why above)")


def install_torch(folder: Path, entry: str) -> None:
    """Install torch alone, by its ``entry`` in the lock: without an NVIDIA GPU its build for CPUs, where it is served,
    which is a tenth as large."""
    source = torch_source()
    if source is not None:
        try:
            return install_alone(folder, re.sub(r"^(torch==[^\s+]+)", r"\1+cpu", entry), source)
        except EnvironmentProblem:
            say("torch's build for CPUs is not served; taking the one of pip's own index")
    install_alone(folder, entry)


def install_alone(folder: Path, entry: str, source: Sequence[str] = ()) -> None:
    """Install one package without what it needs, by its ``entry`` in the lock; ``source`` are options for pip."""
    listing = folder / f"requirements-{entry.split('==')[0]}.txt"
    listing.write_text(entry, encoding="utf-8")
    pip_install(folder, ["--no-deps", "-r", str(listing), *source], entry)


def entry_of(package: str, requirements: str) -> str:
    """A package's entry in a lock, its hashes included; empty where it has none."""
    match = re.search(rf"^{re.escape(package)}==.*(\n[ \t]+--hash=.*)*", requirements, re.MULTILINE)
    return match[0] + "\n" if match else ""


def has_cpu_torch(folder: Path) -> bool:
    """Whether the torch in an environment is the build for CPUs, which needs none of NVIDIA's libraries."""
    test = "import importlib.metadata, sys; sys.exit(not importlib.metadata.version('torch').endswith('+cpu'))"
    return runs(command(python_of(folder), "-c", test))


def need_index() -> None:
    """Say at once that nothing can be installed where PyPI does not answer and pip knows of no other index."""
    if any(name.startswith("PIP_") for name in os.environ) or any(
        os.path.exists(os.path.expanduser(path)) for path in PIP_CONFIGURATION
    ):
        return  # Where pip looks is the user's own choice, and pip says what it finds there.
    asked = threading.Thread(target=answers, args=(INDEX, found := []), daemon=True)
    asked.start()
    asked.join(ANSWER_SECONDS)  # Looking a name up takes as long as it likes.
    if not found:
        raise EnvironmentProblem(
            f"the first call installs packages, and {INDEX} does not answer: go online and run the command again"
        )


def answers(address: str, found: list[str]) -> None:
    """Add an address to ``found`` where something answers there."""
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS):
            found.append(address)
    except urllib.error.HTTPError:
        found.append(address)
    except OSError:
        pass


def install_package(folder: Path) -> None:
    """Let the environment's Python import this checkout as ``threepoint``, whatever its folder is called."""
    install = ["pip", "install", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    failure = f"installing this checkout into {folder} failed (pip says why above)"
    run(command(python_of(folder), "-m", *install), failure)


def has_pip(folder: Path, version: tuple[int, int] = PYTHON_VERSION) -> bool:
    """Whether a virtual environment is complete enough to install into, and of the right version."""
    python = python_of(folder)
    if not python.exists() or not reports_version(str(python), version):
        return False
    return runs(command(python, "-m", "pip", "--version"))


def torch_source() -> list[str] | None:
    """Options for pip by which it finds torch's build for CPUs; None where there is an NVIDIA GPU."""
    if os.path.exists("/dev/nvidiactl"):
        return None
    found: list[str] = []
    answers(CPU_TORCH_INDEX + "/torch/", found)
    return ["--extra-index-url", CPU_TORCH_INDEX] if found else []


def run(words: list[str], failure: str) -> None:
    """Run a program with its output on standard error. Where pip looks for packages is the user's own choice."""
    status = subprocess.call(words, stdout=sys.stderr.fileno(), env=clean_environment(keep="PIP_"))
    if status != 0:
        raise EnvironmentProblem(f"{failure}; run the same command again to go on from here")


def provide_venv_module(python: str, version: tuple[int, int]) -> None:
    """Debian and Ubuntu keep the module that makes environments in a package of its own."""
    if runs(command(python, "-c", "import venv, ensurepip")):
        return
    package = "python{}.{}-venv".format(*version)
    if not may_install():
        raise EnvironmentProblem(f"Python's venv module is missing; install it with: {apt_line([package])}")
    apt_install([package])


def provide_libraries() -> None:
    """Install Blender's system libraries as root on Debian; elsewhere name them. Commands without Blender go on."""
    missing = missing_libraries()
    if not missing:
        return
    packages = [BLENDER_LIBRARIES[name] for name in missing]
    if may_install():
        apt_install(packages)
    else:
        say(f"Blender will need system libraries that are missing ({', '.join(missing)}): {apt_line(packages)}")


def missing_libraries(load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Names of Blender's shared libraries that this Linux does not have."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for name in BLENDER_LIBRARIES:
        try:
            load(name)
        except OSError:
            missing.append(name)
    return missing


def library_hint(message: str) -> str | None:
    """The line for an import that failed for want of a shared library; None where it failed for another reason."""
    name = message.split(":")[0]
    if "cannot open shared object file" not in message:
        return None
    packages = [BLENDER_LIBRARIES[library] for library in missing_libraries() if library != name]
    if name in BLENDER_LIBRARIES:
        packages.insert(0, BLENDER_LIBRARIES[name])
    if not packages:
        return f"the system library {name} is missing; install the package that has it"
    return f"the system library {name} is missing; install it with: {apt_line(packages)}"


def extra_hint(module: str | None) -> str | None:
    """The line for an import that failed because an extra of the package was left out; None for other modules."""
    if module not in EXTRAS:
        return None
    extra, condition = EXTRAS[module]
    return f"{module} is not installed: pip install 'threepoint[{extra}]'{condition}"


def may_install() -> bool:
    """Whether system packages may be installed without asking: root on Debian or Ubuntu."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_line(packages: list[str]) -> str:
    """The command that installs Debian or Ubuntu packages."""
    return "sudo apt-get install -y " + " ".join(packages)


def apt_install(packages: list[str]) -> None:
    """Install Debian or Ubuntu packages as root."""
    say("installing system packages: " + " ".join(packages))
    run(["apt-get", "update", "-qq"], "apt-get update failed")
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    run(["env", "DEBIAN_FRONTEND=noninteractive", *install], "apt-get install failed")
