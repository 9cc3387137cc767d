"""A table's numbers -> a recording: which columns are what, units, clock, axes. Every guess is noted (numpy only)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from ...errors import InputError
from ...geometry.rotations import normalize, quaternion_conjugate, quaternion_to_matrix
from ...notes import Note
from ..cleaning import NORM_TOLERANCE, RawTrack, build_recording
from ..conventions import to_openxr
from ..evidence import stretches
from ..guessing import LENGTH_SCALES, guess_note, length_unit_scores, rotate
from ..recording import Recording
from .clocks import read_clock
from .columns import Columns, DeviceColumns, TimeColumn, guess_columns
from .flags import read_flag
from .options import TableOptions
from .parsing import Table
from .rotations import in_degrees, read_rotations, reading_scores, to_quaternions
from .shapes import split_by_tracker

MOST_NAMED = 6
"""Names that a note lists."""
MOST_HEADS = 3
"""Trackers of unknown names of which each may be the head."""
NUMBERED_HANDS = ("hand_1", "hand_2")
HANDS = ("left_hand", "right_hand")


@dataclass(frozen=True)
class _Part:
    """One tracker: the table its rows are in, and its columns there."""

    table: Table
    device: DeviceColumns

    @property
    def position(self) -> np.ndarray:
        return self.table.values[:, self.device.position]

    @property
    def seen(self) -> np.ndarray:
        """The positions by which is guessed: without the zeros, and quaternions of no rotation, of a lost tracker."""
        position, rotation = self.position, self.rotation
        lost = (position == 0).all(-1)
        if rotation.shape[-1] == 4:
            lost |= np.abs(np.linalg.norm(rotation, axis=-1) - 1) > NORM_TOLERANCE
        return np.where(lost[:, None], np.nan, position)

    @property
    def rotation(self) -> np.ndarray:
        return self.table.values[:, self.device.rotation]


def to_recording(table: Table, options: TableOptions, source: str) -> Recording:
    """A ``Table`` -> ``Recording`` by ``options`` and guesses. Raises ``InputError`` where the head is not found."""
    notes: list[Note] = []
    parts, columns, clocks = _trackers(table, options, source, notes)
    positions = {role: part.seen for role, part in parts.items()}
    scale = LENGTH_SCALES[_length_unit(columns, positions, options, source, notes)]
    positions = {role: position * scale for role, position in positions.items()}
    times = _times(parts, clocks, positions, options, source, notes)
    vectors = any(table.names[index] in table.vectors for part in parts.values() for index in part.device.rotation)
    rotations, convention = read_rotations(
        {role: part.rotation for role, part in parts.items()},
        {role: part.device for role, part in parts.items()},
        times, positions, options, columns.angle_unit if columns else None, notes, vectors,
    )  # fmt: skip
    tracks = {}
    for role, part in parts.items():
        position, rotation = to_openxr(part.position * scale, rotations[role], convention)
        own = None if times[role] is times["head"] else times[role]
        tracks[role] = RawTrack(position, rotation, read_flag(part.table, part.device, role, notes), own)
    tracks = _with_sides(tracks, times, notes)
    hands = options.device or (columns.device if columns else "")
    if hands != options.device:
        notes.append(Note("device_guessed", {"device": hands}))
    return build_recording(times["head"], tracks, source, hands, warnings=notes)


def _trackers(
    table: Table, options: TableOptions, source: str, notes: list[Note]
) -> tuple[dict[str, _Part], Columns | None, list[TimeColumn]]:
    """Trackers by role, what the header says, and candidates for the clock."""
    if options.columns is not None:
        devices = _named_devices(table, options.columns, source)
        if "time" in options.columns:
            clocks = [TimeColumn(_index(table, options.columns["time"], source), None, 0.0)]
        else:
            clocks = guess_columns(table.names).clocks
        _need_head(devices, source)
        return {role: _Part(table, device) for role, device in devices.items()}, None, clocks
    columns = guess_columns(table.names)
    split = split_by_tracker(table) if "head" not in columns.devices else None
    if split is not None:
        found, others = _parts_of(split.roles), _parts_of(split.others)
        if others and not set(HANDS) & set(found):
            found |= _by_motion(found, others, options, source, notes)
        _need_head(found, source)
        used = [part.table for part in found.values()]
        left_out = [name for name, rows in split.others.items() if not any(rows is table for table in used)]
        if left_out:
            notes.append(_names_note("trackers_unknown", left_out))
        head = guess_columns(found["head"].table.names)
        return found, head, head.clocks
    _need_head(columns.devices, source)
    parts = {}
    for role, device in columns.devices.items():
        chosen = _most_alive(table, [device, *columns.more.get(role, [])])
        parts[role] = _Part(table, chosen)
    used = {index for part in parts.values() for index in part.device.position + part.device.rotation}
    used |= {part.device.tracked for part in parts.values() if part.device.tracked is not None}
    look = {*columns.unused} | {i for more in columns.more.values() for d in more for i in d.position + d.rotation}
    look |= {i for device in columns.devices.values() for i in device.position + device.rotation}
    unused = [table.names[index] for index in sorted(look - used)]
    if unused:
        notes.append(_names_note("columns_unused", unused))
    return dict(sorted(parts.items(), key=lambda item: item[0] != "head")), columns, columns.clocks


def _parts_of(tables: Mapping[str, Table]) -> dict[str, _Part]:
    """The trackers of tables that hold one each, called the head's."""
    found = {name: (rows, guess_columns(rows.names).devices.get("head")) for name, rows in tables.items()}
    return {name: _Part(rows, device) for name, (rows, device) in found.items() if device is not None}


def _by_motion(
    named: Mapping[str, _Part], parts: Mapping[str, _Part], options: TableOptions, source: str, notes: list[Note]
) -> dict[str, _Part]:
    """Which ``parts`` are head (unless that is ``named``) and hands: what makes the motion likeliest."""
    scores: dict[tuple[str, ...], float] = {}
    every = {**parts, **named}
    for names in _assignments(named, parts):
        chosen: dict[str, _Part] = dict(zip(("head", *HANDS), (every[name] for name in names), strict=False))
        scored = _likeliest(chosen, options, source)
        if scored is not None:
            scores[names] = scored
    if not scores:
        return {}
    best = max(scores, key=lambda names: scores[names])
    columns_of = {", ".join(f"'{name}'" for name in names): names for names in scores}
    _, note = guess_note("trackers", {text: scores[names] for text, names in columns_of.items()}, "")
    if "other" in note.values:
        note.values["option"] = _choice(best, columns_of[str(note.values["other"])])
    notes.append(note)
    return dict(zip(("head", *HANDS), (every[name] for name in best), strict=False))


def _choice(best: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The option that makes of trackers in the roles that ``best`` names those that ``other`` names."""
    held = dict(zip(best, ("head", *HANDS), strict=False))
    pairs = zip(("head", "left", "right"), ("head", *HANDS), other, strict=False)
    changed = [f"{short}={held.get(name, name)}" for short, role, name in pairs if held.get(name) != role]
    return f"--trackers {','.join(changed)}"


def _assignments(named: Mapping[str, _Part], parts: Mapping[str, _Part]) -> list[tuple[str, ...]]:
    """Names of head, left and right hand to compare: of many trackers only the steadiest can be the head."""
    heads = ["head"] if "head" in named else sorted(parts, key=lambda name: -_steadiness(parts[name]))[:MOST_HEADS]
    found = []
    for head in heads:
        others = [name for name in parts if name != head]
        found += [(head, *hands) for hands in permutations(others, min(len(others), len(HANDS)))]
    return found


def _steadiness(part: _Part) -> float:
    """How well a tracker keeps one of its axes along one of the room's: 1 for always."""
    rotation = part.rotation[stretches(len(part.rotation))]
    turned = to_quaternions(rotation, part.device.layout, "wxyz", "YXZ", "openxr")
    turned = turned[np.isfinite(turned).all(-1)]
    return (
        float(np.linalg.svd(quaternion_to_matrix(normalize(turned)).mean(0), compute_uv=False)[0]) if len(turned) else 0
    )


def _likeliest(parts: Mapping[str, _Part], options: TableOptions, source: str) -> float | None:
    """The log-likelihood of the best reading of trackers in these roles; None where they fit nobody."""
    columns = guess_columns(parts["head"].table.names)
    positions = {role: part.seen for role, part in parts.items()}
    try:
        scale = LENGTH_SCALES[_length_unit(columns, positions, options, source, [])]
        positions = {role: position * scale for role, position in positions.items()}
        times = _times(parts, columns.clocks, positions, options, source, [])
    except InputError:
        return None
    devices = {role: part.device for role, part in parts.items()}
    values, _ = in_degrees(
        {role: part.rotation for role, part in parts.items()}, devices, options.angle_unit or columns.angle_unit
    )
    scores = reading_scores(values, devices, times, positions, options)
    return max(scores.values(), default=None)


def _names_note(code, names):
    shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    return Note(code, {"names": shown, "count": len(names)})


def _need_head(devices: Mapping[str, object], source: str) -> None:
    if "head" not in devices:
        found = ", ".join(devices) or "none"
        raise InputError(
            f"{source}: no recognisable columns of a head's position and rotation (trackers found: {found}); expected "
            "names such as time, head_pos_x, head_pos_y, head_pos_z, head_rot_x, .. head_rot_w, left_hand_pos_x, .."
        )


def _most_alive(table, devices):
    """Of several poses of one tracker the first that moves; the others are mostly of a device that was not used."""
    if len(devices) == 1:
        return devices[0]

    def alive(device):
        position = table.values[:, device.position]
        with np.errstate(invalid="ignore"):
            known = np.isfinite(position).all(-1)
            return float(((np.diff(position, axis=0) != 0).any(-1) & known[1:] & known[:-1]).mean())

    best = max(alive(device) for device in devices)
    return next(device for device in devices if alive(device) >= 0.8 * best)


def _named_devices(table, columns, source):
    """``DeviceColumns`` by role from the names that the user gave."""
    devices = {}
    for role, names in columns.items():
        if role == "time":
            continue
        indices = [_index(table, name, source) for name in names]
        if len(indices) not in (6, 7):
            raise InputError(
                f"{source}: '{role}' has {len(indices)} columns; expected 3 of position, 3 or 4 of rotation"
            )
        devices[role] = DeviceColumns(indices[:3], indices[3:], layout="wxyz" if len(indices) == 7 else "xyz")
    return devices


def _index(table, name, source):
    if name not in table.names:
        raise InputError(f"{source}: has no column '{name}'; its columns are {', '.join(table.names[:12])}")
    return table.names.index(name)


def _times(parts, clocks, positions, options, source, notes):
    """Seconds by role; trackers in one table share one array."""
    head = parts["head"].table
    shared = {role: positions[role] for role, part in parts.items() if part.table is head}
    time = read_clock(head, clocks, shared, options, source, notes)
    times = {"head": time}
    first = head.values
    for role, part in parts.items():
        if part.table is head:
            times[role] = time
            continue
        # The other trackers' rows are stamped by the same clock, in the same column and unit.
        own = read_clock(part.table, clocks, {role: positions[role]}, _as_read(options, notes), source, [])
        clock = max(clocks, key=lambda item: item.score, default=None)
        if clock is not None and options.fps is None and head.values is first:
            offset = np.nanmin(part.table.values[:, clock.index]) - np.nanmin(first[:, clock.index])
            scale = _seconds_per_unit(time, first[:, clock.index])
            own = own - np.nanmin(own) + np.nanmin(time) + offset * scale
        times[role] = own
    return times


def _as_read(options, notes):
    """The options with the time unit that was guessed for the head."""
    unit = next(
        (note.values["value"] for note in notes if note.code in ("time_unit_guessed", "time_unit_unsure")), None
    )
    return replace(options, time_unit=str(unit)) if unit and options.time_unit is None else options


def _seconds_per_unit(time, stamps):
    span = np.nanmax(stamps) - np.nanmin(stamps)
    return float((np.nanmax(time) - np.nanmin(time)) / span) if span > 0 else 0.0


def _length_unit(columns, positions, options, source, notes):
    given = options.length_unit or (columns.length_unit if columns else None)
    if given:
        return given
    scores = length_unit_scores(positions)
    if scores is None:
        raise InputError(f"{source}: its positions fit a person in no unit; give the length unit (m, cm, mm, ft or in)")
    unit, note = guess_note("length_unit", scores, "length_unit")
    notes.append(note)
    return unit


def _with_sides(tracks: dict[str, RawTrack], times: Mapping[str, np.ndarray], notes: list[Note]) -> dict[str, RawTrack]:
    """Controllers that are only numbered become left and right by the side that they are on."""
    if not set(NUMBERED_HANDS) <= set(tracks) or set(HANDS) & set(tracks):
        return {role: track for role, track in tracks.items() if role not in NUMBERED_HANDS}
    head, sides = tracks["head"], []
    for role in NUMBERED_HANDS:
        if len(tracks[role].position) != len(head.position):
            return tracks
        apart = rotate(quaternion_conjugate(head.rotation), tracks[role].position - head.position)[:, 0]
        sides.append(float(np.nanmean(apart)))
    order = NUMBERED_HANDS if sides[0] < sides[1] else NUMBERED_HANDS[::-1]
    notes.append(Note("numbered_hands", {"left": order[0][-1], "right": order[1][-1]}))
    left, right = order
    return {"left_hand": tracks[left], "right_hand": tracks[right]} | {
        role: track for role, track in tracks.items() if role not in NUMBERED_HANDS
    }
