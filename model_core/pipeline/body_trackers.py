"""From trackers beside head and hands in a recording to what refinement hears of them."""

from dataclasses import replace

import torch

from ..calibration import body_tracker_poses
from ..calibration.body_trackers import fit_body_tracker_offsets, body_tracker_roles
from ..refinement.body_trackers import gather_body_trackers
from ..geometry.kinematics import forward_kinematics
from ..observation import FPS
from ..recordings.recording import Track
from ..recordings.resample import resample
from ..geometry.skeleton import BODY_JOINT_COUNT

FITTED_FRAMES = 5000
"""Frames, spread over the recording, to which offsets are fitted at most."""


def body_trackers(recording, calibration, rotations, translation, rest_joints):
    """What trackers beside head and hands tell, at the frames of ``pipeline.observing``; None where there are none.

    ``rotations`` (T, 22, 3, 3) and ``translation`` (T, 3) are a first motion of the person with ``rest_joints`` (22 or
    24, 3): offsets that the calibration does not know are fitted to it. Returns ``flag.further.BodyTrackers``.
    """
    roles = body_tracker_roles(recording)
    if not roles:
        return None
    regular = resample(replace(recording, tracks={role: recording.tracks[role] for role in roles}), FPS)
    some = slice(None, None, 1 + len(regular.time) // FITTED_FRAMES)
    rest = torch.as_tensor(rest_joints).to(rotations)[:BODY_JOINT_COUNT]
    world, joints = forward_kinematics(rotations[some], translation[some], rest)
    fitted = fit_body_tracker_offsets(_at(regular, some), calibration, world.cpu().numpy(), joints.cpu().numpy())
    return gather_body_trackers(body_tracker_poses(regular, fitted), rotations)


def _at(recording, samples):
    """The recording at some of its samples, a slice."""
    tracks = {
        role: Track(track.position[samples], track.rotation[samples], track.valid[samples])
        for role, track in recording.tracks.items()
    }
    return replace(recording, time=recording.time[samples], tracks=tracks)
