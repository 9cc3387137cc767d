"""What the columns of a table mean, guessed from their names (numpy only).

Columns that share all words but kind, axis and unit are one tracker's. Letters that could be several things (``r``:
right or rotation) are decided by the columns beside them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .words import (
    ANGLE_UNITS,
    DEVICES,
    EULER_WORDS,
    FILLERS,
    FINGER_WORDS,
    HAND_WORDS,
    LENGTH_UNITS,
    LOST_WORDS,
    OTHER_QUANTITIES,
    POSITION_WORDS,
    QUATERNION_WORDS,
    ROTATION_WORDS,
    SECOND_CHOICE,
    SIDES,
    SPAN_WORDS,
    TIME_UNITS,
    TIME_WORDS,
    TRACKED_WORDS,
    TURN_AXES,
    role_of,
    words,
)

__all__ = ["Columns", "DeviceColumns", "TimeColumn", "guess_columns", "role_of", "words"]

AXES = ("x", "y", "z", "w")
COMPLEX_AXES = {"i": "x", "j": "y", "k": "z", "r": "w", "s": "w"}
"""Names of a quaternion's numbers by its units."""
NUMBERS = ("0123", "1234")
TURNS = ("pitch", "yaw", "roll")
UNIT_WORDS = set(LENGTH_UNITS) | set(ANGLE_UNITS)


@dataclass
class DeviceColumns:
    """Indices of one tracker's columns: ``position`` x, y, z; ``rotation`` w, x, y, z, or three angles; ``tracked``.

    ``layout`` of the rotation: ``wxyz``; ``numbered``, where w may come first or last; ``xyz``, angles about axes;
    ``turns``, angles called pitch, yaw, roll. ``lost``: the flag says that the tracker is lost.
    """

    position: list[int]
    rotation: list[int]
    tracked: int | None = None
    layout: str = "wxyz"
    lost: bool = False
    name: str = ""

    @property
    def numbered(self) -> bool:
        """Whether a quaternion's numbers may come in either order."""
        return self.layout == "numbered"


@dataclass(frozen=True)
class TimeColumn:
    """A column that may be the clock: its unit where its name says so, and how likely its name is a clock's."""

    index: int
    unit: str | None
    score: float


@dataclass
class Columns:
    """What was found in a header: trackers by role, candidates for the time, units that names give.

    ``more`` are whole poses that are not used, as another of the same role is; ``unused`` are columns that look like a
    tracker's and are in none.
    """

    devices: dict[str, DeviceColumns]
    clocks: list[TimeColumn]
    length_unit: str | None = None
    angle_unit: str | None = None
    device: str = ""
    more: dict[str, list[DeviceColumns]] = field(default_factory=dict)
    unused: list[int] = field(default_factory=list)

    @property
    def times(self) -> list[int]:
        """Columns that may be the clock, the likeliest name first."""
        return [clock.index for clock in sorted(self.clocks, key=lambda clock: -clock.score)]


@dataclass
class _Group:
    """Columns of one tracker: (kind, axis) -> column."""

    role: str | None
    stem: tuple[str, ...]
    axes: dict[tuple[str, str], int] = field(default_factory=dict)
    flags: list[tuple[int, bool]] = field(default_factory=list)


def guess_columns(names: Sequence[str]) -> Columns:
    """The meaning of a header (a list of names) as ``Columns``."""
    every = {tuple(words(name)) for name in names}
    split = [_with_sides(tuple(words(name)), every) for name in names]
    groups: dict[tuple, _Group] = {}
    clocks, units, looks = [], {}, []
    for index, parts in enumerate(split):
        kind, axis = _axis(parts)
        stem, role = _stem(parts, axis), _role(parts, axis)
        group = groups.setdefault((role, stem), _Group(role, stem))
        if _is_other(parts) and (role or axis or not TIME_WORDS & set(parts)):
            if axis and role:
                looks.append(index)
        elif axis and not (role is None and TIME_WORDS & set(parts)):
            group.axes.setdefault((kind or "", axis), index)
            _note_units(parts, kind, units)
            if role or kind:
                looks.append(index)
        elif (TRACKED_WORDS | LOST_WORDS) & set(parts):
            group.flags.append((index, bool(LOST_WORDS & set(parts))))
        elif role is None and (clock := _clock(index, parts, names[index])):
            clocks.append(clock)
    devices, more = _devices(groups.values())
    if {"hand_0", "hand_1"} <= set(devices):
        devices["hand_2"], devices["hand_1"] = devices.pop("hand_1"), devices.pop("hand_0")
    used = {index for device in devices.values() for index in device.position + device.rotation}
    held = next(
        (DEVICES[word] for parts in split for word in parts if word in DEVICES and role_of(parts) != "head"), ""
    )
    unused = [index for index in looks if index not in used]
    return Columns(devices, clocks, units.get("position"), units.get("rotation"), held, more, unused)


def _with_sides(parts: tuple[str, ...], every: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The words with a lone ``l`` or ``r`` that is a side written out."""
    if not {"l", "r"} & set(parts):
        return parts
    found = list(parts)
    for place, word in enumerate(parts):
        if word not in ("l", "r"):
            continue
        if len(parts) - 1 == place and any(w in POSITION_WORDS | ROTATION_WORDS for w in parts[:place]) is False:
            continue
        other = {"l": ("r", "right"), "r": ("l", "left")}[word]
        mirrored = any((*parts[:place], letter, *parts[place + 1 :]) in every for letter in other)
        rest = set(parts[place + 1 :])
        named = bool(rest & (POSITION_WORDS | ROTATION_WORDS | QUATERNION_WORDS | EULER_WORDS | HAND_WORDS))
        lone = place == 0 and any(
            len(row) > place + 1 and row[place] == word and set(row) & (QUATERNION_WORDS | ROTATION_WORDS)
            for row in every
        )
        if mirrored or named or lone or word == "l":
            found[place] = SIDES[word]
    return tuple(found)


def _role(parts: Sequence[str], axis: str | None) -> str | None:
    """The tracker that a column is of; controllers that are only numbered are ``hand_1`` and ``hand_2``."""
    role = role_of(parts)
    if role is None and HAND_WORDS & set(parts):
        place = _number_place(parts) if axis and axis.isdigit() else None
        numbers = [word for index, word in enumerate(parts) if index != place and word in ("0", "1", "2")]
        if numbers:
            return f"hand_{numbers[0]}"
    return role


def _stem(parts: Sequence[str], axis: str | None = None) -> tuple[str, ...]:
    """The words that say which tracker a column is of."""
    number = _number_place([word for word in parts if word not in UNIT_WORDS]) if axis and axis.isdigit() else None
    if number is not None:
        parts = [word for word in parts if word not in UNIT_WORDS]
        parts = [*parts[:number], *parts[number + 1 :]]
    kinds = POSITION_WORDS | ROTATION_WORDS | QUATERNION_WORDS | EULER_WORDS | {"r"}
    left = kinds | UNIT_WORDS | TRACKED_WORDS | LOST_WORDS | set(TURN_AXES) | set(AXES) | FILLERS
    return tuple(sorted(word for word in parts if word not in left))


def _is_other(parts: Sequence[str]) -> bool:
    others = OTHER_QUANTITIES & set(parts)
    if FINGER_WORDS & set(parts) and not (TRACKED_WORDS & set(parts)):
        return bool(set(parts) & set(SIDES)) or bool(others)
    return bool(others)


def _axis(parts: Sequence[str]) -> tuple[str | None, str | None]:
    """(``position``, ``quaternion``, ``angle``, ``rotation`` or None, axis), or (None, None) for no part of a pose."""
    found = set(parts)
    turn = next((TURN_AXES[word] for word in parts if word in TURN_AXES), None)
    if turn:
        return "turns", turn
    body = [word for word in parts if word not in UNIT_WORDS]
    axis = next((word for word in reversed(body) if word in AXES), None)
    kind = _kind(body)
    if axis is None and body and kind == "quaternion" and body[-1] in COMPLEX_AXES:
        return kind, COMPLEX_AXES[body[-1]]
    if axis is None and kind and (number := _number_place(body)) is not None:
        return kind, str(int(body[number]))
    if axis is None:
        return None, None
    if kind is None and "r" in found:
        kind = "rotation"
    if axis == "w" and kind in (None, "rotation"):
        kind = kind or "quaternion"
    return kind, axis


def _number_place(parts: Sequence[str]) -> int | None:
    """Where in a column's words the number of an axis stands: last, first, or after the word for the kind."""
    if not parts:
        return None
    kinds = POSITION_WORDS | ROTATION_WORDS | QUATERNION_WORDS | EULER_WORDS
    after = [place for place in range(1, len(parts)) if parts[place].isdigit() and parts[place - 1] in kinds]
    places = [place for place in (len(parts) - 1, *after, 0) if parts[place].isdigit()]
    return places[0] if places else None


def _kind(parts: Sequence[str]) -> str | None:
    for vocabulary, kind in (
        (QUATERNION_WORDS, "quaternion"), (EULER_WORDS, "angle"), (ROTATION_WORDS, "rotation"),
    ):  # fmt: skip
        if vocabulary & set(parts):
            return kind
    return "position" if POSITION_WORDS & set(parts) else None


def _note_units(parts, kind, units):
    angle = next((ANGLE_UNITS[word] for word in parts if word in ANGLE_UNITS), None)
    if angle and kind != "position":
        units.setdefault("rotation", angle)
    length = next((LENGTH_UNITS[word] for word in parts if word in LENGTH_UNITS), None)
    if length and kind in (None, "position"):
        units.setdefault("position", length)


def _clock(index: int, parts: Sequence[str], name: str) -> TimeColumn | None:
    """A column that may be the clock, by its name."""
    found = set(parts)
    if not TIME_WORDS & found:
        return None
    unit = next((TIME_UNITS[word] for word in parts if word in TIME_UNITS), None)
    score = 2.0 if found & {"timestamp", "time", "timestamps", "t", "ts", "elapsed", "unixtime"} else 1.0
    score -= 1.5 * len(found & SPAN_WORDS)
    return TimeColumn(index, unit, score - 0.1 * len(parts))


def _devices(groups: Iterable[_Group]) -> tuple[dict[str, DeviceColumns], dict[str, list[DeviceColumns]]]:
    """The tracker of each role, and the other whole poses of roles that have several."""
    by_role: dict[str, list[_Group]] = {}
    for group in groups:
        if group.role:
            by_role.setdefault(group.role, []).append(group)
    devices, more = {}, {}
    for role, found in by_role.items():
        whole = [(group, device) for group in found if (device := _device(group.axes, group.stem))]
        if not whole:
            merged = _Group(role, ())
            for group in found:
                for key, index in group.axes.items():
                    merged.axes.setdefault(key, index)
            device = _device(merged.axes, ())
            whole = [(merged, device)] if device else []
        if not whole:
            continue
        whole.sort(key=lambda pair: len(SECOND_CHOICE & set(pair[0].stem)))
        for group, device in whole:
            flags = group.flags or [flag for other in found for flag in other.flags if len(whole) == 1]
            if flags:
                device.tracked, device.lost = flags[0]
        devices[role], *rest = [device for _, device in whole]
        if rest:
            more[role] = rest
    return devices, more


def _device(axes: dict[tuple[str, str], int], stem: tuple[str, ...]) -> DeviceColumns | None:
    """``DeviceColumns`` of one tracker from its {(kind, axis): column}, or None if its pose is not whole."""

    def columns(kind: str, letters: Iterable[str]) -> list[int]:
        return [axes[(kind, letter)] for letter in letters if (kind, letter) in axes]

    position = next((found for kind in ("position", "") for letters in ("xyz", "012", "123")
                     if len(found := columns(kind, letters)) == 3), None)  # fmt: skip
    if position is None:
        return None
    name = " ".join(stem)
    for kind in ("quaternion", "rotation", "", "angle"):
        rotation = columns(kind, "wxyz")
        if kind and len(rotation) == 3 and ("quaternion", "w") in axes and ("quaternion", "x") not in axes:
            rotation = [axes[("quaternion", "w")], *rotation]
        if len(rotation) == 4:
            return DeviceColumns(position, rotation, name=name)
    for kind in ("quaternion", "rotation"):
        for numbers in NUMBERS:
            if len(found := columns(kind, numbers)) == 4:
                return DeviceColumns(position, found, layout="numbered", name=name)
    for kind in ("angle", "rotation", "quaternion"):
        for letters in ("xyz", "012", "123"):
            if len(found := columns(kind, letters)) == 3 and (kind, "w") not in axes:
                return DeviceColumns(position, found, layout="xyz", name=name)
    turns = columns("turns", TURNS)
    return DeviceColumns(position, turns, layout="turns", name=name) if len(turns) == 3 else None
