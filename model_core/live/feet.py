"""A light foot lock in a stream: feet that stand stay where they are, and never below the floor.

Offline each stand has one spot, chosen by all of it. Here a foot locks where it is as it begins to stand, and what it
is off by fades once it stands no more. Under a still head feet stand unless they are clearly lifted.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ..body.foot_contacts import STANDING_HEIGHT
from ..geometry.filters import smoothstep
from ..geometry.rotations import rotation_about_y, slerp_matrices
from ..geometry.skeleton import ANKLES, HEAD, TOES
from ..observation import FPS, heading
from ..refinement.closed_form.legs import FLOOR_TOLERANCE
from ..refinement.stillness import MOVING_SPEED, STILL_SPEED

LOCKED, RELEASED = 0.6, 0.3
"""Probabilities of contact from which a foot locks, and below which it is let go."""
LOW_FOOT = 0.08
"""Metres above its rest up to which a foot may stand under a still head whatever the network calls a contact."""
FARTHEST = 0.18
"""Metres that a body may go away from a locked foot before it steps."""
STEP_FRAMES = 15
"""Frames over which a foot comes back to where the body has it."""
STEP_HEIGHT = 0.04
"""Metres by which it is lifted at least on a way of ``STEP_LENGTH``."""
STEP_LENGTH = 0.15
LEVEL_FRAMES = 10
"""Frames over which a foot that stands comes flat to the floor."""
SPEED_FRAMES = 12
"""Frames over which a head's speed is measured."""


@dataclass
class _Foot:
    """One foot: where it is locked, if it is; what it is off by while that fades; how flat it is."""

    anchor: np.ndarray | None = None
    yaw: float = 0.0
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    left: int = 0
    level: float = 0.0
    lift: float = 0.0


class LiveFeet:
    """Both feet of a person, frame by frame. ``rest_joints`` (22, 3), ``rest_heights`` (4,) of ``skeleton.FEET``."""

    def __init__(self, rest_joints: np.ndarray, rest_heights: np.ndarray) -> None:
        self.rest_joints, self.rest_heights = rest_joints, rest_heights
        self._feet = (_Foot(), _Foot())
        self._heads: deque[np.ndarray] = deque(maxlen=SPEED_FRAMES + 1)

    def step(self, joints: np.ndarray, ankles_world: np.ndarray, contacts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where ankles should be in the next frame, (2, 3), and their world rotations (2, 3, 3).

        ``joints`` (22, 3) of the body and its ankles' world rotations (2, 3, 3); ``contacts`` (4,) probabilities.
        """
        still = self._stillness(joints[HEAD])
        places, turned = [], []
        for side, foot in enumerate(self._feet):
            contact = float(contacts[side::2].max())
            place, rotation = self._step_foot(foot, side, joints, ankles_world[side], contact, still)
            places.append(place)
            turned.append(rotation)
        return np.stack(places), np.stack(turned)

    def _stillness(self, head: np.ndarray) -> float:
        """How still the head is, 0 to 1."""
        self._heads.append(head)
        if len(self._heads) < 2:
            return 1.0
        way = (self._heads[-1] - self._heads[0])[[0, 2]]
        speed = float(np.linalg.norm(way)) * FPS / (len(self._heads) - 1)
        return float(np.clip((MOVING_SPEED - speed) / (MOVING_SPEED - STILL_SPEED), 0, 1))

    def _step_foot(
        self, foot: _Foot, side: int, joints: np.ndarray, world: np.ndarray, contact: float, still: float
    ) -> tuple[np.ndarray, np.ndarray]:
        ankle, toes = joints[ANKLES[side]], joints[TOES[side]]
        heights = ankle[1] - self.rest_heights[side], toes[1] - self.rest_heights[2 + side]
        low = min(heights) < (LOW_FOOT if still == 1 else STANDING_HEIGHT)
        stands = low and (contact > LOCKED or still == 1)
        place = ankle + self._fading(foot)
        if foot.anchor is None:
            if stands and foot.left == 0:
                foot.anchor, foot.yaw = place.copy(), float(heading(world))
        else:
            far = np.linalg.norm((foot.anchor - ankle)[[0, 2]]) > FARTHEST
            if far or not low or (contact < RELEASED and still < 1):
                foot.offset, foot.left, foot.anchor = foot.anchor - ankle, STEP_FRAMES, None
                foot.lift = STEP_HEIGHT * min(1.0, float(np.linalg.norm(foot.offset[[0, 2]])) / STEP_LENGTH)
                place = ankle + self._fading(foot)
        locked = foot.anchor is not None
        foot.level = float(np.clip(foot.level + (1 if locked else -1) / LEVEL_FRAMES, 0, 1))
        if foot.anchor is not None:
            # It sinks or rises to where a foot rests, no faster than a foot is put down.
            rest = self.rest_heights[side]
            foot.anchor[1] += (rest - foot.anchor[1]) * (1 / LEVEL_FRAMES)
            place = foot.anchor.copy()
        rotation = self._level(foot, world)
        return self._above_floor(place, rotation, side), rotation

    def _fading(self, foot: _Foot) -> np.ndarray:
        """What is left of a foot's offset, with the lift of a step."""
        if foot.left == 0:
            return np.zeros(3)
        foot.left -= 1
        left = foot.left / STEP_FRAMES
        lift = foot.lift * 4 * left * (1 - left)
        return foot.offset * smoothstep(left) + np.array([0.0, lift, 0.0])

    def _level(self, foot: _Foot, world: np.ndarray) -> np.ndarray:
        """The foot's world rotation: flat where it stands, as the body has it elsewhere."""
        if foot.level == 0:
            return world
        flat = rotation_about_y(np.asarray(foot.yaw))
        return slerp_matrices(world, flat, np.asarray(smoothstep(foot.level)))

    def _above_floor(self, place: np.ndarray, rotation: np.ndarray, side: int) -> np.ndarray:
        """The ankle's place, raised where heel or toes would be in the floor."""
        sole = rotation @ (self.rest_joints[TOES[side]] - self.rest_joints[ANKLES[side]])
        low = min(place[1] - self.rest_heights[side], place[1] + sole[1] - self.rest_heights[2 + side])
        sunk = max(0.0, -float(low))
        return place + np.array([0.0, sunk - FLOOR_TOLERANCE * (1 - np.exp(-sunk / FLOOR_TOLERANCE)), 0.0])
