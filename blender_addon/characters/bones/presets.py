"""Maps of characters that were chosen by hand, kept in the user's folder and found again by the bones' names."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from ....model_core.untrusted.budgets import read_bytes
from ....model_core.whole_files import write_whole
from .roles import ROLES

LARGEST = 1 << 16
"""Bytes of a preset's file."""


def key_of(names: Iterable[str]) -> str:
    """What characters with the same bones, in whatever order, have in common."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


def keep(folder: Path, names: Iterable[str], bones: dict[str, str]) -> Path:
    """Write the map of a character with these bones; the file's path."""
    path = folder / f"{key_of(names)}.json"
    write_whole(path, json.dumps({role: bone for role, bone in bones.items() if bone}, indent=1, ensure_ascii=False))
    return path


def kept(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The map that was kept for a character with these bones; empty where there is none, or none that can be read."""
    there = set(names)
    path = folder / f"{key_of(there)}.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(read_bytes(path, largest=LARGEST))
    except ValueError:  # Damaged: the bones are found as if it were not there.
        return {}
    if not isinstance(content, dict):
        return {}
    return {role: bone for role, bone in content.items() if role in ROLES and bone in there}
