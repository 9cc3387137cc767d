"""What a user said of a table, kept by its header: the next file of the same logger is read without saying it again.

Small JSON files in the user's configuration folder (``THREEPOINT_CONFIG`` names another), one a header.
"""

import hashlib
import json
import os
from dataclasses import asdict, fields
from pathlib import Path

from ...errors import InputError
from .options import TableOptions

FORMAT = "threepoint table 1"


def layouts_folder():
    """Where layouts are kept; it need not exist yet."""
    named = os.environ.get("THREEPOINT_CONFIG")
    if named:
        return Path(named) / "tables"
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "threepoint" / "tables"
    return Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "threepoint" / "tables"


def save_layout(names, options):
    """Keep ``options`` (``TableOptions``) for tables whose columns are ``names``; returns the file."""
    path = _file(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"format": FORMAT, "names": list(names), "options": asdict(options.validate())}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def find_layout(names):
    """The ``TableOptions`` kept for a header, or None. Raises ``InputError`` where the file was damaged since."""
    path = _file(names)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(TableOptions)}
        return TableOptions(**{key: value for key, value in content["options"].items() if key in known}).validate()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is not a table's layout; delete it ({error})") from None


def _file(names):
    key = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    return layouts_folder() / f"{key}.json"
