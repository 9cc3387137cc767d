"""How much of a prediction's error wrong device offsets make: with the true ones, with none, and with fitted ones."""

from dataclasses import replace

import numpy as np
import torch

from threepoint.model_core.calibration import Calibration, Offset
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.pipeline.observing import observe
from threepoint.model_core.recordings.recording import Track
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.geometry.skeleton import HEAD, ROLES
from threepoint.model_core.pipeline.unknown_devices import find_calibration, fit_unknown

LONGEST = 900
"""Frames of a clip that are predicted."""


def prediction_errors(simulation, recording, body, networks):
    """MPJPE in metres, placed by the head, by how the hands' offsets are known.

    ``recording`` is what of the ``simulation`` comes after its T-pose. Person and floor are the true ones, but where
    all is found.
    """
    truth = simulation.positions[len(simulation.positions) - len(recording.time) :]
    recording, truth = first_frames(recording), truth[:LONGEST]
    bare = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))
    true = Calibration(simulation.betas, 0.0, simulation.offsets)
    none = Calibration(simulation.betas, 0.0, simulation.offsets | dict.fromkeys(ROLES[1:], bare))
    calibrations = {
        "true offsets": true,
        "none": none,
        "fitted to SAGE": fit_unknown(recording, none, body, networks, likelihood=False),
        "fitted by FLAG": fit_unknown(recording, none, body, networks),
        "all found": find_calibration(recording, body, networks),
    }
    return {
        f"MPJPE, {name}": head_aligned_error(recording, calibration, body, networks, truth)
        for name, calibration in calibrations.items()
    }


def first_frames(recording):
    """The recording's first ``LONGEST`` samples."""
    tracks = {
        role: Track(track.position[:LONGEST], track.rotation[:LONGEST], track.valid[:LONGEST])
        for role, track in recording.tracks.items()
    }
    return replace(recording, time=recording.time[:LONGEST], tracks=tracks)


def head_aligned_error(recording, calibration, body, networks, truth):
    """Mean distance in metres of SAGE's joints from the true ones (T, 22, 3), the heads laid upon each other."""
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))
    found = predict(networks.sage, observe(recording, calibration), rest)
    _, positions = forward_kinematics(
        found.rotations, found.translation, torch.as_tensor(rest[:22]).to(found.rotations)
    )
    positions = positions.cpu().double().numpy()
    placed = positions - positions[:, HEAD, None] + truth[: len(positions), HEAD, None]
    return float(np.linalg.norm(placed - truth[: len(positions)], axis=-1).mean())
