"""``requirements.txt``: every package at one version with the hashes of its files, made from ``requirements.in``.

pip-tools resolves and hashes what pip's index serves. On Linux torch comes in two builds of one
version: the CPU's, where it is served, and the index's, which needs NVIDIA's libraries; both are allowed, and what the
second one needs is locked apart, in ``requirements-cuda.txt``, for it is ten times as large as everything else.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ...model_core.child_python import clean_environment, command
from ...model_core.errors import InputError
from ...model_core.whole_files import Outputs, write_whole
from ..support import environment
from ..support.checkout import ROOT

SOURCE, LOCK, CUDA_LOCK = ROOT / "requirements.in", environment.REQUIREMENTS, environment.CUDA_REQUIREMENTS
TORCH_LOCK = ROOT / "requirements-engine.txt"
"""PyPI's torch for the zips that carry the engine: for the platforms and Pythons below."""
DOCS_SOURCE, DOCS_LOCK = ROOT / "requirements-docs.in", environment.DOCS_REQUIREMENTS
"""What builds the site, in an environment of its own."""
PIP_TOOLS = "pip-tools==7.6.2"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_14_0_arm64", "win_amd64")
"""Of torch's files those for these are allowed."""
CARRIED_PLATFORMS, CARRIED_PYTHONS = PLATFORMS[2:], ("3.11", "3.13")
COMPILE = ("--quiet", "--generate-hashes", "--allow-unsafe", "--strip-extras", "--no-header", "--no-annotate",
           "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")  # fmt: skip
HEADER = "# Made from requirements.in: change that, then run python3 tools build --lock\n"
DOCS_HEADER = "# Made from requirements-docs.in: change that, then run python3 tools docs --lock\n"
ENGINE = ROOT / "blender_addon" / "engine"
ENGINE_PIP = "pip==26.3"
ENGINE_PACKAGES = (
    "numpy", "safetensors", "fpzip", "h5py", "filelock", "fsspec", "jinja2", "markupsafe", "mpmath",
    "networkx", "setuptools", "sympy", "typing-extensions",
)  # fmt: skip
"""What Blender's engine needs beside torch, and what torch needs that is everybody's."""
NEWER_PYTHON, NEWER_NUMPY = "3.13", "numpy==2.3.4"
"""From this Python on, Blender 5.1's, the engine takes another numpy: 1.26 has no wheels for it."""
BELOW_PYTHON = {"numpy": NEWER_PYTHON, "fpzip": "3.14"}
"""The engine takes these only below a Python. fpzip has no wheels for newer ones, which systems may give their Blender:
the engine does without XROR there."""
HASHED_ANEW = ("h5py",)
"""Of these the engine allows every Python's wheels; pip-tools keeps the hashes that ``requirements.txt`` has, those of
3.11's."""
OTHER_BUILDS = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL")
"""Variables that name folders and indexes of other builds than pip's index has."""
CUDA_NAMES = ("nvidia-", "cuda-", "triton")
"""What the names of packages begin with that torch's build for NVIDIA needs."""
Packages = dict[str, tuple[str, set[str]]]
"""Name -> version and hashes."""


def write_lock() -> None:
    """Write both locks anew. Versions that ``requirements.txt`` has are kept where ``requirements.in`` allows them."""
    with tempfile.TemporaryDirectory() as folder:
        python = _with_pip_tools(Path(folder))
        locked = _brought_up(python, Path(folder), SOURCE, LOCK)
        version, hashes = locked["torch"]
        version = version.partition("+")[0]
        for platform in PLATFORMS:
            wanted = ("--no-deps", "--python-version", "3.11", "--platform", platform, "--target", folder)
            hashes |= _reported(python, Path(folder), f"torch=={version}", *wanted)["torch"][1]
        locked["torch"] = version, hashes
        carried = set()
        for platform in CARRIED_PLATFORMS:
            for number in CARRIED_PYTHONS:
                wanted = ("--no-deps", "--python-version", number, "--platform", platform, "--target", folder)
                carried |= _reported(python, Path(folder), f"torch=={version}", *wanted)["torch"][1]
        pins = (f"{name}=={locked[name][0]}" for name in HASHED_ANEW)
        anew = _compiled(python, Path(folder), NEWER_NUMPY, *pins)
        engine = locked | {name: anew[name] for name in HASHED_ANEW}
        newer = {"numpy": anew["numpy"]}
        cuda = _of_cuda(_reported(python, Path(folder), f"torch=={version}"))
        if not cuda:
            raise InputError(f"build --lock: the index's torch {version} needs nothing of CUDA; run it on x64 Linux")
        pip = _reported(python, Path(folder), ENGINE_PIP)
    with Outputs() as outputs:
        # Whichever of torch's builds was resolved: what CUDA's needs is locked apart.
        everybody = {name: found for name, found in locked.items() if name not in _of_cuda(locked)}
        outputs.path_for(LOCK).write_text(HEADER + _text(everybody), encoding="utf-8")
        outputs.path_for(ENGINE / "requirements.txt").write_text(HEADER + engine_text(engine, newer), encoding="utf-8")
        outputs.path_for(TORCH_LOCK).write_text(HEADER + _text({"torch": (version, carried)}), encoding="utf-8")
        outputs.path_for(ENGINE / "requirements-pip.txt").write_text(HEADER + _text(pip), encoding="utf-8")
        outputs.path_for(CUDA_LOCK).write_text(HEADER + _text(cuda), encoding="utf-8")


def write_docs_lock() -> None:
    """Write the lock of the site's packages anew; versions that it has are kept where they are allowed."""
    with tempfile.TemporaryDirectory() as folder:
        packages = _brought_up(_with_pip_tools(Path(folder)), Path(folder), DOCS_SOURCE, DOCS_LOCK)
    write_whole(DOCS_LOCK, DOCS_HEADER + _text(packages))


def _with_pip_tools(folder: Path) -> Path:
    """The interpreter of a new environment with pip-tools in it, below ``folder``."""
    python = environment.python_of(folder / "tools")
    _run(command(sys.executable, "-m", "venv", folder / "tools"))
    _run(command(python, "-m", "pip", "install", "--quiet", PIP_TOOLS))
    return python


def _brought_up(python: Path, folder: Path, source: Path, lock: Path) -> Packages:
    """The packages that ``source`` asks for and what these need, at the versions of ``lock`` where it has them."""
    compiled = folder / "requirements.txt"
    if lock.is_file():
        compiled.write_text(lock.read_text(encoding="utf-8"), encoding="utf-8")
    _run(command(python, "-m", "piptools", "compile", *COMPILE, "-o", compiled, source))
    return read_lock(compiled.read_text(encoding="utf-8"))


def _of_cuda(packages: Packages) -> Packages:
    """Those of the packages that torch's build for NVIDIA needs and no other does."""
    return {name: found for name, found in packages.items() if name.startswith(CUDA_NAMES)}


def read_lock(text: str) -> Packages:
    """The packages in the text of a lock."""
    found: Packages = {}
    for entry in re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)):
        if (pin := re.match(r"(\S+?)==(\S+)", entry)) is not None:
            found[pin[1]] = pin[2], set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry))
    return found


def entries(lock: Path) -> list[tuple[str, str]]:
    """The name and the whole entry, hashes included, of each package in a lock."""
    lines = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(entry.split("==")[0], entry.rstrip("\n") + "\n") for entry in re.split(r"\n(?=\S)", lines)]


def engine_text(locked: Packages, newer: Packages) -> str:
    """The engine's part of a lock, with what each Python takes of it."""
    older = _text({name: locked[name] for name in ENGINE_PACKAGES})
    for name, python in BELOW_PYTHON.items():
        older = re.sub(rf"^({name}==\S+)", rf'\1 ; python_version < "{python}"', older, flags=re.MULTILINE)
    return older + re.sub(r"^(numpy==\S+)", rf'\1 ; python_version >= "{NEWER_PYTHON}"', _text(newer))


def _text(packages: Packages) -> str:
    lines = []
    for name, (version, hashes) in sorted(packages.items()):
        if not hashes:
            raise InputError(f"{name} {version}: the index names no hash of it")
        lines += [" \\\n    ".join([f"{name}=={version}", *(f"--hash={digest}" for digest in sorted(hashes))])]
    return "\n".join(lines) + "\n"


def _compiled(python: Path, folder: Path, *wanted: str) -> Packages:
    """Packages, and what these need, with the hashes of all their files, by pip-tools."""
    source, target = folder / "wanted.in", folder / "wanted.txt"
    source.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    target.unlink(missing_ok=True)  # What it has would be kept.
    _run(command(python, "-m", "piptools", "compile", *COMPILE, "-o", target, source))
    return read_lock(target.read_text(encoding="utf-8"))


def _reported(python: Path, folder: Path, wanted: str, *options: object) -> Packages:
    """What pip would install from its index alone, without any folder or index of other builds."""
    report = folder / "report.json"
    search = {name: value for name, value in clean_environment(keep="PIP_").items() if name not in OTHER_BUILDS}
    search["PIP_CONFIG_FILE"] = os.devnull  # It may name such folders, which no variable takes back.
    install = ("-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary", ":all:")
    _run(command(python, *install, "--report", report, *map(str, options), wanted), search)
    found = {}
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        found[name] = item["metadata"]["version"], {f"sha256:{digest}"}
    return found


def _run(words: list[str], variables: dict[str, str] | None = None) -> None:
    done = subprocess.run(words, env=variables or clean_environment(keep="PIP_"), check=False)
    if done.returncode != 0:
        raise InputError("build --lock: pip or pip-tools failed, and says why above")
