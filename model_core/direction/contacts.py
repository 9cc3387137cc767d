"""Contacts as somebody gives them: from when to when a foot stands, or is free (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..shown import printable
from ..untrusted.values import choice
from .entries import Kind, check_seconds, entries_from_json, entries_to_json, frames_within, validate_entries

SIDES = ("left", "right")


@dataclass(frozen=True)
class GivenContact:
    """A ``foot``, "left" or "right", that ``stands`` or else is free, from one of two ``seconds`` to before the other.

    They count from the motion's first frame.
    """

    foot: str
    seconds: tuple[float, float]
    stands: bool = True

    def validate(self) -> "GivenContact":
        """Return self, or raise ``InputError`` naming what is wrong."""
        choice(self.foot, "the foot", SIDES)
        check_seconds(self.seconds)
        if not isinstance(self.stands, bool):
            raise InputError(f"'stands' is {printable(self.stands, 40)}; expected true or false")
        return self


CONTACTS = Kind(GivenContact, "contact", "contacts")


def validate_contacts(contacts: object) -> tuple[GivenContact, ...]:
    """The contacts, each of them valid. Raises ``InputError``."""
    return validate_entries(contacts, CONTACTS)


def contacts_to_json(contacts: Sequence[GivenContact]) -> list[dict[str, Any]]:
    """Contacts as values that JSON holds."""
    return entries_to_json(contacts)


def contacts_from_json(content: object) -> tuple[GivenContact, ...]:
    """The inverse of ``contacts_to_json``; ``stands`` may be left out. Raises ``InputError``."""
    return entries_from_json(content, CONTACTS)


def given_contacts(contacts: Sequence[GivenContact], count: int, fps: float) -> np.ndarray | None:
    """Which feet stand at the ``count`` frames of a motion: (T, 2) float32, 1 or 0, and NaN where nothing is given.

    Where two say something of a foot at a frame, the later one counts. None of no contacts. Raises ``InputError`` of
    what is outside the motion.
    """
    if not contacts:
        return None
    given = np.full((count, len(SIDES)), np.nan, np.float32)
    for contact in contacts:
        frames = frames_within(contact.seconds, count, fps, f"the contact of the {contact.foot} foot")
        given[frames, SIDES.index(contact.foot)] = contact.stands
    return given
