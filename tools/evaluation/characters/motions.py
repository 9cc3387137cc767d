"""The motions that are put on characters: the first clip of a file of clips, or what is predicted from a recording."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ....model_core.body import Body
from ....model_core.errors import InputError
from ....model_core.geometry.rotations import matrix_to_quaternion
from ....model_core.mocap.clips import load_clips
from ....model_core.motion import BETA_COUNT, Motion
from ....model_core.observation import FPS
from ....model_core.recordings import Recording, read
from ....model_core.recordings.recording import Track

LONGEST = 12.0
"""Seconds of a motion that are looked at."""


def motions_of(paths: Sequence[Path], body: Body, device: str) -> list[tuple[str, Motion]]:
    """(name, motion) of each file, at most ``LONGEST`` seconds of it. Raises ``InputError``."""
    return [
        (path.stem, _clip(path, body) if path.suffix == ".npz" else _predicted(path, body, device)) for path in paths
    ]


def _clip(path: Path, body: Body) -> Motion:
    clips = load_clips(path)
    clip = next((clip for clip in clips if len(clip) > LONGEST * FPS), clips[0])
    count = min(len(clip), int(LONGEST * FPS))
    betas = np.zeros(BETA_COUNT)
    # The clip's own rest pose stands as high above its floor as the body's does.
    shift = np.asarray(body.rest_joints(betas))[0, 1] - body.sole(betas) - (clip.rest_joints[0, 1] - clip.sole)
    translation = clip.translation[:count] + np.array([0.0, float(shift), 0.0])
    return Motion(FPS, matrix_to_quaternion(clip.rotations()[:count]), translation, betas).validate()


def _predicted(path: Path, body: Body, device: str) -> Motion:
    from ....model_core.pipeline import Options, calibrate, load_networks, model_frame, observe, solve

    recording = _beginning(read(path))
    if recording.duration <= 0:
        raise InputError(f"{path}: has no duration")
    options, placed, networks = Options(body=body, device=device), model_frame(recording), load_networks(device)
    calibration = calibrate(placed, options, networks)
    motion = solve(observe(placed, calibration), calibration, options, networks)
    return replace(motion, start=0.0)


def _beginning(recording: Recording) -> Recording:
    inside = recording.time <= recording.time[0] + LONGEST
    tracks = {role: Track(track.position[inside], track.rotation[inside], track.valid[inside])
              for role, track in recording.tracks.items()}  # fmt: skip
    return replace(recording, time=recording.time[inside], tracks=tracks, dropouts=()).validate()
