"""The engine's wheels for a platform and a Python, as a self-contained zip carries them: fetched, and looked over.

Blender unpacks them when it installs the zip, for its own Python. numpy is Blender's own and not among them: a second
one would replace it for every other add-on. Versions are those of the engine's lock; what comes from PyPI is checked
against its hashes. torch is built for CPUs, or has Metal: what PyPI has of it for Linux is CUDA's and ten times as
large, so there it comes from PyTorch's index, or from one that is named.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model_core.child_python import clean_environment, command
from ...model_core.errors import InputError
from ..support.environment import CPU_TORCH_INDEX
from .lock import ENGINE, TORCH_LOCK, entries

LARGEST_MEGABYTES = 300
NOT_CARRIED = ("numpy",)


@dataclass(frozen=True)
class Range:
    """Blenders that share a Python: from ``oldest`` on, up to but without ``too_new``."""

    python: str
    oldest: str
    too_new: str | None


RANGES = (Range("3.11", "4.2.0", "5.1.0"), Range("3.13", "5.1.0", None))
"""What is zipped apart: a zip for two Pythons would carry two of everything."""


@dataclass(frozen=True)
class Platform:
    """``tags`` of the wheels that run on a platform of Blender's, and where its torch comes from."""

    tags: tuple[str, ...]
    torch_suffix: str = ""
    torch_index: str | None = None


PLATFORMS = {
    "linux-x64": Platform(
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
        "+cpu", CPU_TORCH_INDEX,
    ),
    "windows-x64": Platform(("win_amd64",)),
    # Blender 4.2 runs on macOS 11, torch and so its engine on 14.
    "macos-arm64": Platform(("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64")),
}  # fmt: skip


def fetch(name: str, python: str, folder: Path, index: str | None = None) -> list[Path]:
    """Put the engine's wheels for a platform and a Python ("3.11") into ``folder``; their paths.

    ``index``: the address or the folder of a package index for torch. Raises ``InputError`` where one is not to be had.
    """
    platform = PLATFORMS[name]
    locked = {package: entry for package, entry in entries(ENGINE / "requirements.txt") if package not in NOT_CARRIED}
    _download("".join(locked.values()), platform.tags, python, folder, ["--require-hashes"], "the engine's packages")
    torch = entries(TORCH_LOCK)[0][1]
    source = index or platform.torch_index
    if source is None:
        _download(torch, platform.tags, python, folder, ["--require-hashes"], "torch")
    else:
        # Whose hashes its owner knows: the lock has those of PyPI's files.
        bare = re.match(r"torch==[\d.]+", torch)
        assert bare is not None
        local = Path(source).is_dir()
        where = ["--no-index", "--find-links", str(Path(source).resolve())] if local else ["--index-url", source]
        wanted = f"{bare[0]}{platform.torch_suffix}"
        _download(
            wanted + "\n", platform.tags, python, folder, where, f"{wanted} from {source} (--index names another)"
        )
    wheels = sorted(folder.glob("*.whl"))
    check(wheels, name, python, [*locked, "torch"])
    return wheels


def _download(
    requirements: str, tags: Sequence[str], python: str, folder: Path, options: Sequence[str], what: str
) -> None:
    """Let pip fetch wheels for another computer than this; where pip looks is the user's own choice."""
    with tempfile.TemporaryDirectory() as temporary:
        listing = Path(temporary) / "requirements.txt"
        listing.write_text(requirements, encoding="utf-8")
        fetching = command(
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary", ":all:", "--implementation", "cp", "--python-version", python,
            *[word for tag in tags for word in ("--platform", tag)], *options, "--dest", folder, "-r", listing,
        )  # fmt: skip
        if subprocess.call(fetching, stdout=sys.stderr.fileno(), env=clean_environment(keep="PIP_")) != 0:
            raise InputError(f"build --engine: pip cannot fetch {what} for Python {python}, and says why above")


def check(wheels: Sequence[Path], name: str, python: str, packages: Sequence[str]) -> None:
    """Raise ``InputError`` where a wheel is not for the platform and Python, a package is missing or numpy is there."""
    found = {}
    for wheel in wheels:
        package, _, *_, tag, abi, built_for = wheel.stem.split("-")
        found[re.sub(r"[-_.]+", "-", package).lower()] = wheel
        number = python.replace(".", "")
        runs = abi == "none" and tag.startswith("py") or abi == f"cp{number}" == tag or abi == "abi3"
        fits = built_for == "any" or set(built_for.split(".")) & set(PLATFORMS[name].tags)
        if not runs or not fits:
            raise InputError(f"{wheel.name} is not a wheel for {name} and Python {python}")
    if missing := sorted(set(packages) - set(found)):
        raise InputError(f"the engine for {name} and Python {python} lacks {', '.join(missing)}")
    if more := sorted(set(found) - set(packages)):
        raise InputError(f"the engine for {name} and Python {python} does not need {', '.join(more)}")
