"""How much of a prediction's error wrong device offsets make: with the true ones, with none, and with fitted ones."""

import numpy as np
import torch

from ...model_core.body import Body
from ...model_core.calibration import Calibration, Offset
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.skeleton import HEAD, ROLES
from ...model_core.pipeline import Networks, Options, calibrate, model_frame, observe
from ...model_core.pipeline.unknown_devices import fit_unknown
from ...model_core.recordings import Recording
from ...model_core.recordings.model_frame import ModelFrameRecording
from ...model_core.sage.inference import predict
from .devices import Simulation

LONGEST = 900
"""Frames of a clip that are predicted."""


def prediction_errors(simulation: Simulation, recording: Recording, body: Body, networks: Networks) -> dict[str, float]:
    """MPJPE in metres, placed by the head, by how the hands' offsets are known.

    ``recording`` is what of the ``simulation`` comes after its T-pose. Person and floor are the true ones, but where
    all is found.
    """
    truth = simulation.positions[len(simulation.positions) - len(recording.time) :]
    recording, truth = model_frame(recording.at(slice(0, LONGEST))), truth[:LONGEST]
    bare = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))
    true = Calibration(simulation.betas, 0.0, simulation.offsets)
    none = Calibration(simulation.betas, 0.0, simulation.offsets | dict.fromkeys(ROLES[1:], bare))
    calibrations = {
        "true offsets": true,
        "none": none,
        "fitted to SAGE": fit_unknown(recording, none, body, networks, likelihood=False),
        "fitted by FLAG": fit_unknown(recording, none, body, networks),
        "all found": calibrate(recording, Options(body=body), networks),
    }
    return {
        f"MPJPE, {name}": head_aligned_error(recording, calibration, body, networks, truth)
        for name, calibration in calibrations.items()
    }


def head_aligned_error(
    recording: ModelFrameRecording, calibration: Calibration, body: Body, networks: Networks, truth: np.ndarray
) -> float:
    """Mean distance in metres of SAGE's joints from the true ones (T, 22, 3), the heads laid upon each other."""
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))
    found = predict(networks.sage, observe(recording, calibration), rest)
    _, positions = forward_kinematics(
        found.rotations, found.translation, torch.as_tensor(rest[:22]).to(found.rotations)
    )
    positions = positions.cpu().double().numpy()
    placed = positions - positions[:, HEAD, None] + truth[: len(positions), HEAD, None]
    return float(np.linalg.norm(placed - truth[: len(positions)], axis=-1).mean())
