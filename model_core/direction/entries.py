"""Lists of entries as JSON holds them: which names each may and must have, and the seconds that it is about."""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np

from ..errors import InputError
from ..shown import printable
from ..untrusted.values import SECONDS, mapping, number

MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Kind:
    """What a list holds: ``type``, a dataclass whose fields are the names in JSON, and what one and all are called."""

    type: type
    one: str
    all: str


def entries_to_json(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Entries as values that JSON holds."""
    return [{field.name: getattr(entry, field.name) for field in fields(entry)} for entry in entries]


def entries_from_json(content: object, kind: Kind) -> tuple[Any, ...]:
    """The inverse of ``entries_to_json``; what has a default may be left out. Raises ``InputError``."""
    if not isinstance(content, (list, tuple)) or len(content) > MOST_ENTRIES:
        raise InputError(f"the {kind.all} should be a list of at most {MOST_ENTRIES}")
    return tuple(_entry(entry, kind, f"{kind.one} {place}") for place, entry in enumerate(content, 1))


def _entry(content: object, kind: Kind, what: str) -> Any:
    given = mapping(content, what)
    known = fields(kind.type)
    names = [field.name for field in known]
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InputError(f"{what}: '{printable(unknown[0], 60)}' is not known; there are {', '.join(names)}")
    lacking = [field.name for field in known if field.name not in given and field.default is MISSING]
    if lacking:
        raise InputError(f"{what}: lacks its {lacking[0]}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    try:
        return kind.type(**values).validate()
    except InputError as error:
        raise InputError(f"{what}: {error}") from None


def validate_entries(entries: object, kind: Kind) -> tuple[Any, ...]:
    """The entries, each of them valid. Raises ``InputError``."""
    if not isinstance(entries, tuple) or len(entries) > MOST_ENTRIES:
        raise InputError(f"the {kind.all} should be at most {MOST_ENTRIES} values of {kind.type.__name__}")
    if not all(isinstance(entry, kind.type) for entry in entries):
        raise InputError(f"the {kind.all} should be values of {kind.type.__name__}")
    return tuple(entry.validate() for entry in entries)


def check_seconds(seconds: object) -> tuple[float, float]:
    """``seconds`` where they are begin and end. Raises ``InputError``."""
    if not isinstance(seconds, (list, tuple)) or len(seconds) != 2:
        raise InputError(f"its seconds are {printable(seconds, 40)}; expected begin and end")
    begin, end = (number(second, "a second", SECONDS) for second in seconds)
    if begin >= end:
        raise InputError(f"ends at {end:g} s and begins at {begin:g} s; expected an end after its begin")
    return begin, end


def frames_within(seconds: tuple[float, float], count: int, fps: float, what: str) -> slice:
    """The frames of a motion of ``count`` from the first second to before the last one; what goes on after the motion
    ends with it. Raises ``InputError`` of what begins after it."""
    first, last = (int(frame) for frame in np.rint(np.array(seconds) * fps))
    check_begins(seconds, (count - 1) / fps, 0.5 / fps, what)
    return slice(min(first, count - 1), min(last, count))


def check_begins(seconds: tuple[float, float], end: float, tolerance: float, what: str) -> None:
    """Raise ``InputError`` where what is from one of two seconds on begins after the ``end`` of a motion."""
    if seconds[0] >= end + tolerance:
        raise InputError(
            f"{what} from {seconds[0]:.2f} s on is outside the motion; expected a second between 0 and {end:.2f}"
        )
