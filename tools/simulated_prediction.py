"""How much of a prediction's error wrong device offsets make: with the true ones, with none, and with fitted ones."""

import numpy as np
import torch

from threepoint.model_core.calibration import Calibration, Offset, fit_to_forearms
from threepoint.model_core.kinematics import forward_kinematics
from threepoint.model_core.pipeline import observe
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import MEAN
from threepoint.model_core.skeleton import HEAD, ROLES

ELBOWS = (18, 19)
LONGEST = 900
"""Frames of a clip that are predicted."""


def prediction_errors(simulation, body, networks):
    """MPJPE in metres, placed by the head, by how the hands' offsets are known; the T-pose is left out."""
    first = int(np.searchsorted(simulation.recording.time, simulation.moves_from))
    part = slice(first, first + LONGEST)
    tracks = {
        role: Track(track.position[part], track.rotation[part], track.valid[part])
        for role, track in simulation.recording.tracks.items()
    }
    recording = Recording(simulation.recording.time[part], tracks, simulation.recording.source, "grip").validate()
    truth = simulation.positions[part]
    bare = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))
    true = Calibration(simulation.betas, 0.0, simulation.offsets)
    none = Calibration(simulation.betas, 0.0, simulation.offsets | dict.fromkeys(ROLES[1:], bare))
    first_guess = _predicted(recording, none, body, networks)
    fitted = fit_to_forearms(recording, none, first_guess[0][:, ELBOWS])
    return {
        "MPJPE with true offsets": _error(_predicted(recording, true, body, networks)[1], truth),
        "MPJPE with none": _error(first_guess[1], truth),
        "MPJPE with fitted offsets": _error(_predicted(recording, fitted, body, networks)[1], truth),
    }


def _predicted(recording, calibration, body, networks):
    """SAGE's world rotations (T, 22, 3, 3) and positions (T, 22, 3)."""
    observation = observe(recording, calibration)
    rest = body.rest_joints(calibration.betas)
    found = predict(networks.sage, observation, rest, MEAN)
    world, positions = forward_kinematics(
        found.rotations.cpu().double(), found.translation.cpu().double(), torch.as_tensor(rest[:22]).double()
    )
    return world.numpy(), positions.numpy()


def _error(positions, truth):
    placed = positions - positions[:, HEAD, None] + truth[: len(positions), HEAD, None]
    return float(np.linalg.norm(placed - truth[: len(positions)], axis=-1).mean())
