"""Feet that stand still: what refinement leaves of their sliding is closed by geometry, the legs' two-bone solution."""

import torch

from ..kinematics import forward_kinematics
from ..rotations import transpose
from ..skeleton import FEET
from .arms import bend_arm
from .feet import BELIEVED, plants

LEGS = ((1, 4, 7), (2, 5, 8))
"""Hip, knee and ankle of either side; ``skeleton.FEET`` has its joints of either side in turns."""
HINGE = (1.0, 0.0, 0.0)
"""The axis in the thigh's frame about which a knee bends."""
POSSIBLE = 0.1
"""Probability of contact from which a foot is held. Lower than what refinement asks for: there a foot that is held in
vain pulls at the whole body, here only at its leg, while most sliding is of feet whose standing was doubted."""
RELEASE_FRAMES = 20
"""Frames over which a foot that stands no more, or not yet, goes its own way."""


def foot_corrections(joints, contacts):
    """How far each foot is from where it should stand: (T, 2, 3) metres along the floor, fading out where none should.

    ``joints`` (T, 22, 3), ``contacts`` (T, 4) for ``skeleton.FEET``. A foot should stand where it does on average; one
    that goes further than ``BELIEVED`` is less and less held back.
    """
    away = (plants(joints, contacts, POSSIBLE) - joints[:, FEET]) * joints.new_tensor([1.0, 0.0, 1.0])
    weight = torch.where(contacts > POSSIBLE, contacts, torch.zeros_like(contacts))
    corrections = []
    for side in range(len(LEGS)):
        total = weight[:, side::2].sum(1)
        mean = (weight[:, side::2, None] * away[:, side::2]).sum(1) / total.clamp_min(1e-6)[:, None]
        held = mean / (1 + mean.square().sum(-1, keepdim=True) / BELIEVED**2)
        corrections.append(_release(held, total > 0))
    return torch.stack(corrections, 1)


def move_feet(rotations, translation, corrections, rest_joints):
    """Bend legs so that ankles lie where they lay plus ``corrections`` (T, 2, 3); feet keep their turn in the world.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis, ``rest_joints`` (22, 3). Returns rotations.
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    solved = rotations.clone()
    for side, (hip, knee, ankle) in enumerate(LEGS):
        hinge = world[:, hip] @ world.new_tensor(HINGE)
        target = joints[:, ankle] + corrections[:, side]
        thigh, shank = bend_arm(joints[:, hip], joints[:, knee], joints[:, ankle], target, hinge)
        hip_world, knee_world = thigh @ world[:, hip], shank @ world[:, knee]
        moved = (corrections[:, side].norm(dim=-1) > 0)[:, None, None]
        for joint, rotation in (
            (hip, transpose(world[:, 0]) @ hip_world),
            (knee, transpose(hip_world) @ knee_world),
            (ankle, transpose(knee_world) @ world[:, ankle]),
        ):
            solved[:, joint] = torch.where(moved, rotation, rotations[:, joint])
    return solved


def _release(values, known):
    """Values (T, 3) where ``known`` (T,), elsewhere the known ones before and after, dying away from them."""
    time = torch.arange(len(values), device=values.device)
    far = len(values) + RELEASE_FRAMES
    before = torch.where(known, time, -far).cummax(0).values
    after = torch.where(known, time, 2 * far).flip(0).cummin(0).values.flip(0)
    result = torch.zeros_like(values)
    for known_at, distance in ((before, time - before), (after, after - time)):
        share = (1 - distance / RELEASE_FRAMES).clamp_min(0)
        share = share * share * (3 - 2 * share)
        result = result + share[:, None] * values[known_at.clamp(0, len(values) - 1)]
    return torch.where(known[:, None], values, result)
