"""A user's options for a table, saved by its header: the same logger's next file is read without giving them again.

Small JSON files in a folder, one a header.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ...untrusted.json_text import parse_json
from ...untrusted.values import mapping
from ...whole_files import write_whole
from ..recording import Recording
from ..text import decode
from .options import TableOptions
from .parsing import Table

FORMAT = "threepoint table 1"
LARGEST_FILE = 1 << 20
"""Bytes of a layout's file."""


@dataclass(frozen=True)
class Layouts:
    """The layouts saved in ``folder``, which need not exist yet."""

    folder: Path

    def save(self, names: Sequence[str], options: TableOptions) -> Path:
        """Save ``options`` for tables whose columns are ``names``; returns the file. Raises ``InputError``."""
        path = self._file(names)
        content = {"format": FORMAT, "names": list(names), "options": asdict(options.validate())}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent}: layouts cannot be kept there ({error.strerror})") from None
        write_whole(path, json.dumps(content, indent=1) + "\n")
        return path

    def find(self, names: Sequence[str]) -> TableOptions | None:
        """The options saved for a header, or None. Raises ``InputError`` where the file was damaged since."""
        path = self._file(names)
        if not path.is_file():
            return None
        try:
            content = mapping(parse_json(decode(read_bytes(path, largest=LARGEST_FILE), path.name), path.name), "it")
            options = mapping(content.get("options"), "options")
            known = {field.name for field in fields(TableOptions)}
            return TableOptions(**{key: value for key, value in options.items() if key in known}).validate()
        except InputError as error:
            raise InputError(f"{path}: is not a table's layout; delete it ({error})") from None

    def _file(self, names: Sequence[str]) -> Path:
        key = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        return self.folder / f"{key}.json"


def user_layouts() -> Layouts:
    """The layouts in the user's configuration folder, or in the one that ``THREEPOINT_CONFIG`` names."""
    named = os.environ.get("THREEPOINT_CONFIG")
    if named:
        return Layouts(Path(named) / "tables")
    if os.name == "nt":
        return Layouts(Path(os.environ.get("APPDATA", Path.home())) / "threepoint" / "tables")
    return Layouts(Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "threepoint" / "tables")


def read_with(table: Table, source: str, layouts: Layouts | None, options: dict[str, Any]) -> Recording:
    """A ``Table`` -> ``Recording`` by ``options``; without any, by what ``layouts`` have for its header."""
    from .meaning import to_recording

    saved = layouts.find(table.names) if layouts and not options else None
    recording = to_recording(table, saved or TableOptions(**options).validate(), source)
    if saved:
        return replace(recording, warnings=(Note("saved_layout"), *recording.warnings))
    return recording
