"""Hands exactly on their trackers in a stream: ``refinement.closed_form.arms`` from the past alone.

Offline an elbow's swivel is the cheapest path over the whole motion. Here the path up to now is kept as its costs, and
the elbow follows where it ends, no faster than ``SWIVEL_SPEED``.
"""

import math
from functools import partial

import numpy as np
import torch

from ..geometry.filters import smoothstep
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import slerp_matrices
from ..geometry.skeleton import ELBOWS, SHOULDERS, TRACKED_JOINTS, WRISTS
from ..refinement.closed_form.arms import (
    ARMS,
    BEND_SPEED,
    COLLAR_SPEED,
    arm_length,
    collar_rotations,
    meet_hand,
    reach_for_wrists,
)
from ..refinement.closed_form.elbows import EVERY, SPEED_SIGMA, SWIVELS, keep_out_of_trunk, swivel_costs
from ..refinement.closed_form.lost_hands import move_out_of_trunk
from ..refinement.closed_form.wrists import PRONATION, WRIST_TWIST

SWIVEL_SPEED = math.radians(6.0)
"""Radians a frame by which an elbow swivels at most."""
SWIVEL_FOLLOWING = 0.2
"""Fraction of the way to where it should be that an elbow swivels in a frame."""
FORGETTING = 0.8
"""What is left, two frames later, of what the path up to now has cost."""
NEAR_REACH, NO_TURN = 0.95, 1e-4
"""Part of an arm's length up to which no collar is asked for help, and radians by which one is turned no more."""
FOUND_FRAMES, LOST_FRAMES = 15, 30
"""Frames over which a hand goes to a tracker that is found, and away from one that is lost."""
STEPS = 0.5 * ((SWIVELS[:, None] - SWIVELS[None]) / SPEED_SIGMA) ** 2


class LiveArms:
    """Both arms of one person, frame by frame; ``rest_joints`` (22, 3)."""

    def __init__(self, rest_joints: torch.Tensor) -> None:
        self.change_person(rest_joints)
        self._collars = torch.zeros(1, 2, 3)
        self._bends: list[torch.Tensor | None] = [None, None]
        self._twists: list[float | None] = [None, None]
        self._paths: list[np.ndarray] = [np.zeros(len(SWIVELS)), np.zeros(len(SWIVELS))]
        self._swivels = [0.0, 0.0]
        self._met: np.ndarray | None = None
        self._shoulders: torch.Tensor | None = None
        self._frame = 0

    def change_person(self, rest_joints: torch.Tensor) -> None:
        """Go on with another person's rest joints (22, 3)."""
        self.rest_joints = rest_joints
        self._lengths = torch.stack([arm_length(rest_joints, side) for side in range(len(ARMS))])

    def step(
        self,
        rotations: torch.Tensor,
        translation: torch.Tensor,
        tracked_rotations: torch.Tensor,
        tracked_positions: torch.Tensor,
        valid: np.ndarray,
    ) -> torch.Tensor:
        """Local rotations (22, 3, 3) of the next frame, its head and hands turned to what is tracked.

        The body as ``SageStream.step`` gives it; tracked: (3, 3, 3) and (3, 3) of head, left and right wrist, ``valid``
        (3,) bool of them.
        """
        body = rotations[None], translation[None]
        hands, places = self._to_meet(*body, tracked_rotations, tracked_positions, valid)
        self._turn_collars(*body, places)
        solved, trunk, arms = reach_for_wrists(*body, places, hands, self._collars, self.rest_joints, self._ease)
        for side, arm in enumerate(arms):
            hand = keep_out_of_trunk(hands[:, 1 + side], arm, trunk, side)
            if side == self._frame % EVERY:  # As offline, every second frame is compared.
                self._compare(swivel_costs(arm, hand, trunk, side)[0].double().numpy(), side)
            swivel = solved.new_tensor([self._swivel(side)])
            twist = partial(self._continuous, side=side)
            turned = meet_hand(arm, hand, swivel, self.rest_joints, side, twist)
            for joint, rotation in zip((SHOULDERS[side], ELBOWS[side], WRISTS[side]), turned, strict=True):
                solved[:, joint] = rotation
        self._shoulders = torch.cat([arm.shoulder for arm in arms])
        self._frame += 1
        return solved[0]

    def _turn_collars(self, rotations: torch.Tensor, translation: torch.Tensor, places: torch.Tensor) -> None:
        """Turn collars towards hands (1, 3, 3) that arms cannot reach, and back; mostly there is nothing to turn."""
        if self._shoulders is not None and not self._collars.any():
            away = (places[0, 1:] - self._shoulders).norm(dim=-1)
            if bool((away < NEAR_REACH * self._lengths).all()):
                return
        collars = collar_rotations(rotations, translation, places, self.rest_joints)
        collars = self._collars + _shortened(collars - self._collars, COLLAR_SPEED)
        self._collars = torch.where(collars.norm(dim=-1, keepdim=True) < NO_TURN, torch.zeros_like(collars), collars)

    def _to_meet(
        self,
        rotations: torch.Tensor,
        translation: torch.Tensor,
        tracked_rotations: torch.Tensor,
        tracked_positions: torch.Tensor,
        valid: np.ndarray,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """World rotations (1, 3, 3, 3) and positions (1, 3, 3) for head and wrists: the tracked ones, or on the way
        between these and the body's own where a hand is lost or has just been found."""
        seen = np.asarray(valid[1:], np.float64)
        met = seen if self._met is None else self._met
        self._met = np.clip(seen, met - 1 / LOST_FRAMES, met + 1 / FOUND_FRAMES)
        hands, places = tracked_rotations[None].clone(), tracked_positions[None].clone()
        if self._met.min() == 1:
            return hands, places
        world, joints = forward_kinematics(rotations, translation, self.rest_joints)
        own = move_out_of_trunk(world, joints)
        weight = torch.as_tensor(smoothstep(self._met)).to(places)
        places[:, 1:] = torch.lerp(own, places[:, 1:], weight[:, None])
        hands[:, 1:] = slerp_matrices(world[:, list(TRACKED_JOINTS[1:])], hands[:, 1:], weight)
        return hands, places

    def _ease(self, bend: torch.Tensor, side: int) -> torch.Tensor:
        """An elbow bends and straightens no faster than ``BEND_SPEED``: offline it begins earlier where it has to."""
        last = self._bends[side]
        eased = bend if last is None else bend.clamp(last - BEND_SPEED, last + BEND_SPEED)
        self._bends[side] = eased
        return eased

    def _compare(self, costs: np.ndarray, side: int) -> None:
        """Add the ``costs`` (K,) of ``SWIVELS`` now to those of the paths up to now."""
        path = costs + (FORGETTING * self._paths[side][None] + STEPS).min(1)
        self._paths[side] = path - path.min()

    def _swivel(self, side: int) -> float:
        """Radians by which an elbow swivels now."""
        goal = float(SWIVELS[int(self._paths[side].argmin())])
        step = SWIVEL_FOLLOWING * (goal - self._swivels[side])
        self._swivels[side] += float(np.clip(step, -SWIVEL_SPEED, SWIVEL_SPEED))
        return self._swivels[side]

    def _continuous(self, twist: torch.Tensor, side: int) -> torch.Tensor:
        """A twist (1,) with the full turns that bring it nearest to the last one, and within what a forearm can do."""
        turns = float(twist[0]) + 2 * np.pi * np.array([-1.0, 0.0, 1.0])
        most, last = PRONATION + WRIST_TWIST, self._twists[side]
        nearest = turns if last is None else turns - np.clip(last, -most, most)
        beyond = np.maximum(np.abs(turns) - most - np.pi / 4, 0)  # Some way beyond, lest it turns over at the limit.
        chosen = float(turns[int((np.abs(nearest) + 100 * beyond).argmin())])
        self._twists[side] = chosen
        return twist.new_tensor([chosen])


def _shortened(vectors: torch.Tensor, longest: float) -> torch.Tensor:
    """Vectors (..., 3), none longer than ``longest``."""
    return vectors * (longest / vectors.norm(dim=-1, keepdim=True).clamp_min(longest))
