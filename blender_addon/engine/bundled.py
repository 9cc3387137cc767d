"""The engine of a zip that carries one: the wheels that Blender has unpacked, in an environment of Blender's Python.

Nothing is downloaded and nothing copied: the environment is an interpreter that looks for its packages where Blender
keeps those of all extensions, and for numpy where Blender has its own.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import addon_utils
import bpy
import numpy as np

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ..i18n.messages import Message, message
from .client import EngineError
from .installation import PACKAGE, folder

WHEELS = Path(__file__).resolve().parent.parent.parent / "wheels"
"""What Blender unpacks; only zips that carry an engine have it."""
STAMP = "ready"


def is_there() -> bool:
    """Whether the extension came with an engine."""
    return PACKAGE.startswith("bl_ext.") and any(WHEELS.glob("torch-*.whl"))


def packages() -> Path:
    """Where Blender unpacks the wheels of all extensions."""
    version = "python{}.{}".format(*sys.version_info[:2])
    return Path(bpy.utils.user_resource("EXTENSIONS")) / ".local" / "lib" / version / "site-packages"


def python() -> Path:
    """The interpreter to run it in, made on first use. Raises ``EngineError`` where the packages are not there."""
    if not (packages() / "torch").is_dir():
        # Another Blender has deleted them, one with the same folder but without this one's preferences.
        addon_utils.extensions_refresh(ensure_wheels=True)
    if not (packages() / "torch").is_dir():
        raise EngineError(
            message(
                "{path}: Blender has not unpacked the engine that came with Threepoint; install the extension again",
                path=packages(),
            )
        )
    environment = folder() / "bundled"
    interpreter = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Blender's own numpy: another one must not replace it for every other extension.
    seen = [packages(), Path(np.__file__).resolve().parent.parent]
    stamp = hashlib.sha256("\n".join([sys.executable, sys.version, *map(str, seen)]).encode()).hexdigest()
    if not (environment / STAMP).is_file() or (environment / STAMP).read_text() != stamp or not interpreter.is_file():
        _make(environment, seen)
        (environment / STAMP).write_text(stamp)
    return interpreter


def _make(environment: Path, seen: list[Path]) -> None:
    """An environment without packages of its own, which finds those in the folders ``seen``."""
    shutil.rmtree(environment, ignore_errors=True)
    making = command(sys.executable, "-m", "venv", "--without-pip", environment)
    done = subprocess.run(
        making, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=clean_environment(), check=False,
        **OWN_PROCESS,
    )  # fmt: skip
    sites = list(environment.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"))
    if done.returncode != 0 or not sites:
        raise EngineError(_failure(done.stderr))
    (sites[0] / "threepoint.pth").write_text("".join(f"{path}\n" for path in seen), encoding="utf-8")


def _failure(said: str) -> Message:
    reason = (said.strip().splitlines() or ["?"])[-1]
    return message("Blender's Python cannot make the engine's environment: {reason}", reason=reason)
