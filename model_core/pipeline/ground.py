"""From ground that somebody gives to a recording as on a flat floor, and back: networks know nothing else.

The recording is lowered, moment by moment, by the height of the ground under the head, evened out over a step. What
is found of it is raised again, and there its feet find their holds (``refinement.closed_form.on_ground``).
"""

from dataclasses import replace

import numpy as np

from ..body import Body
from ..calibration import Calibration
from ..calibration.levels import SHORTEST_STAY, find_stretches
from ..direction.entries import check_begins
from ..direction.ground import FloorLevel, Ground, GroundHeights
from ..geometry.filters import gaussian_smooth
from ..notes import Note
from ..observation import FPS, Observation
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.recording import Track

LEVEL_SMOOTHING = 18.0
"""Standard deviation in frames of ``FPS`` over which heights under the head are evened out: a step takes half a
second."""
KNEES, CHIN = 0.9, 0.2
"""Metres below a head at which what it may stand on ends: at the knees of somebody upright; where nothing is so low, at
the chin."""


def found_levels(recording: ModelFrameRecording, calibration: Calibration, body: Body) -> tuple[FloorLevel, ...]:
    """How high the person stands, and when, by how head and hands move (``calibration.levels``); none of a flat floor.

    Of a recording that is not lowered.
    """
    found = find_stretches(recording, body, calibration)
    begins = found.starts - recording.time[0]
    ends = np.append(begins[1:], recording.duration + 1.0)
    return tuple(
        FloorLevel((float(begin), float(end)), float(height.round(3)))
        for begin, end, height in zip(begins, ends, found.heights, strict=True)
        if height > 0
    )


def level_notes(levels: tuple[FloorLevel, ...], duration: float) -> tuple[Note, ...]:
    """What to say of levels in ``duration`` seconds that were found, a note for each height that is stayed on."""
    stays: dict[float, list[tuple[float, float]]] = {}
    for level in levels:
        begin, end = level.seconds[0], min(level.seconds[1], duration)
        if end - begin >= SHORTEST_STAY:
            stays.setdefault(level.height, []).append((begin, end))
    return tuple(
        Note("stands_higher", {"cm": 100 * height, "seconds": sum(end - begin for begin, end in times),
                               "first": times[0][0]})
        for height, times in stays.items()
    )  # fmt: skip


def on_level_ground(recording: ModelFrameRecording, ground: Ground | None) -> ModelFrameRecording:
    """The recording as on a floor at y = 0; the same where it is so already, there is no ground, or it is to be found
    (``calibrate.calibrate_on_ground``). Raises ``InputError`` of a level that begins after it."""
    if ground is None or ground.found or recording.levels is not None:
        return recording
    for level in ground.levels:
        check_begins(level.seconds, recording.duration, 0.5 / FPS, "the ground's level")
    time, head = recording.time, recording.tracks["head"]
    seen = head.valid if head.valid.any() else np.ones(len(time), bool)
    regular = np.arange(time[0], time[-1] + 1 / FPS, 1 / FPS)
    position = np.stack([np.interp(regular, time[seen], head.position[seen, axis]) for axis in range(3)], 1)
    heights, seconds = GroundHeights(ground), regular - time[0]
    places = (position + recording.origin)[:, [0, 2]]
    under = heights.at(seconds, places, position[:, 1] - KNEES)
    nothing = under > position[:, 1] - KNEES
    under[nothing] = heights.at(seconds, places, position[:, 1] - CHIN)[nothing]
    levels = regular, gaussian_smooth(under, LEVEL_SMOOTHING)
    down = np.outer(np.interp(time, *levels), [0.0, 1.0, 0.0])
    tracks = {role: Track(one.position - down, one.rotation, one.valid) for role, one in recording.tracks.items()}
    return replace(recording, tracks=tracks, levels=levels)


def lowered_origin(observation: Observation) -> np.ndarray:
    """What brings a lowered observation's positions to the room: (3,), or (T, 3) where ground was taken from it."""
    if observation.levels is None:
        return observation.origin
    return observation.origin + np.outer(observation.levels, [0.0, 1.0, 0.0])
