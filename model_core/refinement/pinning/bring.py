"""A motion is brought to pins: places where joints are, as somebody says, at some moments.

What a pin's joint lacks of its place is a correction, which holds on while the joint hardly moves, goes over into the
next pin's, and wears off within the pin's reach and as a foot walks on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...body.foot_contacts import foot_rest_heights
from ...geometry.kinematics import forward_kinematics
from ...geometry.skeleton import BODY_JOINT_COUNT, FEET
from ...progress import Progress, part_of
from ..body_trackers import SOLES, BodyTrackers
from ..initial_motion import Unrefined
from ..standing.feet import foot_contacts, obey_contacts
from .closing import FARTHEST_CLOSED, close_without_jumps
from .held_joints import HeldJoint, out_of_reach, stretches_of, worn_on
from .time_weights import evidence_weights

SOFT_PART = 0.7
"""The part of what a soft pin lacks that is asked for."""
CLOSINGS, MET = 8, 0.004
"""So often that is done while the worst pin is off by so many metres."""
LEAST_GAIN = 0.0005
"""Metres by which it brings any pin nearer, or it is the last time."""
UNLIMITED = 2
"""So often knees and elbows may ask for more than they can do, which is smoother; then others do what they cannot."""
NEARLY, NEARER = 0.05, 0.03
"""A pin is out of reach that is off by more metres, and came nearer by less than so many the last time: more would only
pull the head after it."""
STAGE = "refining"


@dataclass(frozen=True)
class Pinned:
    """A motion that meets its pins: as in ``refine.Refined``, and the pins as body trackers."""

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor
    body_trackers: BodyTrackers


@torch.no_grad()
def bring_to_pins(
    motion: Unrefined,
    rest_joints: np.ndarray | torch.Tensor,
    held: Sequence[HeldJoint],
    body_trackers: BodyTrackers | None = None,
    progress: Progress | None = None,
    given_contacts: np.ndarray | None = None,
) -> Pinned:
    """The motion, corrected within the pins' reach; elsewhere it is the same to the last bit.

    ``motion`` has contacts, and meets its trackers, also those of ``body_trackers``, as far as it can; ``rest_joints``
    (22 or 24, 3). ``held`` has one value a joint, of one at least. ``progress(fraction, stage)`` may raise
    ``Cancelled``. ``given_contacts`` (T, 2) are 1 where somebody says that a foot stands, 0 where it is free, else NaN.
    """
    assert motion.contacts is not None
    rotations, translation, contacts = (
        part.clone() for part in (motion.rotations, motion.translation, motion.contacts)
    )
    rest = torch.as_tensor(rest_joints).to(translation)[:BODY_JOINT_COUNT]
    count, heights = len(translation), foot_rest_heights(rest)
    told = _no_trackers(held, count, translation)
    stretches = stretches_of(held, count)
    for number, (begin, end) in enumerate(stretches):
        some = slice(begin, end)
        here = [part for part in (joint.within(begin, end) for joint in held) if part is not None]
        seen = None if body_trackers is None else body_trackers.take(torch.arange(begin, end, device=rest.device))
        report = part_of(progress, number / len(stretches), (number + 1) / len(stretches))
        body = rotations[some], translation[some]
        body = _bring_stretch(*body, rest, here, seen, report)
        rotations[some], translation[some] = body
        world, joints = forward_kinematics(*body, rest)
        measured = foot_contacts(joints, heights)
        for joint in here:
            weights = evidence_weights(joint.frames, joint.reach, end - begin)
            tracked, valid = worn_on(joint.joint), torch.as_tensor(weights)
            index = told.joints.index(tracked)
            told.positions[some, index], told.rotations[some, index] = joints[:, tracked], world[:, tracked]
            told.valid[some, index] = torch.maximum(told.valid[some, index], valid.to(translation))
            for foot in (FEET.index(placed) for placed in SOLES.get(tracked, ())):
                contacts[some, foot] = torch.lerp(contacts[some, foot], measured[:, foot], valid.to(contacts))
    if given_contacts is not None:
        contacts = obey_contacts(contacts, torch.as_tensor(given_contacts).to(contacts))
    together = told if body_trackers is None else beside(body_trackers, told)
    return Pinned(rotations, translation, contacts, together)


def _bring_stretch(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    body_trackers: BodyTrackers | None,
    report: Progress,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A stretch with what its pins lack closed, again and again while that brings them near."""
    joints = forward_kinematics(rotations, translation, rest)[1]
    held = [_softened(one, joints) for one in held]
    body, off = (rotations, translation), _unknown(held)
    limited, farthest = False, FARTHEST_CLOSED[0]
    for closing in range(CLOSINGS):
        report(closing / CLOSINGS, STAGE)
        if not limited and (closing == UNLIMITED or not farthest):
            limited, farthest = True, FARTHEST_CLOSED[0]
        closed, farthest = close_without_jumps(*body, rest, held, joints, body_trackers, limited, farthest)
        if limited:
            near = [_within_reach(one, *closed, rest, before) for one, before in zip(held, off, strict=True)]
            if any(one is not other for one, other in zip(near, held, strict=True)):
                # Once more, whatever it brings: what nobody reaches has pulled at head and hands.
                body, held, off, farthest = closed, near, _unknown(near), FARTHEST_CLOSED[0]
                continue
        left = [out_of_reach(*closed, rest, one) for one in held]
        gained = max(float((before - after).max()) for before, after in zip(off, left, strict=True))
        better = _worst(left) < _worst(off)
        if better:
            body, off = closed, left
        if _worst(off) <= MET or (limited and not (better and gained > LEAST_GAIN)):
            break
    return body


def _unknown(held: Sequence[HeldJoint]) -> list[torch.Tensor]:
    """Metres (M,) by which each is off before any closing: endlessly many."""
    return [torch.full_like(one.positions[:, 0], torch.inf) for one in held]


def _worst(off: Sequence[torch.Tensor]) -> float:
    return max(float(metres.max()) for metres in off)


def _within_reach(
    held: HeldJoint, rotations: torch.Tensor, translation: torch.Tensor, rest: torch.Tensor, before: torch.Tensor
) -> HeldJoint:
    """``held``; where places are far away and hardly nearer than ``before`` (M,) metres, with those where the joint has
    come."""
    left = out_of_reach(rotations, translation, rest, held)
    far = (left > NEARLY) & (left > before - NEARER)
    if not bool(far.any()):
        return held
    frames = torch.as_tensor(held.frames).to(translation.device)
    came = forward_kinematics(rotations[frames], translation[frames], rest)[1][:, held.joint]
    return replace(held, positions=torch.where(far[:, None], came, held.positions))


def _softened(held: HeldJoint, joints: torch.Tensor) -> HeldJoint:
    """The same with the places of soft pins moved towards where the joint is."""
    frames = torch.as_tensor(held.frames).to(joints.device)
    part = torch.where(held.hard, 1.0, SOFT_PART).to(joints)[:, None]
    return replace(held, positions=torch.lerp(joints[frames, held.joint], held.positions, part))


def beside(trackers: BodyTrackers, pins: BodyTrackers) -> BodyTrackers:
    """Trackers and pins together: where a joint has both, the pin counts."""
    valid = trackers.valid.clone()
    for index, joint in enumerate(trackers.joints):
        if joint in pins.joints:
            valid[:, index] *= pins.valid[:, pins.joints.index(joint)] == 0
    return BodyTrackers(
        (*pins.joints, *trackers.joints), torch.cat([pins.rotations, trackers.rotations], 1),
        torch.cat([pins.positions, trackers.positions], 1), torch.cat([pins.valid, valid], 1),
    )  # fmt: skip


def _no_trackers(held: Sequence[HeldJoint], count: int, like: torch.Tensor) -> BodyTrackers:
    """Body trackers of the pinned joints that tell nothing yet."""
    joints = tuple(dict.fromkeys(worn_on(one.joint) for one in held))
    eye = torch.eye(3).to(like).expand(count, len(joints), 3, 3).clone()
    return BodyTrackers(joints, eye, like.new_zeros(count, len(joints), 3), like.new_zeros(count, len(joints)))
