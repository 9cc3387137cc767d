"""Feet that stand still, and on the floor: what refinement leaves of it is closed by the legs' two-bone solution."""

import torch

from ..geometry.filters import gaussian_smooth
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import transpose
from ..geometry.skeleton import FEET
from .arms import two_bone_ik
from .feet import LIKELY_CONTACT, foot_anchors
from .smoothing import fade_outside

LEGS = ((1, 4, 7), (2, 5, 8))
"""Hip, knee and ankle of either side; ``skeleton.FEET`` alternates between the sides."""
HINGE = (1.0, 0.0, 0.0)
"""The axis in the thigh's frame about which a knee bends."""
POSSIBLE_CONTACT = 0.1
"""Probability of contact from which a foot is held. Lower than what refinement asks for: there a foot that is held in
vain pulls at the whole body, here only at its leg, while most sliding is of feet whose standing was doubted."""
HOLD_DISTANCE = 0.15
"""Metres from its anchor at which a standing foot begins to be taken to have moved after all. Refinement's energy takes
it so sooner (``energy.ANCHOR_ROBUST_SCALE``), since a foot held in vain pulls at the whole body there."""
RELEASE_FRAMES = 20
"""Frames over which the correction of a foot that stands no more, or not yet, fades."""
FOOT_SMOOTHING = 1.0
"""Standard deviation in frames by which corrections are blurred."""
TRACKED_FOOT_SMOOTHING = 4.0
"""The same of corrections that bring feet to trackers of their own."""
STEP_LENGTH = 0.2
"""Metres between two stands beyond which a foot has made a step, though contact never quite vanished between them."""
FLOOR_TOLERANCE = 0.007
"""Metres by which a foot may be below the floor, lest legs bend for nothing."""


def foot_corrections(
    joints: torch.Tensor,
    contacts: torch.Tensor,
    rest_heights: torch.Tensor,
    tracked: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> torch.Tensor:
    """How far each foot is from where it should be: (T, 2, 3) metres.

    ``joints`` (T, 22, 3), ``contacts`` (T, 4) and ``rest_heights`` (4,) of ``skeleton.FEET``. A foot that stands should
    do so where it does on average; one that goes further than ``HOLD_DISTANCE`` is held back less and less, and where
    none is held the correction fades. None should be in the floor. Feet that are ``tracked``, (T, 2) bool with their
    ankles' positions (T, 2, 3), go there, smoothed by ``TRACKED_FOOT_SMOOTHING``: trackers shake.
    """
    holding = (contacts > POSSIBLE_CONTACT) & ~step_frames(joints, contacts)
    anchors = foot_anchors(joints, contacts * holding, POSSIBLE_CONTACT)
    away = (anchors - joints[:, FEET]) * joints.new_tensor([1.0, 0.0, 1.0])
    weight = torch.where(holding, contacts, torch.zeros_like(contacts))
    depth = (rest_heights - joints[:, FEET, 1]).clamp_min(0)
    corrections = []
    for side in range(len(LEGS)):
        total = weight[:, side::2].sum(1)
        mean = (weight[:, side::2, None] * away[:, side::2]).sum(1) / total.clamp_min(1e-6)[:, None]
        held = mean / (1 + mean.square().sum(-1, keepdim=True) / HOLD_DISTANCE**2)
        correction = fade_outside(held, total > 0, RELEASE_FRAMES)
        sunk = depth[:, side::2].amax(1)
        correction[:, 1] = sunk - FLOOR_TOLERANCE * (1 - torch.exp(-sunk / FLOOR_TOLERANCE))
        correction = gaussian_smooth(correction, FOOT_SMOOTHING, hold_ends=False)
        if tracked is not None:
            seen, positions = (of_feet[:, side] for of_feet in tracked)
            missing = fade_outside(positions - joints[:, LEGS[side][2]], seen, RELEASE_FRAMES)
            unseen = 1 - fade_outside(torch.ones_like(correction), seen, RELEASE_FRAMES)
            correction = correction * unseen + gaussian_smooth(missing, TRACKED_FOOT_SMOOTHING, hold_ends=False)
        corrections.append(correction)
    return torch.stack(corrections, 1)


def step_frames(joints: torch.Tensor, contacts: torch.Tensor) -> torch.Tensor:
    """(T, 4) bool: where a foot is doubted to stand, and is on its way from one likely stand to another far from it.

    Without these frames the two are one stretch of contact, whose mean place is neither.
    """
    likely, gone = contacts > LIKELY_CONTACT, contacts <= POSSIBLE_CONTACT
    time = torch.arange(len(contacts), device=contacts.device)[:, None].expand(contacts.shape)
    before = torch.where(likely, time, -1).cummax(0).values
    after = torch.where(likely, time, len(time)).flip(0).cummin(0).values.flip(0)
    between = ~likely & (before >= 0) & (after < len(time))
    lost = gone.long().cumsum(0)
    throughout = lost.gather(0, after.clamp_max(len(time) - 1)) == lost.gather(0, before.clamp_min(0))
    step = foot_anchors(joints.flip(0), contacts.flip(0)).flip(0) - foot_anchors(joints, contacts)
    return between & throughout & (step[..., [0, 2]].norm(dim=-1) > STEP_LENGTH)


def move_feet(
    rotations: torch.Tensor, translation: torch.Tensor, corrections: torch.Tensor, rest_joints: torch.Tensor
) -> torch.Tensor:
    """Bend legs so that ankles lie where they lay plus ``corrections`` (T, 2, 3); feet keep their turn in the world.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis, ``rest_joints`` (22, 3). Returns rotations.
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    solved = rotations.clone()
    for side, (hip, knee, ankle) in enumerate(LEGS):
        hinge = world[:, hip] @ world.new_tensor(HINGE)
        target = joints[:, ankle] + corrections[:, side]
        thigh, shank = two_bone_ik(joints[:, hip], joints[:, knee], joints[:, ankle], target, hinge)
        hip_world, knee_world = thigh @ world[:, hip], shank @ world[:, knee]
        moved = (corrections[:, side].norm(dim=-1) > 0)[:, None, None]
        for joint, rotation in (
            (hip, transpose(world[:, 0]) @ hip_world),
            (knee, transpose(hip_world) @ knee_world),
            (ankle, transpose(knee_world) @ world[:, ankle]),
        ):
            solved[:, joint] = torch.where(moved, rotation, rotations[:, joint])
    return solved
