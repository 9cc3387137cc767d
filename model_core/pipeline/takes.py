"""Takes: plausible motions beside the mean, that differ where nothing was seen, in all of a recording or a part."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..body.foot_contacts import foot_rest_heights
from ..errors import InputError
from ..flag.model import Flag
from ..geometry.filters import gaussian_smooth, smoothstep
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import slerp_matrices, transpose
from ..geometry.skeleton import ANKLES, BODY_JOINT_COUNT, COLLARS, ELBOWS, HEAD, LOWER_HALF, PARENTS, SHOULDERS, WRISTS
from ..observation import FPS, Observation
from ..options import Options
from ..progress import Progress, part_of
from ..refinement.body_trackers import BodyTrackers
from ..refinement.closed_form.legs import move_feet
from ..refinement.initial_motion import BodyMotion, Unrefined
from ..refinement.pinning.time_weights import FADE_FRAMES
from ..refinement.refine import refine
from ..refinement.standing.feet import foot_contacts
from ..refinement.stretches import between, part_of_observation
from ..sage.ensemble import SageEnsemble
from ..sage.inference import Prediction, predict_all
from ..sage.model import MEAN, Sage, Sampling
from ..window_blending import cross_fade

TAKE = Sampling(steps=5, noise=0.3, smoothing=16.0, still_pace=0.05, still_noise=0.7)
"""How takes after the first are drawn. Unit noise that is another one at each token, as in training, the decoder
averages away: feet skate, and takes are alike. Noise that goes one way for half a second brings other motions at less
strength; more than this breaks a gait. Under a still head it goes one way for ten seconds, or who stands there would
step about all the time, and is weaker, for what lasts moves the body more (``weights/sage.md``)."""
TAKES_PER_SEED = 1000
"""So far apart are users' seeds, lest a take of one be another take of the next."""
ARMS = tuple(zip(COLLARS, SHOULDERS, ELBOWS, WRISTS, strict=True))
"""The joints that the left and the right hand's tracker tells of."""
LOST_FRAMES = 6.0
"""Standard deviation in frames of the way from what was seen to what is drawn, inside a gap."""
EDGE_FRAMES, SHORTEST_EDGE = 30, 12
"""Frames inside of a part over which the motion around it goes over into the take: a third of it where it is short, and
never fewer than a foot needs for a step. A part that is shorter still goes only some of the way."""


def sampling_of(options: Options) -> Sampling:
    """How SAGE is sampled: for take 0 in one step from zero noise, else from the noise of this seed and take."""
    if options.take == 0:
        return MEAN
    return replace(TAKE, seed=TAKES_PER_SEED * options.seed + options.take)


def predict_takes(
    sage: Sage | SageEnsemble,
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[Prediction]:
    """SAGE's mean motions of several observations, or draws that differ from them where nothing was seen."""
    if sampling.noise == 0:
        return predict_all(sage, observations, rest_joints, sampling, progress=progress)
    means = predict_all(sage, observations, rest_joints, MEAN, progress=part_of(progress, 0, 0.5))
    drawn = predict_all(sage, observations, rest_joints, sampling, progress=part_of(progress, 0.5, 1))
    return [drawn_where_unseen(*each) for each in zip(means, drawn, observations, rest_joints, strict=True)]


def drawn_where_unseen(
    mean: Prediction, drawn: Prediction, observation: Observation, rest_joints: np.ndarray | torch.Tensor
) -> Prediction:
    """The drawn motion with what trackers tell of as in the ``mean`` one, of a person with ``rest_joints`` (22, 3).

    Legs, how the pelvis is turned, and contacts are drawn; an arm is while its hand is lost; trunk and head are while
    the head is lost. All else is turned in the world as in the mean, hung from the same head.
    """
    rest = torch.as_tensor(rest_joints).to(mean.translation)[:BODY_JOINT_COUNT]
    (world, joints), (other, _) = (forward_kinematics(m.rotations, m.translation, rest) for m in (mean, drawn))
    lost = 1 - observation.to(mean.translation)[2]
    lost = smoothstep(2 * gaussian_smooth(lost, LOST_FRAMES) - 1) * lost
    weight = lost[:, :1].expand(-1, BODY_JOINT_COUNT).clone()
    weight[:, list(LOWER_HALF)] = 1
    for side, arm in enumerate(ARMS):
        weight[:, list(arm)] = torch.maximum(lost[:, :1], lost[:, side + 1, None])
    turned = slerp_matrices(world, other, weight)
    local = torch.cat([turned[:, :1], transpose(turned[:, list(PARENTS[1:BODY_JOINT_COUNT])]) @ turned[:, 1:]], 1)
    hung = forward_kinematics(local, torch.zeros_like(mean.translation), rest)[1]
    return Prediction(local, joints[:, HEAD] - hung[:, HEAD], drawn.contacts)


def frames_of_part(part: tuple[float, float], count: int) -> tuple[int, int]:
    """The first frame of a part (first and last second) of a motion of ``count`` frames, and the one after its last.

    Raises ``InputError`` where the motion has nothing of it.
    """
    begin, end = max(0, round(part[0] * FPS)), min(count, round(part[1] * FPS) + 1)
    if begin >= end:
        raise InputError(
            f"the part of the take, {part[0]:.2f} to {part[1]:.2f} s, is outside the motion, which ends at "
            f"{(count - 1) / FPS:.2f} s"
        )
    return begin, end


def part_taken_over(
    model: Flag,
    observation: Observation,
    motion: BodyMotion,
    take: BodyMotion,
    part: tuple[float, float],
    rest_joints: np.ndarray,
    body_trackers: BodyTrackers | None,
    refined: bool,
    progress: Progress | None = None,
) -> Unrefined:
    """The ``motion`` with what is drawn of the ``take`` in a ``part`` of it (first and last second), and the same to
    the last bit elsewhere.

    Both have contacts. Inside the part one goes over into the other; where it is ``refined``, the part is refined once
    more, so that feet step from where they stood to where they stand in the take. Trunk, head and arms stay those of
    the motion where they were seen. Raises ``InputError``.
    """
    count = len(motion.translation)
    begin, end = frames_of_part(part, count)
    some = slice(begin, end)
    like = motion.translation
    rest = torch.as_tensor(np.asarray(rest_joints)).to(like)[:BODY_JOINT_COUNT]
    assert motion.contacts is not None and take.contacts is not None
    edge = min(EDGE_FRAMES, max(SHORTEST_EDGE, (end - begin) // 3))
    weight = smoothstep(_fade(begin, end, count, edge).to(like))
    mixed = between((motion.rotations[some], motion.translation[some]), (take.rotations[some], take.translation[some]),
                     weight)  # fmt: skip
    contacts = torch.lerp(motion.contacts[some], take.contacts[some], weight[:, None])
    part_seen = part_of_observation(observation, begin, end)
    if refined:
        joints = forward_kinematics(*mixed, rest)[1]
        moving = (weight > 0) & (weight < 1)
        slow = foot_contacts(joints, foot_rest_heights(rest))
        contacts = torch.where(moving[:, None], torch.minimum(contacts, slow), contacts)
        trackers = None if body_trackers is None else body_trackers.take(torch.arange(begin, end, device=like.device))
        found = refine(model, part_seen, Unrefined(*mixed, contacts), rest, trackers, progress=progress)
        fade = _fade(begin, end, count, min(FADE_FRAMES, edge)).to(like)
        mixed, contacts = (
            between((motion.rotations[some], motion.translation[some]), (found.rotations, found.translation), fade),
            torch.lerp(motion.contacts[some], found.contacts, fade[:, None]),
        )
    shown = Prediction(motion.rotations[some], motion.translation[some], motion.contacts[some])
    new = _standing_where_unseen(shown, Prediction(*mixed, contacts), part_seen, rest)
    whole = [values.clone() for values in (motion.rotations, motion.translation, motion.contacts)]
    for values, of_part in zip(whole, (new.rotations, new.translation, new.contacts), strict=True):
        values[some] = of_part
    return Unrefined(*whole)


def _standing_where_unseen(
    shown: Prediction, drawn: Prediction, observation: Observation, rest: torch.Tensor
) -> Prediction:
    """``drawn_where_unseen`` with the feet where they are in the ``drawn`` motion, though its pelvis lies elsewhere."""
    mixed = drawn_where_unseen(shown, drawn, observation, rest)
    world, joints = (values[:, list(ANKLES)] for values in forward_kinematics(drawn.rotations, drawn.translation, rest))
    return replace(mixed, rotations=move_feet(mixed.rotations, mixed.translation, joints, world, rest))


def _fade(begin: int, end: int, count: int, length: int) -> torch.Tensor:
    """How much of what is new (n,) there is in the frames of a part; the motion's own ends are no edges of it."""
    return torch.as_tensor(cross_fade([begin], end - begin, count, length, hold_ends=True)[0])
