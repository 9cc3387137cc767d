"""Hands exactly on their trackers in a stream: ``refinement.closed_form.arms`` from the past alone.

Offline an elbow's swivel is the cheapest path over the whole motion. Here the path up to now is kept as its costs, and
the elbow follows where it ends, no faster than ``SWIVEL_SPEED``.
"""

import math
from functools import partial

import numpy as np

from ..geometry.filters import smoothstep
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import length, slerp_matrices, transpose
from ..geometry.skeleton import HEAD, PARENTS, SHOULDERS, TRACKED_JOINTS
from ..refinement.closed_form.arms import (
    ARMS,
    BEND_SPEED,
    COLLAR_SPEED,
    arm_lengths,
    collars_of,
    meet_hand,
    reaching_arms,
    turn_collars,
)
from ..refinement.closed_form.elbows import EVERY, SPEED_SIGMA, SWIVELS, Trunk, keep_out_of_trunk, swivel_costs
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

    def __init__(self, rest_joints: np.ndarray) -> None:
        self.change_person(rest_joints)
        self._collars = np.zeros((1, 2, 3))
        self._bends: np.ndarray | None = None
        self._twists: list[float | None] = [None, None]
        self._paths: list[np.ndarray] = [np.zeros(len(SWIVELS)), np.zeros(len(SWIVELS))]
        self._swivels = [0.0, 0.0]
        self._met: np.ndarray | None = None
        self._frame = 0

    def change_person(self, rest_joints: np.ndarray) -> None:
        """Go on with another person's rest joints (22, 3)."""
        self.rest_joints = np.asarray(rest_joints, np.float64)
        self._lengths = arm_lengths(self.rest_joints)

    def step(
        self,
        rotations: np.ndarray,
        world: np.ndarray,
        joints: np.ndarray,
        tracked_rotations: np.ndarray,
        tracked_positions: np.ndarray,
        valid: np.ndarray,
    ) -> np.ndarray:
        """Local rotations (22, 3, 3) of the next frame, its head and hands turned to what is tracked.

        The body's local ``rotations`` and ``world`` rotations (22, 3, 3) and its ``joints`` (22, 3); tracked: (3, 3, 3)
        and (3, 3) of head, left and right wrist, ``valid`` (3,) bool of them.
        """
        solved = np.array(rotations, np.float64)[None]
        world, joints = np.asarray(world, np.float64)[None], np.asarray(joints, np.float64)[None]
        tracked = np.asarray(tracked_rotations, np.float64)[None], np.asarray(tracked_positions, np.float64)[None]
        hands, places = self._to_meet(world, joints, *tracked, valid)
        self._turn_collars(world, joints, places)
        if self._collars.any():
            turn_collars(solved, self._collars)
            world, joints = forward_kinematics(solved, joints[:, 0], self.rest_joints)
        solved[:, HEAD] = transpose(world[:, PARENTS[HEAD]]) @ hands[:, 0]
        trunk = Trunk.of(world, joints)
        for side, arm in enumerate(reaching_arms(world, joints, places[:, 1:], self.rest_joints, self._ease)):
            hand = keep_out_of_trunk(hands[:, 1 + side], arm, trunk, side)
            if side == self._frame % EVERY:  # As offline, every second frame is compared.
                self._compare(swivel_costs(arm, hand, trunk, side)[0], side)
            swivel, twist = np.array([self._swivel(side)]), partial(self._continuous, side=side)
            turned = meet_hand(arm, hand, swivel, self.rest_joints, side, twist)
            for joint, rotation in zip(ARMS[side][1:], turned, strict=True):
                solved[:, joint] = rotation
        self._frame += 1
        return solved[0]

    def _turn_collars(self, world: np.ndarray, joints: np.ndarray, places: np.ndarray) -> None:
        """Turn collars towards hands (1, 3, 3) that arms cannot reach, and back; mostly there is nothing to turn."""
        if not self._collars.any():
            away = length(places[0, 1:] - joints[0, list(SHOULDERS)])
            if (away < NEAR_REACH * self._lengths).all():
                return
        collars = collars_of(world, joints, places, self.rest_joints)
        collars = self._collars + _shortened(collars - self._collars, COLLAR_SPEED)
        self._collars = np.where(length(collars)[..., None] < NO_TURN, 0.0, collars)

    def _to_meet(
        self,
        world: np.ndarray,
        joints: np.ndarray,
        tracked_rotations: np.ndarray,
        tracked_positions: np.ndarray,
        valid: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """World rotations (1, 3, 3, 3) and positions (1, 3, 3) for head and wrists: the tracked ones, or on the way
        between these and the body's own where a hand is lost or has just been found."""
        seen = np.asarray(valid[1:], np.float64)
        met = seen if self._met is None else self._met
        self._met = np.clip(seen, met - 1 / LOST_FRAMES, met + 1 / FOUND_FRAMES)
        if self._met.min() == 1:
            return tracked_rotations, tracked_positions
        hands, places = tracked_rotations.copy(), tracked_positions.copy()
        own, weight = move_out_of_trunk(world, joints), smoothstep(self._met)
        places[:, 1:] = own + weight[:, None] * (places[:, 1:] - own)
        hands[:, 1:] = slerp_matrices(world[:, list(TRACKED_JOINTS[1:])], hands[:, 1:], weight)
        return hands, places

    def _ease(self, bends: np.ndarray) -> np.ndarray:
        """Elbows bend and straighten no faster than ``BEND_SPEED``: offline they begin earlier where they have to."""
        last = bends if self._bends is None else self._bends
        self._bends = np.clip(bends, last - BEND_SPEED, last + BEND_SPEED)
        return self._bends

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

    def _continuous(self, twist: np.ndarray, side: int) -> np.ndarray:
        """A twist (1,) with the full turns that bring it nearest to the last one, and within what a forearm can do."""
        turns = float(twist[0]) + 2 * np.pi * np.array([-1.0, 0.0, 1.0])
        most, last = PRONATION + WRIST_TWIST, self._twists[side]
        nearest = turns if last is None else turns - np.clip(last, -most, most)
        beyond = np.maximum(np.abs(turns) - most - np.pi / 4, 0)  # Some way beyond, lest it turns over at the limit.
        chosen = float(turns[int((np.abs(nearest) + 100 * beyond).argmin())])
        self._twists[side] = chosen
        return np.array([chosen])


def _shortened(vectors: np.ndarray, longest: float) -> np.ndarray:
    """Vectors (..., 3), none longer than ``longest``."""
    return vectors * (longest / length(vectors)[..., None].clip(longest))
