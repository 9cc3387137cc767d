"""A stopwatch, and a recording of any length to hold it to."""

import statistics
import time

import numpy as np

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate
from threepoint.model_core.pipeline import observe
from threepoint.model_core.recordings.recording import Recording, Track

from ..support.sample_recording import sample_recording

REPEATS = 5


def median_seconds(work, repeats=REPEATS):
    """Median wall time of ``work()`` after one warm-up."""
    work()
    return statistics.median(seconds(work) for _ in range(repeats))


def seconds(work):
    """Wall time of ``work()``."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def long_recording(duration):
    """The sample session over and over, forwards and backwards, until it is ``duration`` seconds long."""
    sample = sample_recording(load_body(), np.zeros(10))
    count = int(duration / sample.duration * (len(sample.time) - 1)) + 1
    there_and_back = np.concatenate([np.arange(len(sample.time)), np.arange(len(sample.time) - 2, 0, -1)])
    order = np.resize(there_and_back, count)
    step = sample.duration / (len(sample.time) - 1)
    tracks = {
        role: Track(track.position[order], track.rotation[order], track.valid[order])
        for role, track in sample.tracks.items()
    }
    return Recording(np.arange(count) * step, tracks, "sample", sample.device).validate()


def long_observation(duration):
    """The ``Observation`` of ``long_recording`` and the rest joints (24, 3) of its person."""
    body, recording = load_body(), long_recording(duration)
    observation = observe(recording, calibrate(recording, body))
    return observation, body.rest_joints(observation.betas)
