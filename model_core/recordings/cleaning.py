"""What a file holds -> a ``Recording``: times put in order, dropouts classified, gaps filled for display.

Every reader ends here. Nothing is invented: a sample that was lost is ``valid = False``, and what fills its place is
interpolated for the eye only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..geometry.rotations import make_continuous, slerp
from ..notes import Note
from ..shown import printable
from ..untrusted.budgets import MOST_TRACKERS
from .clock import check_rate, on_the_same_clock, put_in_order
from .fingers import fingers_of
from .recording import LONGEST_GAP, Dropout, DropoutReason, Recording, Track
from .resample import interpolate_track, time_seen

REASONS = (None, *DropoutReason)
"""A sample's reason is kept as an index into these: 0 where it is a pose."""
MISSING, ZEROED, BAD_ROTATION, FROZEN, TELEPORT, UNTRACKED = range(1, 7)

NORM_TOLERANCE = 0.05
"""A quaternion whose length is further from 1 than this was averaged across a sign flip, or is no quaternion."""
FROZEN_SECONDS = 0.5
"""A living person's tracker never repeats one pose, to the last bit, for longer."""
TELEPORT_METRES, TELEPORT_SPEED = 0.4, 20.0
"""A step this long and this fast (m/s) is a jump: the fastest punches and throws stay under 15 m/s."""
TELEPORT_RETURN_SECONDS = 1.0
"""A tracker that jumps away and back within this time was elsewhere only by mistake."""
LARGEST_POSITION = 1000.0
"""Metres from the person's usual place beyond which a position is a mistake of the file."""
LARGEST_WORLD = 1e7
"""Metres beyond which no game's world goes."""
FAR, USUAL_EYES, LOWEST_EYES, HIGHEST_EYES = 100.0, 1.6, -3.0, 4.0
"""Metres from the origin, and heights of the eyes, beyond which a recording is moved to the origin."""
MOSTLY = 0.5
"""Fraction of the time for which a hand must be seen for nothing to be said of it."""
HAND_NOTES = ("hand_absent", "hand_mostly_lost")
SOME = 0.05
"""Fraction of a tracker's rows that are blank from which it is slower than the rows, and did not just fail once."""
SLOWER = 0.3
"""Fraction of a tracker's rows that repeat the one before where it is slower than the rows are written."""


@dataclass(frozen=True)
class RawTrack:
    """A tracker as its file has it, in OpenXR's axes and metres: nothing checked, NaN where there is no value.

    ``position`` (N, 3); ``rotation`` (N, 4) ``wxyz`` of any length; ``tracked`` (N,) bool where the file tells;
    ``time`` (N,) seconds where the tracker has a clock of its own.
    """

    position: np.ndarray
    rotation: np.ndarray
    tracked: np.ndarray | None = None
    time: np.ndarray | None = None


def build_recording(
    time: np.ndarray,
    tracks: Mapping[str, RawTrack],
    source: str,
    device: str = "",
    betas: np.ndarray | None = None,
    warnings: Iterable[Note] = (),
    living: bool = True,
    points: Mapping[str, np.ndarray] | None = None,
) -> Recording:
    """A validated ``Recording`` from ``time`` (N,) seconds and ``tracks`` (role -> ``RawTrack``) as the file has them.

    Trackers with clocks of their own are brought to ``time``, which is the head's. ``living`` is false for motion that
    was made or captured otherwise than by a headset: it may rightly stand still. ``points``: ``left_hand`` or
    ``right_hand`` -> (N, 21, 3), the hand's joints at ``time`` as of ``fingers.fingers_of``.
    """
    source, device = printable(source), printable(device)
    check_tracker_count(len(tracks), source)
    tracks = {printable(role): raw for role, raw in tracks.items()}
    warnings = list(warnings)
    time = np.asarray(time, np.float64)
    head = tracks.get("head")
    same = _same_pose(head) if head is not None and len(head.position) == len(time) else None
    clock = put_in_order(time, source, warnings, same)
    check_rate(clock, source)
    gaps = int((np.diff(clock.time) > LONGEST_GAP).sum())
    if gaps:
        warnings.append(Note("gaps", {"count": gaps, "seconds": LONGEST_GAP}))
    origin = _origin(tracks, living, warnings)
    cleaned, dropouts = {}, []
    for role, raw in tracks.items():
        own = clock
        if raw.time is not None and raw is not head:
            own = put_in_order(on_the_same_clock(clock, np.asarray(raw.time, np.float64)), source, [], _same_pose(raw))
        track, reasons = _clean_track(own, raw, origin, living)
        if own is not clock:
            track, reasons = _on_clock(clock.time, own.time, track, reasons)
        cleaned[role] = track
        dropouts += _runs(role, reasons)
    if living:
        warnings += _lost_hands(clock.time, cleaned)
    runs = tuple((float(clock.time[first]), float(clock.time[last])) for first, last in clock.runs)
    fingers = {role: fingers_of(clock.time, rows[clock.rows], role) for role, rows in (points or {}).items()}
    seen = {role: found for role, found in fingers.items() if found is not None}
    recording = Recording(clock.time, cleaned, source, device, betas, tuple(dropouts), tuple(warnings), runs, seen)
    return recording.validate()


def check_tracker_count(count: int, source: str) -> None:
    """Refuse more trackers than anybody wears, before their samples are read. Raises ``InputError``."""
    if count > MOST_TRACKERS:
        raise InputError(f"{source}: has {count} trackers; a person wears at most {MOST_TRACKERS}")


def cut(recording: Recording, run: int | None, part: tuple[float, float] | None) -> Recording:
    """Only a ``run`` of the recording, counted from 1, and of that only the seconds of ``part``; None: all of it.

    What is said of hands that are lost is said of what is left. Raises ``InputError`` where nothing is.
    """
    if run is None and part is None:
        return recording
    left = recording if run is None else recording.run(run)
    left = left if part is None else left.part(*part)
    notes = [note for note in left.warnings if note.code not in HAND_NOTES]
    notes += _lost_hands(left.time, left.tracks) if left.device != "joints" else []
    return replace(left, warnings=tuple(notes))


def _same_pose(raw):
    """(N,) true where a raw track is just where it was one row before."""
    with np.errstate(invalid="ignore"):
        same = (raw.position[1:] == raw.position[:-1]).all(-1) & (raw.rotation[1:] == raw.rotation[:-1]).all(-1)
    return np.concatenate([[False], same])


def _origin(tracks, living, warnings):
    """Where to move the origin to (3,), in whole metres: near a person who is far from the file's own."""
    head = np.asarray(tracks["head"].position, np.float64) if "head" in tracks else np.zeros((0, 3))
    known = head[np.isfinite(head).all(-1) & (np.abs(head) < LARGEST_WORLD).all(-1)]
    if len(known) == 0 or not living:
        return np.zeros(3)
    middle = np.median(known, axis=0)
    origin = np.where(np.abs(middle) > FAR, np.round(middle), 0.0)
    origin[1] = np.round(middle[1] - USUAL_EYES) if not LOWEST_EYES < middle[1] < HIGHEST_EYES else 0.0
    if origin.any():
        warnings.append(Note("origin_moved", {axis: float(value) for axis, value in zip("xyz", origin, strict=True)}))
    return origin


def _lost_hands(time, tracks):
    """Notes on hands that are absent, or lost for most of the time."""
    notes = []
    for role in ("left_hand", "right_hand"):
        if role not in tracks:
            notes.append(Note("hand_absent", {"hand": Note(role)}))
            continue
        # Pauses are no hand's fault: what counts is the time in which the head is known.
        all_the_time = time_seen(time, tracks["head"].valid) if "head" in tracks else 1.0
        seen = time_seen(time, tracks[role].valid) / all_the_time if all_the_time > 0 else 1.0
        if seen < MOSTLY:
            notes.append(Note("hand_mostly_lost", {"hand": Note(role), "percent": 100 * seen}))
    return notes


def _clean_track(clock, raw, origin, living):
    """The samples of a raw track at a ``Clock`` as a ``Track``, and why (N,) each that is lost is lost.

    Rows without a value are no samples: what lies between two samples at most ``LONGEST_GAP`` apart is known.
    """
    position = np.asarray(raw.position, np.float64)[clock.rows] - origin
    rotation = np.asarray(raw.rotation, np.float64)[clock.rows]
    tracked = None if raw.tracked is None else np.asarray(raw.tracked, bool)[clock.rows]
    zeros = (position == -origin).all(-1) & origin.any()
    position[zeros] = 0.0
    reasons = _reasons(clock.time, position, rotation, tracked, living)
    absent = _blanks(reasons == MISSING, clock.time)
    if living:
        absent |= _copies(position, rotation, clock.time)
    present = np.flatnonzero(~absent)
    if 2 <= len(present) < len(reasons):
        own = clock.time[present]
        # Judged among themselves: a row between tells nothing of speed or standing still.
        why = _reasons(own, position[present], rotation[present], None if tracked is None else tracked[present], living)
        track = _filled_track(own, position[present], rotation[present], why == 0)
        return _on_clock(clock.time, own, track, why)
    return _filled_track(clock.time, position, rotation, reasons == 0), reasons


def _blanks(missing, time):
    """(N,) true for rows without a value that lie between samples of a tracker slower than the rows are written."""
    known = np.flatnonzero(~missing)
    if len(known) < 2:
        return np.zeros(len(missing), bool)
    before = known[np.clip(np.searchsorted(known, np.arange(len(missing)), side="right") - 1, 0, len(known) - 1)]
    after = known[np.clip(np.searchsorted(known, np.arange(len(missing))), 0, len(known) - 1)]
    short = missing & (after > before) & (time[after] - time[before] <= LONGEST_GAP)
    return short if short.mean() > SOME else np.zeros(len(missing), bool)


def _copies(position, rotation, time):
    """(N,) true for rows that only repeat the last news of a tracker slower than the rows are written."""
    with np.errstate(invalid="ignore"):
        same = (position[1:] == position[:-1]).all(-1) & (rotation[1:] == rotation[:-1]).all(-1)
    same = np.concatenate([[False], same])
    if not SLOWER < same.mean() < 1:
        return np.zeros(len(same), bool)
    fresh = np.flatnonzero(~same)
    # Longer stands are no slow tracker's: these are for the check of frozen poses.
    quick = np.diff(np.concatenate([time[fresh], time[-1:]])) <= LONGEST_GAP
    copies = same & np.repeat(quick, np.diff(np.concatenate([fresh, [len(same)]])))
    copies[-1] = False
    return copies if copies.mean() > SLOWER else np.zeros(len(same), bool)


def _on_clock(time, clock, track, reasons):
    """A track with samples at ``clock`` at the times ``time``; what lies between far samples is missing."""
    moved = interpolate_track(clock, track, time, dense=0.0)
    before = np.clip(np.searchsorted(clock, time, side="right") - 1, 0, len(clock) - 1)
    after = np.minimum(before + 1, len(clock) - 1)
    why = np.where(reasons[before] != 0, reasons[before], reasons[after])
    exact = np.isin(time, clock)
    moved.valid[exact] &= reasons[before[exact]] == 0
    return moved, np.where(moved.valid, 0, np.where(why != 0, why, MISSING)).astype(np.uint8)


def _reasons(time, position, rotation, tracked, living):
    """Why each sample (N,) is no pose: an index into ``REASONS``, 0 where it is one."""
    reasons = np.zeros(len(time), np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.linalg.norm(rotation, axis=-1)
        missing = ~(np.isfinite(position).all(-1) & np.isfinite(length)) | (np.abs(position) > LARGEST_POSITION).any(-1)
    reasons[np.abs(length - 1) > NORM_TOLERANCE] = BAD_ROTATION
    turned = (np.abs(rotation[:, 1:]) > 0).any(-1) & (reasons != BAD_ROTATION)
    reasons[(position == 0).all(-1) & ~turned] = ZEROED
    reasons[missing] = MISSING
    if tracked is not None:
        reasons[(reasons == 0) & ~tracked] = UNTRACKED
    if living:
        reasons[(reasons == 0) & _frozen(time, position, rotation)] = FROZEN
        reasons[_excursions(time, position, reasons == 0)] = TELEPORT
    return reasons


def _frozen(time, position, rotation):
    """(N,) true for the repeats in runs of one and the same pose that last ``FROZEN_SECONDS``."""
    same = (position[1:] == position[:-1]).all(-1) & (rotation[1:] == rotation[:-1]).all(-1)
    run = np.concatenate([[0], np.cumsum(~same)])
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.concatenate([starts[1:], [len(time)]]) - 1
    frozen = (time[ends] - time[starts] >= FROZEN_SECONDS)[run]
    frozen[starts[1:]] = False  # The first pose of a run is news, unless the recording begins with it.
    return frozen


def _excursions(time, position, valid):
    """Indices of the samples between a jump away and the jump back."""
    indices = np.flatnonzero(valid)
    if len(indices) < 3:
        return indices[:0]
    step = np.linalg.norm(np.diff(position[indices], axis=0), axis=-1)
    # A hole in the data is no excuse for a jump: within a second nobody gets further than the speed allows.
    jumps = np.flatnonzero((step > TELEPORT_METRES) & (step > TELEPORT_SPEED * np.diff(time[indices])))
    lost, next_free = [], 0
    for first, second in zip(jumps[:-1], jumps[1:], strict=True):
        if first < next_free:
            continue
        before, after = indices[first], indices[second + 1]
        back = np.linalg.norm(position[after] - position[before])
        away = time[after] - time[before]
        if away <= TELEPORT_RETURN_SECONDS and (back < TELEPORT_METRES or back < TELEPORT_SPEED / 2 * away):
            lost.append(indices[first + 1 : second + 1])
            next_free = second + 1
    return np.concatenate(lost) if lost else indices[:0]


def _filled_track(time, position, rotation, valid):
    """A ``Track`` whose lost samples are interpolated (at the ends: held), for display only."""
    indices = np.flatnonzero(valid)
    if len(indices) == 0:
        rest = np.tile([1.0, 0, 0, 0], (len(time), 1))
        return Track(np.zeros((len(time), 3)), rest, valid)
    position, rotation = position.copy(), rotation.copy()
    rotation[indices] /= np.linalg.norm(rotation[indices], axis=-1, keepdims=True)
    lost = np.flatnonzero(~valid)
    if len(lost):
        after = np.searchsorted(indices, lost)
        left = indices[np.maximum(after - 1, 0)]
        right = indices[np.minimum(after, len(indices) - 1)]
        span = time[right] - time[left]
        weight = np.clip(np.where(span > 0, (time[lost] - time[left]) / np.where(span > 0, span, 1), 0), 0, 1)
        position[lost] = position[left] + (position[right] - position[left]) * weight[:, None]
        rotation[lost] = slerp(rotation[left], rotation[right], weight)
    return Track(position, make_continuous(rotation), valid)


def _runs(role, reasons):
    """The stretches of equal reasons as ``Dropout`` entries."""
    edges = np.flatnonzero(np.diff(reasons)) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(reasons)]]) - 1
    lost = reasons[starts] != 0
    return [
        Dropout(role, int(first), int(last), DropoutReason(REASONS[reasons[first]]))
        for first, last in zip(starts[lost], ends[lost], strict=True)
    ]
