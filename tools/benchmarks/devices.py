"""By how much a body differs between the CPU and another device: SAGE alone, and the whole pipeline."""

import argparse

import numpy as np
import torch

from ...model_core.body import load_body
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import quaternion_to_matrix
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT
from ...model_core.pipeline import Options, animate, choose_device, load_networks
from ...model_core.sage.ensemble import load_ensemble
from ...model_core.sage.inference import predict
from .timing import Figures, long_observation, long_recording

RECORDING_SECONDS = 20.0


def measure(options: argparse.Namespace) -> Figures:
    """Joint distances in millimetres between ``options.device`` and the CPU; nothing on the CPU itself."""
    device = choose_device(options.device)
    if device == "cpu":
        return {}
    figures = {}
    for name, difference in (("SAGE", sage_differences(device)), ("pipeline", pipeline_differences(device))):
        figures[f"{name}, {device} beside cpu, mean of joints"] = (1e3 * float(difference.mean()), "mm")
        figures[f"{name}, {device} beside cpu, farthest joint"] = (1e3 * float(difference.max()), "mm")
    return figures


def sage_differences(device: str, seconds: float = RECORDING_SECONDS) -> np.ndarray:
    """Distances (T, 22) in metres of SAGE's joints on ``device`` from those on the CPU, both in full precision."""
    observation, rest = long_observation(seconds)
    positions = []
    for name in ("cpu", device):
        found = predict(load_ensemble(device=name), observation, rest, half=False)
        rotations, translation = found.rotations.cpu(), found.translation.cpu()
        positions.append(forward_kinematics(rotations, translation, torch.from_numpy(rest).float())[1])
    return (positions[0] - positions[1]).norm(dim=-1).numpy()


def pipeline_differences(device: str, seconds: float = RECORDING_SECONDS) -> np.ndarray:
    """The same of the whole pipeline, from a recording to a motion."""
    recording, body = long_recording(seconds), load_body()
    positions = []
    for name in ("cpu", device):
        motion = animate(recording, Options(device=name), networks=load_networks(name))
        rest = body.rest_joints(motion.betas)[:BODY_JOINT_COUNT]
        rotations = quaternion_to_matrix(motion.rotations.astype(np.float64))
        positions.append(forward_kinematics(rotations, motion.translation.astype(np.float64), rest)[1])
    return np.linalg.norm(positions[0] - positions[1], axis=-1)
