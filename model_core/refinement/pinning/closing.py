"""What a motion lacks of its pins is closed: the whole body takes it up by damped least squares.

Head, hands and feet that nobody pinned stay, but for feet under a pelvis that was somewhere else. Only corrections are
added, smooth ones, so that a motion keeps what it was refined to.
"""

from collections.abc import Sequence

import numpy as np
import torch

from ...geometry.filters import gaussian_smooth
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import matrix_to_axis_angle, transpose
from ...geometry.skeleton import ANKLES, ELBOWS, FEET, HEAD, HIPS, PARENTS, PELVIS, SHOULDERS, SPINE, TOES, WRISTS
from ..body_trackers import BodyTrackers
from ..closed_form.whole_body import WholeBodyTargets, reach_with_whole_body
from .held_joints import HeldJoint, worn_on
from .time_weights import time_weights

RESTING = 0.001
"""Metres a frame that are added to a foot's path: what pins ask of feet changes while these move."""
STEP_SIGMA = 6.0
"""Frames over which a foot's path is smoothed, so that a correction goes over softly as the foot sets out."""
FEET_FOLLOW = 0.6
"""The part of a pelvis's way over the floor and of its turn about the vertical that feet go along with which nobody
pinned. Of their errors on mocap 0.3 to 1.4 go along, by data set; of the pelvis's height they share nothing."""
TRUNK = (PELVIS, *HIPS, *SPINE, *SHOULDERS)
TRUNK_SIGMA = 0.02
"""Metres within which the trunk stays where it is for pins of limbs: what is wrong of a leg says little of it."""
FARTHEST_CLOSED = (1.0, 0.4, 0.1)
"""Metres of what a pin lacks that are closed at once; more would break the body. The next one where with the one before
a joint jumps, or head or hands are pulled away; where that is so even with the last, the pin is out of reach and
nothing is closed."""
FASTEST = 0.15
"""Metres that no joint moves in a frame for a pin, 9 m/s, unless it did so before or is pinned in both frames."""
SWUNG, FASTEST_PINNED = 1.5, 0.25
"""How much faster than a pinned joint what hangs on it may move, and the metres in a frame, 15 m/s, that even then are
a jump."""
TRACKED = [HEAD, *WRISTS]
MOST_PULLED = 0.02
"""Metres by which a pin may pull head and hands from their trackers."""
LOOKED_AT = 8
"""Frames from one to the next that are closed first, to see at little cost whether head or hands would be pulled."""
LARGEST_TURN = 0.8
"""Radians that a joint is turned for a pin at once."""


def close_without_jumps(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    before: torch.Tensor,
    body_trackers: BodyTrackers | None,
    limited: bool,
    farthest: float = FARTHEST_CLOSED[0],
) -> tuple[tuple[torch.Tensor, torch.Tensor], float]:
    """``_close`` by up to ``farthest`` metres, or as much less as leaves the body whole, and how much that was, 0 where
    nothing does: out of reach, one frame finds another pose than the next, and head and hands are pulled from where
    they were ``before``."""
    joints = forward_kinematics(rotations, translation, rest)[1]
    fastest = torch.maximum(_steps(joints), _pinned_steps(held, before)).clamp_min(FASTEST)
    lacking = max(float(_lacking(one, joints, rest).norm(dim=-1).max()) for one in held)
    chosen = [metres for metres in FARTHEST_CLOSED if metres <= farthest]
    for place, metres in enumerate(chosen):
        if place and lacking <= metres:
            continue  # It would close all that is lacking, as the one before did.
        how = rotations, translation, rest, held, before, body_trackers, metres, limited
        if _pulled(_close(*how, LOOKED_AT), rest, before[::LOOKED_AT]):
            continue
        closed = _close(*how, 1)
        torn = bool((_steps(forward_kinematics(*closed, rest)[1]) > fastest).any())
        if not torn and not _pulled(closed, rest, before):
            return closed, metres
    return (rotations, translation), 0.0


def _pulled(body: tuple[torch.Tensor, torch.Tensor], rest: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether head or hands are pulled from where they were ``before`` (T, 22, 3)."""
    joints = forward_kinematics(*body, rest)[1]
    return bool(((joints - before)[:, TRACKED].norm(dim=-1) > MOST_PULLED).any())


def _steps(joints: torch.Tensor) -> torch.Tensor:
    """Metres (T - 1, 22) by which joints (T, 22, 3) move from each frame to the next."""
    return (joints[1:] - joints[:-1]).norm(dim=-1)


def _pinned_steps(held: Sequence[HeldJoint], like: torch.Tensor) -> torch.Tensor:
    """Metres (T - 1, 1) that joints may move from each frame to the next where both are pinned."""
    steps = like.new_zeros(len(like) - 1, 1)
    for one in held:
        next_to = np.flatnonzero(np.diff(one.frames) == 1)
        frames = torch.as_tensor(one.frames[next_to]).to(steps.device)
        ways = SWUNG * (one.positions[next_to + 1] - one.positions[next_to]).norm(dim=-1, keepdim=True)
        steps[frames] = torch.maximum(steps[frames], ways)
    return steps.clamp_max(FASTEST_PINNED)


def _close(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    before: torch.Tensor,
    body_trackers: BodyTrackers | None,
    farthest: float,
    limited: bool,
    every: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion with what pins lack closed by up to ``farthest`` metres, ``limited`` as by ``reach_with_whole_body``:
    one in ``every`` of its frames, none of which hangs on another.

    Head and hands stay where joints were ``before`` (T, 22, 3) any closing, elbows about there: pins of other joints
    say nothing of them. What ``body_trackers`` see stays where it is.
    """
    world, joints = forward_kinematics(rotations, translation, rest)
    targets = WholeBodyTargets.staying(world, joints)
    targets.positions[:, TRACKED] = before[:, TRACKED]
    targets.keep(ELBOWS, before[:, list(ELBOWS)])
    targets.keep(TRUNK, joints[:, list(TRUNK)], TRUNK_SIGMA)
    if body_trackers is not None:
        for joint, valid in zip(body_trackers.joints, body_trackers.valid.unbind(1), strict=True):
            targets.stay(joint, joints[:, joint], valid)
    asked = [_asked(one, world, joints, rest, farthest, one.joint if one.joint in FEET else None) for one in held]
    for one, (_, _, weights) in zip(held, asked, strict=True):
        if one.joint in TRUNK:
            told = weights.sum(1).clamp(0, 1)
            for joint in TRUNK:
                targets.release(joint, told)
        if one.joint == PELVIS:
            for ankle in ANKLES:
                way, turn = _followed(one, world, joints, rest, farthest, ankle)
                unseen = _unseen(body_trackers, ankle, way)
                targets.positions[:, ankle] += way * unseen
                targets.turn(ankle, turn * unseen, torch.zeros_like(unseen[:, 0]))
    for one, (moved, turned, weights) in zip(held, asked, strict=True):
        told = weights.sum(1).clamp(0, 1)
        followed = (1 - told)[:, None] * (targets.positions[:, one.joint] - joints[:, one.joint])
        target = _reachable(joints[:, one.joint] + moved + followed, joints[:, HEAD], one.joint, rest)
        if one.joint in ELBOWS:
            target = _beside_wrist(target, joints, one.joint)
        targets.hold(one.joint, target, told)
        if one.joint in TOES:
            targets.release(worn_on(one.joint), told)
        if bool(one.turned.any()):
            targets.turn(one.joint, turned, (weights @ one.turned.to(joints)).clamp(0, 1))
    some = slice(None, None, every)
    return reach_with_whole_body(rotations[some], translation[some], rest, targets.take(some), limited)


def _asked(
    held: HeldJoint, world: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor, farthest: float, walking: int | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What pins ask of a joint, at every frame: to move (T, 3) in metres, to turn (T, 3), an axis-angle, and the
    weights (T, M) of its pins.

    At a pin it is all that lacks, up to ``farthest`` and ``LARGEST_TURN``; elsewhere by ``time_weights``, along the
    path of the foot ``walking``, if any.
    """
    frames = torch.as_tensor(held.frames).to(joints.device)
    lacking = _shortened(_lacking(held, joints, rest), farthest)
    turn = matrix_to_axis_angle(held.rotations @ transpose(world[frames, held.joint])) * held.turned[:, None]
    path = None
    if walking is not None:
        step = (joints[1:, walking] - joints[:-1, walking]).norm(dim=-1).cpu().double().numpy()
        path = np.concatenate([[0.0], np.cumsum(gaussian_smooth(step, STEP_SIGMA) + RESTING)])
    weights = torch.as_tensor(time_weights(held.frames, held.reach, len(joints), path)).to(joints)
    return weights @ lacking, weights @ _shortened(turn, LARGEST_TURN), weights


def _lacking(held: HeldJoint, joints: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    """What a joint lacks of its pins (M, 3) in metres, as far as anybody reaches.

    On the way to what nobody reaches a joint would be at its limit within a frame or two.
    """
    frames = torch.as_tensor(held.frames).to(joints.device)
    return _reachable(held.positions, joints[frames, HEAD], held.joint, rest) - joints[frames, held.joint]


def _followed(
    pelvis: HeldJoint, world: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor, farthest: float, ankle: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """How far an ankle goes (T, 3) along with a pinned pelvis, in metres, and turns (T, 3), an axis-angle."""
    way, turn, _ = _asked(pelvis, world, joints, rest, farthest, ankle)
    up = FEET_FOLLOW * turn[:, 1]
    lever = joints[:, ankle] - joints[:, PELVIS]
    none = torch.zeros_like(up)
    over_the_floor = torch.stack([FEET_FOLLOW * way[:, 0], none, FEET_FOLLOW * way[:, 2]], -1)
    around = torch.stack([up * lever[:, 2], none, -up * lever[:, 0]], -1)
    return over_the_floor + around, torch.stack([none, up, none], -1)


def _unseen(body_trackers: BodyTrackers | None, joint: int, like: torch.Tensor) -> torch.Tensor:
    """(T, 1), 1 where no body tracker sees a joint."""
    if body_trackers is None or joint not in body_trackers.joints:
        return torch.ones_like(like[:, :1])
    return 1 - body_trackers.valid[:, body_trackers.joints.index(joint), None]


def _reachable(targets: torch.Tensor, head: torch.Tensor, joint: int, rest: torch.Tensor) -> torch.Tensor:
    """Targets (T, 3) of a joint, brought as near to the head (T, 3) as the bones between are long."""
    length, paths = rest.new_zeros(()), ([HEAD], [joint])
    for path in paths:
        while PARENTS[path[-1]] >= 0:
            path.append(PARENTS[path[-1]])
    shared = set(paths[0]) & set(paths[1])
    for path in paths:
        for bone in path:
            if bone not in shared:
                length = length + (rest[bone] - rest[PARENTS[bone]]).norm()
    away = targets - head
    return head + away * (length / away.norm(dim=-1, keepdim=True).clamp_min(1e-6)).clamp_max(1)


def _beside_wrist(targets: torch.Tensor, joints: torch.Tensor, elbow: int) -> torch.Tensor:
    """Targets (T, 3) of an elbow, brought as near to its wrist as the forearm is long: hands stay where they are."""
    wrist = joints[:, WRISTS[ELBOWS.index(elbow)]]
    length, away = (joints[:, elbow] - wrist).norm(dim=-1, keepdim=True), targets - wrist
    return wrist + away * length / away.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def _shortened(vectors: torch.Tensor, longest: float) -> torch.Tensor:
    """Vectors (M, 3), none of them longer than ``longest``."""
    return vectors * (longest / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-9)).clamp_max(1)
