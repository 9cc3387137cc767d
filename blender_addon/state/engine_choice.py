"""Which Python the engine runs in, as the preferences say."""

import os
from pathlib import Path
from typing import Any

import bpy

from ..bpy_types import current_context
from ..engine import bundled, installation
from ..engine.client import EngineError
from ..engine.installation import PACKAGE
from ..i18n.messages import message


def preferences() -> Any:
    """The extension's preferences, or None where it is not enabled as an extension."""
    addon = current_context().preferences.addons.get(PACKAGE)
    return addon.preferences if addon is not None else None


def program_of(path: Path) -> Path:
    """The interpreter of an environment where a folder is named, such as a checkout's ``.venv``."""
    programs = (path / "bin" / "python", path / "bin" / "python3", path / "Scripts" / "python.exe", path / "python.exe")
    return next((program for program in programs if program.is_file()), path) if path.is_dir() else path


def engine_python() -> Path:
    """The interpreter to run the engine in. Raises ``EngineError`` with what to do where there is none."""
    chosen = preferences()
    if chosen is not None and chosen.source == "OWN":
        path = program_of(Path(bpy.path.abspath(chosen.python)))
        if chosen.python and path.is_file() and os.access(path, os.X_OK):
            return path
        if not chosen.python:
            raise EngineError(message("No Python is chosen for the engine yet; choose one in the preferences"))
        raise EngineError(
            message(
                "The engine's Python '{python}' is not a program; choose it in the preferences", python=chosen.python
            )
        )
    if installation.is_ready():
        return installation.python()  # Before one that came with the extension: it was installed for the GPU.
    if bundled.is_there():
        return bundled.python()
    work = installation.current()
    if work is not None and work.running:
        raise EngineError(message("The engine is still being installed"))
    if work is not None and work.error:
        raise EngineError(message("The engine could not be installed: {reason}", reason=work.error))
    raise EngineError(message("The engine is not installed yet; press Install Engine"))
