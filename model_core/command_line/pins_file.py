"""The file of ``animate --pins``: JSON with a list of pins."""

from pathlib import Path

from ..errors import InputError
from ..pins import Pin, pins_from_json
from ..recordings.text import decode
from ..untrusted.budgets import read_bytes
from ..untrusted.json_text import parse_json
from ..untrusted.values import mapping

LARGEST_FILE = 1 << 24
"""Bytes of a file of pins."""


def load_pins(path: Path) -> tuple[Pin, ...]:
    """The pins of a file, ``{"pins": [...]}``. Raises ``InputError``."""
    content = parse_json(decode(read_bytes(path, largest=LARGEST_FILE), str(path)), str(path))
    try:
        given = mapping(content, "the file of pins")
        unknown = [name for name in given if name != "pins"]
        if unknown or "pins" not in given:
            raise InputError("should hold 'pins' and nothing else")
        return pins_from_json(given["pins"])
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None
