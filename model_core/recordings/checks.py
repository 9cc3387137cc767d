"""Sanity checks made on the motion itself, each with the correction that would put it right.

A file can be read without an error and still be wrong: hands swapped, axes or units of another program, milliseconds
for seconds, a controller in place of the head. ``check`` finds it, ``fix`` corrects it. Nothing is corrected unasked.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.rotations import quaternion_conjugate, quaternion_multiply
from ..notes import Note
from .conventions import CONVENTIONS, to_openxr
from .evidence import PRIOR, log_likelihoods, observe, probabilities
from .guessing import TIME_SCALES, guess_time_unit, rotate
from .recording import Recording, Track

HANDS = ("left_hand", "right_hand")
SWAPPED_FRACTION = 0.7
"""Nobody's hands are crossed for more than this fraction of the time."""
WORLD_TURNS = {
    "a quarter turn about x": np.array([np.sqrt(0.5), np.sqrt(0.5), 0, 0]),
    "a quarter turn back about x": np.array([np.sqrt(0.5), -np.sqrt(0.5), 0, 0]),
    "half a turn about x": np.array([0.0, 1, 0, 0]),
    "a quarter turn about z": np.array([np.sqrt(0.5), 0, 0, np.sqrt(0.5)]),
    "a quarter turn back about z": np.array([np.sqrt(0.5), 0, 0, -np.sqrt(0.5)]),
}
AS_IT_IS, SWAPPED, SWAP = "as it is", "hands swapped", -1.0
IN_FAVOUR, TILTED, CERTAIN = 0.5, -5.0, 0.98
"""Log-likelihoods in favour of what the reader says and against another up, for people do lie down, and the probability
from which other axes are offered."""
REACH = (0.15, 1.15)
"""Metres between which the median distance from head to hands lies."""
CLEARLY_STEADIER = 0.3
SCALES = (0.01, 0.001, 100.0, 1000.0, 0.0254, 0.3048)
"""Centimetres, millimetres, their reverse, inches and feet."""
SHORTEST_STEP, LONGEST_STEP = 1 / 1500, 0.5
"""Seconds between samples of any headset."""
LEAST_FRAMES = 30


@dataclass(frozen=True)
class Finding:
    """Something that cannot be right: ``check`` names it, ``note`` says it and its correction, ``correct`` makes it."""

    check: str
    note: Note
    correct: Callable[[Recording], Recording]


def check(recording: Recording) -> list[Finding]:
    """The ``Finding`` of each check that fails, none for motion that was made from a body.

    They are in the order in which they should be corrected: each is judged as if those before it had been.
    """
    if recording.device == "joints":
        return []
    findings = []
    for judge in (_clock, _head, _metres, _axes, _sides):
        finding = judge(recording)
        if finding is not None:
            findings.append(finding)
            recording = finding.correct(recording)
    return findings


def fix(
    recording: Recording, refused: Collection[str] = (), findings: Sequence[Finding] | None = None
) -> tuple[Recording, tuple[Note, ...]]:
    """The recording with every finding corrected but those whose ``check`` is in ``refused``, and their notes.

    ``findings`` are those of ``check``, where they are known already. Raises ``InputError`` where a clock that was
    corrected makes the recording too long.
    """
    applied = []
    for finding in check(recording) if findings is None else findings:
        if finding.check not in refused:
            recording = finding.correct(recording)
            applied.append(finding.note)
    return recording.validate() if applied else recording, tuple(applied)


def _clock(recording):
    """Is the clock in seconds?"""
    step = float(np.median(np.diff(recording.time)))
    if SHORTEST_STEP <= step <= LONGEST_STEP:
        return None
    unit = guess_time_unit(recording.time)
    scale = TIME_SCALES[unit] if step > LONGEST_STEP else 1000.0
    note = Note("clock_wrong", {"step": step, "scale": scale})

    def correct(recording: Recording) -> Recording:
        return replace(recording, time=(recording.time - recording.time[0]) * scale)

    return Finding("clock", note, correct)


def _head(recording):
    """Is the head a head: above the hands and mostly upright?"""
    present = [role for role in ("head", *HANDS) if role in recording.tracks]
    valid = np.logical_and.reduce([recording.tracks[role].valid for role in present])
    if len(present) < 2 or valid.sum() < LEAST_FRAMES:
        return None
    heights = {role: np.median(recording.tracks[role].position[valid, 1]) for role in present}
    best = max(present, key=lambda role: heights[role])
    if best == "head":
        return None
    if _steadiness(recording.tracks[best], valid) < _steadiness(recording.tracks["head"], valid) + CLEARLY_STEADIER:
        return None

    def correct(recording: Recording) -> Recording:
        tracks = dict(recording.tracks)
        tracks["head"], tracks[best] = tracks[best], tracks["head"]
        return replace(recording, tracks=tracks)

    return Finding("head", Note("head_wrong", {"tracker": best}), correct)


def _steadiness(track, valid):
    """Length of the mean of a tracker's up axis: 1 for what keeps one side up, 0 for what is waved about."""
    return float(np.linalg.norm(rotate(track.rotation[valid], np.array([0.0, 1, 0])).mean(0)))


def _metres(recording):
    """Are the units metres?"""
    distances = []
    for role in HANDS:
        if role in recording.tracks:
            seen = recording.tracks["head"].valid & recording.tracks[role].valid
            apart = recording.tracks[role].position - recording.tracks["head"].position
            distances += [np.linalg.norm(apart[seen], axis=-1)] if seen.sum() >= LEAST_FRAMES else []
    if not distances:
        return None
    reach = float(np.median(np.concatenate(distances)))
    if REACH[0] <= reach <= REACH[1]:
        return None
    scale = next((scale for scale in SCALES if REACH[0] <= reach * scale <= REACH[1]), None)
    if scale is None:
        return None

    def correct(recording: Recording) -> Recording:
        tracks = {role: replace(track, position=track.position * scale) for role, track in recording.tracks.items()}
        return replace(recording, tracks=tracks)

    return Finding("metres", Note("not_metres", {"reach": reach, "scale": scale}), correct)


def _axes(recording):
    """Is up up, and does the head look to where the hands are?

    All conventions and a room on its side are compared by the evidence that reading uses; only what is all but certain
    is offered, for a right file must not be turned.
    """
    if recording.tracks["head"].valid.sum() < LEAST_FRAMES:
        return None
    scores = {AS_IT_IS: IN_FAVOUR + _score(recording)}
    for name, matrix in CONVENTIONS.items():
        if name not in ("openxr", "gltf", "blender"):  # Nothing that is taken for OpenXR's is written in these.
            tilt = 0.0 if matrix[1, 1] == 1 else TILTED
            scores[name] = PRIOR[name] + tilt + _score(_in_axes(recording, name))
    scores |= {name: TILTED + _score(_turned(recording, turn)) for name, turn in WORLD_TURNS.items()}
    scores[SWAPPED] = SWAP + _score(_swapped(recording))
    found = probabilities(scores)
    best = next(iter(found))
    if best in (AS_IT_IS, SWAPPED) or found[best] < CERTAIN:
        return None
    if best in WORLD_TURNS:
        return Finding("axes", Note("room_tilted", {"rotation": best}), lambda found: _turned(found, WORLD_TURNS[best]))
    return Finding("axes", Note("axes_wrong", {"convention": best}), lambda found: _in_axes(found, best))


def _score(recording):
    """Log-likelihood of the recording as it stands, in OpenXR's axes."""
    positions, rotations = {}, {}
    for role, track in recording.tracks.items():
        positions[role] = np.where(track.valid[:, None], track.position, np.nan)
        rotations[role] = track.rotation
    seen = observe(recording.time, positions, rotations)
    return log_likelihoods(seen, ("openxr",))["openxr"] if seen else 0.0


def _in_axes(recording, convention):
    tracks = {}
    for role, track in recording.tracks.items():
        tracks[role] = Track(*to_openxr(track.position, track.rotation, convention), track.valid)
    return replace(recording, tracks=tracks)


def _turned(recording, turn):
    """The room turned about its origin; devices keep their own axes."""
    tracks = {}
    for role, track in recording.tracks.items():
        around = np.broadcast_to(turn, track.rotation.shape)
        tracks[role] = Track(rotate(around, track.position), quaternion_multiply(around, track.rotation), track.valid)
    return replace(recording, tracks=tracks)


def _swapped(recording: Recording) -> Recording:
    """The recording with left for right."""
    other = {"left_hand": "right_hand", "right_hand": "left_hand"}
    return replace(recording, tracks={other.get(role, role): track for role, track in recording.tracks.items()})


def _sides(recording):
    """Is left left and right right?"""
    if not all(role in recording.tracks for role in HANDS):
        return None
    head, left, right = (recording.tracks[role] for role in ("head", *HANDS))
    seen = head.valid & left.valid & right.valid
    if seen.sum() < LEAST_FRAMES:
        return None
    across = rotate(quaternion_conjugate(head.rotation[seen]), (right.position - left.position)[seen])[:, 0]
    if (across < 0).mean() < SWAPPED_FRACTION:
        return None

    part = 100 * (across < 0).mean()
    return Finding("sides", Note("sides_swapped", {"percent": part}), _swapped)
