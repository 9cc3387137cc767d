"""The files of ``animate`` by which somebody directs a motion: JSON that holds one thing under its name."""

from pathlib import Path
from typing import Any

from ..direction.contacts import GivenContact, contacts_from_json
from ..direction.ground import Ground, ground_from_json
from ..direction.seats import Seat, seats_from_json
from ..errors import InputError
from ..pins import Pin, pins_from_json
from ..recordings.text import decode
from ..untrusted.budgets import read_bytes
from ..untrusted.json_text import parse_json
from ..untrusted.values import mapping

LARGEST_FILE = 1 << 24
"""Bytes of such a file."""
FOUND = Path("found")
"""Says in a file's place that the ground is to be found in the recording."""


def load_pins(path: Path) -> tuple[Pin, ...]:
    """The pins of a file, ``{"pins": [...]}``. Raises ``InputError``."""
    return _load(path, "pins", pins_from_json)


def load_contacts(path: Path) -> tuple[GivenContact, ...]:
    """The contacts of a file, ``{"contacts": [...]}``. Raises ``InputError``."""
    return _load(path, "contacts", contacts_from_json)


def load_ground(path: Path) -> Ground | None:
    """The ground of a file, ``{"ground": {...}}``; of ``FOUND`` the one that is to be found. Raises ``InputError``."""
    return Ground(found=True) if path == FOUND else _load(path, "ground", ground_from_json)


def load_seats(path: Path) -> tuple[Seat, ...]:
    """The seats of a file, ``{"seats": [...]}``. Raises ``InputError``."""
    return _load(path, "seats", seats_from_json)


def _load(path: Path, name: str, from_json: Any) -> Any:
    content = parse_json(decode(read_bytes(path, largest=LARGEST_FILE), str(path)), str(path))
    try:
        given = mapping(content, f"the file of {name}")
        if list(given) != [name]:
            raise InputError(f"should hold '{name}' and nothing else")
        said = from_json(given[name])
        if said in ((), None, Ground()):
            raise InputError(f"there is nothing in its '{name}'; expected something, or no --{name}")
        return said
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None
