"""Both models on clips whose truth is known: what each method predicts, and its scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch

from ..flag.generation import generate
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import Array
from ..geometry.skeleton import TRACKED_JOINTS
from ..live.body import follow
from ..mocap.clips import Clip
from ..observation import Observation
from ..pipeline import Networks, Options, solve_pose
from ..refinement.initial_motion import Unrefined
from ..refinement.refine import refine
from ..sage.ensemble import members_of
from ..sage.inference import Progress, predict
from ..sage.model import MEAN, Sampling
from ..sage.streaming import SageStream
from .scores import head_placed, score_clip, score_motion

BETAS_OF_MEAN = np.zeros(10, np.float32)
HANDS_SEEN = {"both": (True, True), "left": (True, False), "right": (False, True), "none": (False, False)}
"""Which hands a method is shown: whether the left and the right one are seen."""


@dataclass(frozen=True)
class Predicted(Generic[Array]):
    """Local ``rotations`` (T, 22, 3, 3) and pelvis ``translation`` (T, 3) of one clip, in the model's frame."""

    rotations: Array
    translation: Array


Method = Callable[[Networks, Clip, Observation], Predicted[torch.Tensor]]
"""``predict_clip(networks, clip, observation)``."""


def observe_truth(clip: Clip, valid: np.ndarray | None = None) -> Observation:
    """The observation of a true clip: head and wrist joints as they are; ``valid`` (T, 3) drops some of them."""
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    seen = np.ones((len(clip), 3), bool) if valid is None else valid
    return Observation(world[:, tracked].astype(np.float32), joints[:, tracked].astype(np.float32), seen, BETAS_OF_MEAN)


def sage_offline(
    networks: Networks, clip: Clip, observation: Observation, sampling: Sampling = MEAN
) -> Predicted[torch.Tensor]:
    """SAGE in overlapping windows."""
    found = predict(networks.sage, observation, clip.rest_joints, sampling)
    return Predicted(found.rotations, found.translation)


def sage_online(networks: Networks, clip: Clip, observation: Observation) -> Predicted[torch.Tensor]:
    """SAGE frame by frame, each pose from the past only."""
    stream = SageStream(members_of(networks.sage)[0], clip.rest_joints)
    frames = zip(observation.rotations, observation.positions, observation.valid, strict=True)
    poses = [stream.step(*frame) for frame in frames]
    return Predicted(torch.stack([p[0] for p in poses]), torch.stack([p[1] for p in poses]))


def sage_live(networks: Networks, clip: Clip, observation: Observation) -> Predicted[torch.Tensor]:
    """The same with hands on their trackers and feet on the floor, as ``live`` shows it."""
    found = follow(members_of(networks.sage)[0], observation, clip.rest_joints)
    return Predicted(found.rotations, found.translation)


def sage_refined(networks: Networks, clip: Clip, observation: Observation) -> Predicted[torch.Tensor]:
    """The product's pipeline: SAGE, then windows refined under FLAG's prior."""
    solution = solve_pose(observation, clip.rest_joints, Options(), networks)
    return Predicted(solution.rotations, solution.translation)


def flag_alone(networks: Networks, clip: Clip, observation: Observation) -> Predicted[torch.Tensor]:
    """FLAG frame by frame from mu_H, without optimisation."""
    return Predicted(*generate(networks.flag, observation, clip.rest_joints))


def flag_refined(networks: Networks, clip: Clip, observation: Observation) -> Predicted[torch.Tensor]:
    """The same, then windows refined."""
    start = Unrefined(*generate(networks.flag, observation, clip.rest_joints))
    return Predicted(*refine(networks.flag, observation, start, clip.rest_joints).motion)


METHODS: dict[str, Method] = {
    "SAGE": sage_offline,
    "SAGE, online": sage_online,
    "SAGE, live": sage_live,
    "SAGE, refined": sage_refined,
    "FLAG": flag_alone,
    "FLAG, refined": flag_refined,
}
PLACES_ITSELF = ("SAGE, live", "SAGE, refined", "FLAG, refined")
"""Methods that are scored where they put the body; all others are placed by the true head, as published."""
BY_HEAD, BY_ITSELF = "true head", "itself"
"""Names of who places the body of a row."""


def evaluate(
    networks: Networks, clips: Sequence[Clip], method: str, progress: Progress | None = None, hands: str = "both"
) -> tuple[list[dict[str, Any]], list[Predicted[np.ndarray]]]:
    """``score`` one of ``METHODS``."""
    return score(METHODS[method], networks, clips, method, progress, hands, method in PLACES_ITSELF)


def score(
    predict_clip: Method,
    networks: Networks,
    clips: Sequence[Clip],
    label: str,
    progress: Progress | None = None,
    hands: str = "both",
    places_itself: bool = False,
) -> tuple[list[dict[str, Any]], list[Predicted[np.ndarray]]]:
    """Score ``predict_clip(networks, clip, observation)``, shown head and ``hands`` (one of ``HANDS_SEEN``).

    Returns rows of ``metrics``, one a clip, with the clip's ``name``, ``activity`` and ``split``; and the predictions
    (``Predicted``, arrays). Placed by the true head, unless the method ``places_itself``.
    """
    rows, predictions = [], []
    for number, clip in enumerate(clips):
        if progress is not None:
            progress(number / len(clips), f"{label}: {clip.name}")
        valid = np.tile([True, *HANDS_SEEN[hands]], (len(clip), 1))
        row, predicted = score_one(predict_clip, networks, clip, observe_truth(clip, valid), places_itself)
        rows.append(row)
        predictions.append(predicted)
    return rows, predictions


def score_one(
    predict_clip: Method, networks: Networks, clip: Clip, observation: Observation, places_itself: bool
) -> tuple[dict[str, Any], Predicted[np.ndarray]]:
    """The row of one clip, whatever the method is shown of it, and the prediction."""
    found = predict_clip(networks, clip, observation)
    predicted = Predicted(found.rotations.cpu().numpy(), found.translation.cpu().numpy())
    if places_itself:
        row = score_motion(predicted.rotations, predicted.translation, clip)
    else:
        row = score_clip(predicted.rotations, clip)
    return {key: clip.meta.get(key, "") for key in ("name", "activity", "split")} | row, predicted


def placement(method: str) -> str:
    """Who places the body of a method's rows."""
    return BY_ITSELF if method in PLACES_ITSELF else BY_HEAD


def scored_joints(method: str, predicted: Predicted[np.ndarray], clip: Clip) -> np.ndarray:
    """Joint positions (T, 22, 3) in metres of a ``Predicted``, where ``evaluate`` scores the method."""
    if method not in PLACES_ITSELF:
        return head_placed(predicted.rotations, clip)
    rotations, translation = predicted.rotations.astype(np.float64), predicted.translation.astype(np.float64)
    return forward_kinematics(rotations, translation, clip.rest_joints)[1]
