"""A stopwatch, and a recording of any length to hold it to."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from ...model_core.body import load_body
from ...model_core.observation import Observation
from ...model_core.recordings.recording import Recording
from ..support.made_up_walk import walk_recording

Figures = dict[str, tuple[float, str]]
"""What a section measures: label -> (value, unit)."""

REPEATS = 5


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of ``work()`` after one warm-up."""
    work()
    return statistics.median(seconds(work) for _ in range(repeats))


def seconds(work: Callable[[], object]) -> float:
    """Wall time of ``work()``."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def long_recording(duration: float) -> Recording:
    """The made-up walk over and over, forwards and backwards, until it is ``duration`` seconds long."""
    walk = walk_recording(load_body(), np.zeros(10))
    count = int(duration / walk.duration * (len(walk.time) - 1)) + 1
    there_and_back = np.concatenate([np.arange(len(walk.time)), np.arange(len(walk.time) - 2, 0, -1)])
    order = np.resize(there_and_back, count)
    step = walk.duration / (len(walk.time) - 1)
    tracks = {role: track.at(order) for role, track in walk.tracks.items()}
    return Recording(np.arange(count) * step, tracks, "walk", walk.device).validate()


def long_observation(duration: float) -> tuple[Observation, np.ndarray]:
    """The ``Observation`` of ``long_recording`` and the rest joints (24, 3) of its person."""
    from ...model_core.pipeline import (  # A Blender without torch measures, too.
        Options,
        calibrate,
        model_frame,
        observe,
    )

    body, recording = load_body(), model_frame(long_recording(duration))
    observation = observe(recording, calibrate(recording, Options(body=body)))
    return observation, body.rest_joints(observation.betas)
