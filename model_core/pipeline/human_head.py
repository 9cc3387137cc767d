"""A head that turns as no neck does: what networks and refinement are shown in its place.

A headset that is spun on a cord, thrown or held upside down gives rotations that no person's head has. The networks see
everything from the head's heading, which leaps where a head is pitched far past the vertical; the body would leap with
it. There the head that is shown follows its tracker as slowly, and as upright, as a neck would let it. Heads that a
person could have are left as they are, to the last bit.
"""

from dataclasses import replace

import numpy as np

from ..geometry.rotations import (
    axis_angle_to_matrix,
    geodesic_angle,
    make_continuous,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from ..notes import Note
from ..observation import FPS
from ..recordings.model_frame import ModelFrameRecording

LARGEST_TILT = np.radians(120.0)
"""Of the head's up axis from the vertical: somebody looks between their own knees. From 128 on the heading leaps."""
FASTEST_TURN = 14.0
"""Radians a second: heads are shaken as fast as that, by some tens of degrees."""
WINDOW, MOST_FAST = 15, 4
"""Of so many frames a head turns faster in no more than so many: a room that is turned at once turns in one frame."""
MARGIN = 30
"""Frames before and behind, in which the head follows slowly too."""
SLOW_TURN = 3.0
"""Radians a second by which the head follows there."""
UP = np.array([0.0, 1.0, 0.0])


def with_human_head(recording: ModelFrameRecording) -> tuple[ModelFrameRecording, tuple[Note, ...]]:
    """The recording, at ``FPS``, with a head that a person can have, and a note where that is another than was seen."""
    head = recording.tracks["head"]
    shown, inhuman = human_rotations(quaternion_to_matrix(head.rotation))
    if not inhuman.any():
        return recording, ()
    rotation = np.where(inhuman[:, None], matrix_to_quaternion(shown), head.rotation)
    note = Note("head_turns_inhumanly", {"seconds": inhuman.sum() / FPS, "first": int(np.argmax(inhuman)) / FPS})
    tracks = {**recording.tracks, "head": replace(head, rotation=make_continuous(rotation))}
    return replace(recording, tracks=tracks), (note,)


def human_rotations(rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (T, 3, 3) of a head at ``FPS`` -> those that a person could have, and where they differ (T,)."""
    turns = np.concatenate([[0.0], geodesic_angle(rotations[:-1], rotations[1:])]) * FPS
    fast = np.convolve(turns > FASTEST_TURN, np.ones(WINDOW), "same")[: len(turns)] > MOST_FAST
    tilted = rotations[:, 1, 1] < np.cos(LARGEST_TILT)
    differs = np.zeros(len(rotations), bool)
    if not (fast | tilted).any():
        return rotations, differs
    slow = _dilated(fast | tilted, MARGIN)
    shown, following = rotations.copy(), False
    for frame in np.arange(int(np.argmax(slow)), len(shown)):
        if not (slow[frame] or following):
            continue
        before = shown[max(frame - 1, 0)]
        side = before[:, 1] if frame else UP
        aim = less_tilted(rotations[frame], side)
        away = matrix_to_axis_angle(before.T @ aim) if frame else np.zeros(3)
        angle, step = float(np.linalg.norm(away)), (SLOW_TURN if slow[frame] else FASTEST_TURN) / FPS
        following = angle > step
        # The way to the other side of the vertical may lead past it: there the head waits.
        shown[frame] = less_tilted(before @ axis_angle_to_matrix(away * (step / angle)), side) if following else aim
        differs[frame] = following or tilted[frame]
    return shown, differs


def _dilated(where: np.ndarray, margin: int) -> np.ndarray:
    """True as well for ``margin`` frames to each side of where it is true, (T,)."""
    sums = np.concatenate([np.zeros(margin + 1), np.cumsum(where), np.full(margin, where.sum())])
    return sums[2 * margin + 1 :] > sums[: -2 * margin - 1]


def less_tilted(rotation: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """A rotation (3, 3) whose up axis is turned to the axis ``towards`` (3,), until it is ``LARGEST_TILT`` from the
    vertical: what is upside down keeps the side to which it was tilted before. What is tilted less stays as it is."""
    up = rotation[:, 1]
    if up[1] >= np.cos(LARGEST_TILT):
        return rotation
    axis = np.cross(up, towards)
    axis = axis / np.linalg.norm(axis) if np.linalg.norm(axis) > 1e-6 else rotation[:, 0]
    across = np.cross(axis, up)
    # Turned by an angle a, the axis is cos(a) up + sin(a) across; its height is r cos(a - b).
    b, r = np.arctan2(across[1], up[1]), np.hypot(across[1], up[1])
    half = np.arccos(np.clip(np.cos(LARGEST_TILT) / max(r, 1e-9), -1, 1))
    return axis_angle_to_matrix(axis * ((b - half) % (2 * np.pi))) @ rotation
