"""Both models on clips whose truth is known: what each method predicts, and its scores."""

from dataclasses import dataclass

import numpy as np
import torch

from ..flag.generation import generate
from ..refinement.refine import refine
from ..geometry.kinematics import forward_kinematics
from .metrics import head_placed, score_clip, score_motion
from ..observation import Observation
from ..sage.inference import predict
from ..sage.model import MEAN
from ..sage.streaming import SageStream
from ..geometry.skeleton import TRACKED_JOINTS

BETAS_OF_MEAN = np.zeros(10, np.float32)
HANDS = {"both": (True, True), "left": (True, False), "right": (False, True), "none": (False, False)}
"""Which hands a method is shown: whether the left and the right one are seen."""


@dataclass(frozen=True)
class Predicted:
    """Local ``rotations`` (T, 22, 3, 3) and pelvis ``translation`` (T, 3) of one clip, in the model's frame."""

    rotations: np.ndarray | torch.Tensor
    translation: np.ndarray | torch.Tensor


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
BY_HEAD, BY_ITSELF = "true head", "itself"
"""Who places the body of a row, in words."""


def evaluate(networks, clips, method, progress=None, hands="both"):
    """``score`` one of ``METHODS``."""
    return score(METHODS[method], networks, clips, method, progress, hands, method in PLACES_ITSELF)


def score(predict_clip, networks, clips, label, progress=None, hands="both", places_itself=False):
    """Score ``predict_clip(networks, clip, observation)``, shown head and ``hands`` (one of ``HANDS``).

    Returns rows of ``metrics``, one a clip, with the clip's ``name``, ``activity`` and ``split``; and the predictions
    (``Predicted``, arrays). Placed by the true head, unless the method ``places_itself``.
    """
    rows, predictions = [], []
    for number, clip in enumerate(clips):
        if progress:
            progress(number / len(clips), f"{label}: {clip.name}")
        valid = np.tile([True, *HANDS[hands]], (len(clip), 1))
        found = predict_clip(networks, clip, observe_truth(clip, valid))
        predicted = Predicted(found.rotations.cpu().numpy(), found.translation.cpu().numpy())
        if places_itself:
            row = score_motion(predicted.rotations, predicted.translation, clip)
        else:
            row = score_clip(predicted.rotations, clip)
        about = {key: clip.meta.get(key, "") for key in ("name", "activity", "split")}
        rows.append(about | row)
        predictions.append(predicted)
    return rows, predictions


def placement(method):
    """Who places the body of a method's rows."""
    return BY_ITSELF if method in PLACES_ITSELF else BY_HEAD


def scored_joints(method, predicted, clip):
    """Joint positions (T, 22, 3) in metres of a ``Predicted``, where ``evaluate`` scores the method."""
    if method not in PLACES_ITSELF:
        return head_placed(predicted.rotations, clip)
    rotations, translation = predicted.rotations.astype(np.float64), predicted.translation.astype(np.float64)
    return forward_kinematics(rotations, translation, clip.rest_joints)[1]
