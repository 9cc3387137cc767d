"""The motion that refinement starts from, as FLAG's flow sees it, and what it becomes at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ..body.foot_contacts import foot_rest_heights
from ..flag.evidence import Evidence, condition_of, gather_evidence
from ..flag.model import Flag
from ..geometry.filters import gaussian_smooth
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import geodesic_angle, transpose
from ..geometry.skeleton import ANKLES, BODY_JOINT_COUNT, HEAD, HIPS, PELVIS, TRACKED_JOINTS, WRISTS
from ..notes import Note
from ..observation import FPS, Observation, heading
from ..sage.stillness import stillness
from .body_trackers import BodyTrackers, initial_motion_trust, measured_contacts, measured_joints, tracked_feet
from .closed_form.arms import collar_rotations, smooth_collar_rotations, solve_arm_ik
from .closed_form.heel_rise import raise_heels
from .closed_form.legs import FootTargets, foot_targets, move_feet, on_the_floor
from .closed_form.lost_hands import hands_to_meet, smooth_dropouts
from .closed_form.out_of_floor import lift_out_of_floor
from .closed_form.trunk import steady_pelvis, straighten_to_stand
from .energy import Reference
from .standing.feet import foot_anchors, foot_contacts, obey_contacts

STILL = 0.9
"""How still a head is (``stillness``) under which feet stand flat unless they are clearly lifted."""
STANDING = 0.5
"""The same under which a trunk straightens for legs that do not reach the floor."""
LOW_HEAD = 0.6
"""Fraction of its height in standing below which a head is low: somebody crouches, and both feet are on the floor."""
NOTICED_SECONDS = 0.3
"""A head that is low for longer is said to be."""
INITIAL_SMOOTHING = 2.0
"""Standard deviation in frames by which the initial poses are blurred in time."""
FRAMES_PER_BATCH = 8192
"""Frames whose kinematics are computed together, before and after."""


class BodyMotion(Protocol):
    """A ``sage.inference.Prediction``, or the like: local ``rotations`` (T, 22, 3, 3), ``translation`` (T, 3) of the
    pelvis, and ``contacts`` (T, 4), the probability that each of ``skeleton.FEET`` stands, or None."""

    @property
    def rotations(self) -> torch.Tensor: ...
    @property
    def translation(self) -> torch.Tensor: ...
    @property
    def contacts(self) -> torch.Tensor | None: ...


@dataclass(frozen=True)
class Unrefined:
    """A ``BodyMotion`` from anywhere; without contacts its low and slow feet stand."""

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor | None = None


class InitialMotion:
    """The motion to refine with its observation; trackers that are not valid follow the motion.

    ``reference`` is what windows are held to. ``body_trackers`` correct what the motion says of their joints and
    of which feet stand where; ``given_contacts`` (T, 2) is what somebody says of that: 1 stands, 0 is free, else NaN.
    """

    def __init__(
        self,
        model: Flag,
        observation: Observation,
        motion: BodyMotion,
        rest_joints: np.ndarray | torch.Tensor,
        body_trackers: BodyTrackers | None,
        given_contacts: np.ndarray | None = None,
    ) -> None:
        self.model, like = model, model.pose.scale
        self.rest_joints = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
        initial = (torch.as_tensor(part).to(like) for part in (motion.rotations, motion.translation))
        encoded = _in_batches(self._encode, *observation.to(like), *initial)
        self.tracked_rotations, self.tracked_positions, self.valid, joints, poses = encoded
        poses = gaussian_smooth(poses, INITIAL_SMOOTHING, hold_ends=False)
        heights = foot_rest_heights(self.rest_joints)
        contacts = motion.contacts
        contacts = foot_contacts(joints, heights) if contacts is None else torch.as_tensor(contacts).to(like)
        trust, self.tracked_feet = None, None
        if body_trackers is not None:
            trust, self.tracked_feet = initial_motion_trust(joints, body_trackers), tracked_feet(body_trackers)
            joints = measured_joints(joints, body_trackers, self.rest_joints)
            contacts = measured_contacts(contacts, foot_contacts(joints, heights), body_trackers)
        self.given = None if given_contacts is None else torch.as_tensor(given_contacts).to(like)
        self.unsaid_contacts, contacts = contacts, obey_contacts(contacts, self.given)
        anchors = foot_anchors(joints, contacts)
        self.reference = Reference(joints, poses, contacts, anchors, heights, like, trust, body_trackers)

    @property
    def frame_count(self) -> int:
        """Frames of the motion."""
        return len(self.valid)

    def evidence(self, frames: torch.Tensor) -> Evidence:
        """What FLAG is given of some frames (N,)."""
        seen = self.tracked_rotations[frames], self.tracked_positions[frames], self.valid[frames]
        return gather_evidence(self.model, *seen, self.rest_joints)

    def context(self, frames: torch.Tensor) -> list[torch.Tensor]:
        """The flow's context of some frames (N,): (N, hidden) a coupling."""
        seen = self.tracked_rotations[frames], self.tracked_positions[frames], self.valid[frames]
        return self.model.flow.context(condition_of(*seen, self.rest_joints))

    def place(self, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Poses (T, 66) as local rotations (T, 22, 3, 3) and pelvis positions (T, 3), hung from the tracked head."""
        rotations, translation = _in_batches(self._decode, poses, self.tracked_rotations, self.tracked_positions)
        return rotations, translation

    def solve(self, rotations: torch.Tensor, translation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Local rotations and pelvis positions that meet head and hands as far as humans can, with feet that stay where
        they stand, and with no flesh in the floor."""
        still = torch.as_tensor(stillness(self.tracked_positions[:, 0].cpu().numpy())).to(translation)
        low, heights = self._low_head(), self.reference.rest_heights
        targets = self._foot_targets(rotations, translation, (still > STILL) | low, low)
        rotations, translation = steady_pelvis(rotations, translation, still, self.rest_joints)
        grounded = (still > STANDING) & on_the_floor(self.tracked_positions[:, 0], self.rest_joints, heights)
        feet = targets.positions, targets.standing & grounded[:, None]
        rotations, translation = straighten_to_stand(rotations, translation, *feet, self.rest_joints)
        rotations = self._solve_arms(rotations, translation)
        targets = raise_heels(targets, self._hips(rotations, translation), self.rest_joints)
        body = rotations, translation, targets.positions, targets.rotations
        (solved,) = _in_batches(lambda *part: (move_feet(*part, rest_joints=self.rest_joints),), *body)
        return lift_out_of_floor(solved, translation, self.tracked_positions[:, 0], self.rest_joints)

    def _hips(self, rotations: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        """Where hip joints (T, 2, 3) are."""
        hung = self.rest_joints[list(HIPS)] - self.rest_joints[PELVIS]
        return translation[:, None] + hung @ transpose(rotations[:, PELVIS])

    def _encode(
        self,
        tracked_rotations: torch.Tensor,
        tracked_positions: torch.Tensor,
        valid: torch.Tensor,
        rotations: torch.Tensor,
        translation: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        world, joints = forward_kinematics(rotations, translation, self.rest_joints)
        tracked, known = list(TRACKED_JOINTS), valid[..., None] > 0
        tracked_rotations = torch.where(known[..., None], tracked_rotations, world[:, tracked])
        tracked_positions = torch.where(known, tracked_positions, joints[:, tracked])
        shift = tracked_positions[:, 0] - joints[:, HEAD]
        poses = self.model.pose.encode(rotations, heading(tracked_rotations[:, 0]))
        return tracked_rotations, tracked_positions, valid, joints + shift[:, None], poses

    def _decode(
        self, poses: torch.Tensor, tracked_rotations: torch.Tensor, tracked_positions: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        rotations = self.model.pose.decode(poses, heading(tracked_rotations[:, 0]))
        _, joints = forward_kinematics(rotations, torch.zeros_like(poses[:, :3]), self.rest_joints)
        return rotations, tracked_positions[:, 0] - joints[:, HEAD]

    def _solve_arms(self, rotations: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        tracked = self.tracked_rotations, self.tracked_positions, self.valid
        hand_rotations, hand_positions = _in_batches(
            lambda *part: hands_to_meet(*part, rest_joints=self.rest_joints), rotations, translation, *tracked
        )
        body = rotations, translation, hand_positions
        (collars,) = _in_batches(lambda *part: (collar_rotations(*part, rest_joints=self.rest_joints),), *body)
        collars = smooth_collar_rotations(collars, self.valid)
        exact = solve_arm_ik(*body, hand_rotations, collars, self.rest_joints)
        return smooth_dropouts(exact, self.valid)

    def crouching_notes(self) -> tuple[Note, ...]:
        """What to say of a head that is near the floor."""
        low = self._low_head() & (self.valid[:, 0] > 0)
        seconds = float(low.sum()) / FPS
        if seconds < NOTICED_SECONDS:
            return ()
        first = int(low.nonzero()[0]) / FPS
        return (Note("head_near_the_floor", {"seconds": seconds, "first": first}),)

    def given_up(self, rotations: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        """Radians (N,) by which the hands of a solved motion are turned from their trackers, where these are valid."""

        def wrists(*body: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return (forward_kinematics(*body, rest_joints=self.rest_joints)[0][:, list(WRISTS)],)

        (world,) = _in_batches(wrists, rotations, translation)
        return geodesic_angle(world, self.tracked_rotations[:, 1:])[self.valid[:, 1:] > 0]

    def _low_head(self) -> torch.Tensor:
        """(T,) bool: where somebody crouches."""
        return self.tracked_positions[:, 0, 1] < LOW_HEAD * (self.rest_joints[HEAD, 1] - self.rest_joints[:, 1].amin())

    def _foot_targets(
        self, rotations: torch.Tensor, translation: torch.Tensor, grounded: torch.Tensor, low: torch.Tensor
    ) -> FootTargets:
        reference = self.reference
        # What is given counts after stands were found: on which spot a foot is to stand, those that there are tell.
        contacts = torch.where(low[:, None], torch.ones_like(self.unsaid_contacts), self.unsaid_contacts)

        def feet(*body: torch.Tensor) -> tuple[torch.Tensor, ...]:
            world, joints = forward_kinematics(*body, rest_joints=self.rest_joints)
            return world[:, list(ANKLES)], joints

        ankles_world, joints = _in_batches(feet, rotations, translation)
        return foot_targets(
            ankles_world, joints, contacts, grounded, self.rest_joints, reference.rest_heights, self.tracked_feet,
            self.given,
        )  # fmt: skip


def _in_batches(function: Callable[..., tuple[torch.Tensor, ...]], *tensors: torch.Tensor) -> list[torch.Tensor]:
    """What a function of each frame alone returns, computed for a part of the frames at a time: saves memory."""
    parts = [function(*part) for part in zip(*(t.split(FRAMES_PER_BATCH) for t in tensors), strict=True)]
    return [torch.cat(values) for values in zip(*parts, strict=True)]
