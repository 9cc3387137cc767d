"""Both models on clips whose truth is known: what each method predicts, and its scores."""

from dataclasses import dataclass

import numpy as np
import torch

from .flag.generation import generate
from .flag.refine import refine
from .metrics import score_clip, score_motion
from .observation import Observation
from .sage.inference import SageStream, predict
from .sage.model import MEAN
from .skeleton import TRACKED_JOINTS

BETAS_OF_MEAN = np.zeros(10, np.float32)


@dataclass(frozen=True)
class Predicted:
    """Local ``rotations`` (T, 22, 3, 3) and pelvis ``translation`` (T, 3) of one clip."""

    rotations: np.ndarray
    translation: np.ndarray


def observe_truth(clip, valid=None):
    """The observation of a true clip: head and wrist joints as they are; ``valid`` (T, 3) drops some of them."""
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    seen = np.ones((len(clip), 3), bool) if valid is None else valid
    return Observation(world[:, tracked].astype(np.float32), joints[:, tracked].astype(np.float32), seen, BETAS_OF_MEAN)


def sage_offline(networks, clip, observation, sampling=MEAN):
    """SAGE in overlapping windows."""
    return predict(networks.sage, observation, clip.rest_joints, sampling)


def sage_online(networks, clip, observation):
    """SAGE frame by frame, each pose from the past only."""
    stream = SageStream(networks.sage, clip.rest_joints)
    frames = zip(observation.rotations, observation.positions, observation.valid, strict=True)
    poses = [stream.step(*frame) for frame in frames]
    return Predicted(torch.stack([p[0] for p in poses]), torch.stack([p[1] for p in poses]))


def sage_refined(networks, clip, observation):
    """The product's road: SAGE, then windows refined under FLAG's prior."""
    start = predict(networks.sage, observation, clip.rest_joints)
    moved = refine(networks.flag, observation, start.rotations, start.translation, clip.rest_joints, start.contacts)
    return Predicted(*moved)


def flag_alone(networks, clip, observation):
    """FLAG frame by frame from mu_H, without optimisation."""
    return Predicted(*generate(networks.flag, observation, clip.rest_joints))


def flag_refined(networks, clip, observation):
    """The same, then windows refined."""
    start = generate(networks.flag, observation, clip.rest_joints)
    return Predicted(*refine(networks.flag, observation, *start, clip.rest_joints))


METHODS = {
    "SAGE": sage_offline,
    "SAGE, online": sage_online,
    "SAGE, refined": sage_refined,
    "FLAG": flag_alone,
    "FLAG, refined": flag_refined,
}
PLACES_ITSELF = ("SAGE, refined", "FLAG, refined")
"""Methods that are scored where they put the body; all others are placed by the true head, as published."""


def evaluate(networks, clips, method, progress=None):
    """Rows of ``metrics``, one a clip, with the clip's ``name``, ``activity`` and ``split``; and the predictions."""
    rows, predictions = [], []
    for number, clip in enumerate(clips):
        if progress:
            progress(number / len(clips), f"{method}: {clip.name}")
        found = METHODS[method](networks, clip, observe_truth(clip))
        rotations, translation = np.asarray(found.rotations.cpu()), np.asarray(found.translation.cpu())
        if method in PLACES_ITSELF:
            row = score_motion(rotations, translation, clip)
        else:
            row = score_clip(rotations, clip)
        about = {key: clip.meta.get(key, "") for key in ("name", "activity", "split")}
        rows.append(about | row)
        predictions.append(Predicted(rotations, translation))
    return rows, predictions
