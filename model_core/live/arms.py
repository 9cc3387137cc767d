"""Hands exactly on their trackers in a stream: ``refinement.closed_form.arms`` from the past alone.

Offline an elbow's swivel is the cheapest path over the whole motion. Here the path up to now is kept as its costs, and
the elbow follows where it ends, no faster than ``SWIVEL_SPEED``.
"""

import math

import numpy as np

from ..geometry.filters import smoothstep
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import length, slerp_matrices, transpose
from ..geometry.skeleton import HEAD, PARENTS, TRACKED_JOINTS
from ..refinement.closed_form.arms import (
    BEND_SPEED,
    COLLAR_SPEED,
    ELBOWS,
    SHOULDERS,
    WRISTS,
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
SIDES = np.arange(2)
FULL_TURNS = 2 * np.pi * np.array([-1.0, 0.0, 1.0])
STEPS = 0.5 * ((SWIVELS[:, None] - SWIVELS[None]) / SPEED_SIGMA) ** 2


class LiveArms:
    """Both arms of one person, frame by frame; ``rest_joints`` (22, 3)."""

    def __init__(self, rest_joints: np.ndarray) -> None:
        self.change_person(rest_joints)
        self._collars = np.zeros((1, 2, 3))
        self._bends: np.ndarray | None = None
        self._twists: np.ndarray | None = None
        self._paths = np.zeros((len(SIDES), len(SWIVELS)))
        self._swivels = np.zeros(len(SIDES))
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
        arms = reaching_arms(world, joints, places[:, 1:], self.rest_joints, self._ease)
        met = np.stack([keep_out_of_trunk(hands[:, 1 + side], arms.of(side), trunk, side) for side in SIDES], 1)
        side = self._frame % EVERY  # As offline, every second frame is compared: one side in each.
        self._compare(swivel_costs(arms.of(side), met[:, side], trunk, side)[0], side)
        turned = meet_hand(arms, met, self._swivel()[None], self.rest_joints, SIDES, self._continuous)
        for joints_of_both, rotations_of_both in zip((SHOULDERS, ELBOWS, WRISTS), turned, strict=True):
            solved[:, joints_of_both] = rotations_of_both
        self._frame += 1
        return solved[0]

    def _turn_collars(self, world: np.ndarray, joints: np.ndarray, places: np.ndarray) -> None:
        """Turn collars towards hands (1, 3, 3) that arms cannot reach, and back; mostly there is nothing to turn."""
        if not self._collars.any():
            away = length(places[0, 1:] - joints[0, SHOULDERS])
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

    def _swivel(self) -> np.ndarray:
        """Radians (2,) by which elbows swivel now."""
        step = SWIVEL_FOLLOWING * (SWIVELS[self._paths.argmin(-1)] - self._swivels)
        self._swivels = self._swivels + np.clip(step, -SWIVEL_SPEED, SWIVEL_SPEED)
        return self._swivels

    def _continuous(self, twists: np.ndarray) -> np.ndarray:
        """Twists (1, 2) with the full turns that bring them nearest to the last ones, and within what a forearm can
        do."""
        turns = twists[0, :, None] + FULL_TURNS
        most = PRONATION + WRIST_TWIST
        nearest = turns if self._twists is None else turns - np.clip(self._twists, -most, most)[:, None]
        beyond = np.maximum(np.abs(turns) - most - np.pi / 4, 0)  # Some way beyond, lest it turns over at the limit.
        chosen = self._twists = turns[SIDES, (np.abs(nearest) + 100 * beyond).argmin(-1)]
        return chosen[None]


def _shortened(vectors: np.ndarray, longest: float) -> np.ndarray:
    """Vectors (..., 3), none longer than ``longest``."""
    return vectors * (longest / length(vectors)[..., None].clip(longest))
