"""A light foot lock in a stream: feet that stand stay where they are, and never below the floor.

Offline each stand has one spot, chosen by all of it. Here a foot locks where it is as it begins to stand, and what it
is off by fades once it stands no more. Under a head that is still, or sways about one place, feet stand unless they are
clearly lifted, turned or far from the body: legs that sway with arms and trunk are no steps.
"""

from dataclasses import dataclass, field

import numpy as np

from ..body.foot_contacts import STANDING_HEIGHT
from ..geometry.filters import smoothstep
from ..geometry.rotations import rotation_about_y, slerp_matrices
from ..geometry.skeleton import ANKLES, HEAD, HIPS, TOES
from ..observation import FPS, heading
from ..refinement.closed_form.heel_rise import HEEL_SPEED, heel_rise, turned_about_toes
from ..refinement.closed_form.legs import FLOOR_TOLERANCE
from ..sage.stillness import MOVING_SPEED, STILL_SPEED

LOCKED, RELEASED = 0.6, 0.3
"""Probabilities of contact from which a foot locks, and below which it is let go."""
LOW_FOOT = 0.08
"""Metres above its rest up to which a foot may stand under a still head whatever the network calls a contact."""
FARTHEST, FARTHEST_STILL = 0.18, 0.25
"""Metres that a body may go away from a locked foot before it steps, under a moving head and under a still one."""
TURNED = np.radians(75)
"""Angle by which a body may turn on a locked foot before it steps."""
STEP_FRAMES = 15
"""Frames over which a foot comes back to where the body has it."""
STEP_HEIGHT = 0.04
"""Metres by which it is lifted at least on a way of ``STEP_LENGTH``."""
STEP_LENGTH = 0.15
LEVEL_FRAMES = 10
"""Frames over which a foot that stands comes flat to the floor."""
SPEED_FRAMES = 12
"""Frames over which a head's speed is measured."""
SWAY_FRAMES, SWAY, SWAY_SPEED = 90, 0.25, 0.8
"""A head sways in place that in so many frames was within so many metres of the middle of its way, and is no faster
than so many metres a second: nobody walks like that. It counts as still."""


@dataclass
class _Foot:
    """One foot: where it is locked, if it is; what it is off by while that fades; how flat it is; how high its heel."""

    anchor: np.ndarray | None = None
    yaw: float = 0.0
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    left: int = 0
    level: float = 0.0
    lift: float = 0.0
    heel: float = 0.0


class LiveFeet:
    """Both feet of a person, frame by frame. ``rest_joints`` (22, 3), ``rest_heights`` (4,) of ``skeleton.FEET``."""

    def __init__(self, rest_joints: np.ndarray, rest_heights: np.ndarray) -> None:
        self.change_person(rest_joints, rest_heights)
        self._feet = (_Foot(), _Foot())
        self._heads, self._heads_known = np.zeros((SWAY_FRAMES, 2)), 0

    def change_person(self, rest_joints: np.ndarray, rest_heights: np.ndarray) -> None:
        """Go on with another person's."""
        rest, self._rest_heights = np.asarray(rest_joints, np.float64), np.asarray(rest_heights, np.float64)
        self._rest, self._soles = rest, rest[list(TOES)] - rest[list(ANKLES)]

    def step(self, joints: np.ndarray, ankles_world: np.ndarray, contacts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where ankles should be in the next frame, (2, 3), and their world rotations (2, 3, 3).

        ``joints`` (22, 3) of the body and its ankles' world rotations (2, 3, 3); ``contacts`` (4,) probabilities.
        """
        still = self._stillness(joints[HEAD])
        places = np.stack(
            [
                self._step_foot(foot, side, joints, ankles_world[side], float(contacts[side::2].max()), still)
                for side, foot in enumerate(self._feet)
            ]
        )
        turned = self._levelled(ankles_world)
        return self._with_heels_raised(self._above_floor(places, turned), turned, joints[list(HIPS)])

    def _stillness(self, head: np.ndarray) -> float:
        """How still the head at (3,) is, 0 to 1; 1 where it sways in place."""
        self._heads[:-1] = self._heads[1:]
        self._heads[-1] = head[[0, 2]]
        self._heads_known = min(self._heads_known + 1, SWAY_FRAMES)
        way = self._heads[-self._heads_known :]
        frames = min(SPEED_FRAMES, len(way) - 1)
        speed = float(np.linalg.norm(way[-1] - way[-1 - frames])) * FPS / max(1, frames)
        if speed < SWAY_SPEED and np.linalg.norm(way - way.mean(0), axis=-1).max() < SWAY:
            return 1.0
        return float(np.clip((MOVING_SPEED - speed) / (MOVING_SPEED - STILL_SPEED), 0, 1))

    def _step_foot(
        self, foot: _Foot, side: int, joints: np.ndarray, world: np.ndarray, contact: float, still: float
    ) -> np.ndarray:
        """Where an ankle should be, (3,), as long as the foot is not in the floor."""
        ankle, toes = joints[ANKLES[side]], joints[TOES[side]]
        heights = ankle[1] - self._rest_heights[side], toes[1] - self._rest_heights[2 + side]
        low = min(heights) < (LOW_FOOT if still == 1 else STANDING_HEIGHT)
        stands = low and (contact > LOCKED or still == 1)
        place = ankle + self._fading(foot)
        if foot.anchor is None:
            if stands and foot.left == 0:
                foot.anchor, foot.yaw = place.copy(), float(heading(world))
        else:
            far = np.linalg.norm((foot.anchor - ankle)[[0, 2]]) > (FARTHEST_STILL if still == 1 else FARTHEST)
            turned = np.cos(float(heading(world)) - foot.yaw) < np.cos(TURNED)
            if far or turned or not low or (contact < RELEASED and still < 1):
                foot.offset, foot.left, foot.anchor = foot.anchor - ankle, STEP_FRAMES, None
                foot.lift = STEP_HEIGHT * min(1.0, float(np.linalg.norm(foot.offset[[0, 2]])) / STEP_LENGTH)
                place = ankle + self._fading(foot)
        locked = foot.anchor is not None
        foot.level = float(np.clip(foot.level + (1 if locked else -1) / LEVEL_FRAMES, 0, 1))
        if foot.anchor is not None:
            # It sinks or rises to where a foot rests, no faster than a foot is put down.
            foot.anchor[1] += (self._rest_heights[side] - foot.anchor[1]) * (1 / LEVEL_FRAMES)
            place = foot.anchor.copy()
        return place

    def _fading(self, foot: _Foot) -> np.ndarray:
        """What is left of a foot's offset, with the lift of a step."""
        if foot.left == 0:
            return np.zeros(3)
        foot.left -= 1
        left = foot.left / STEP_FRAMES
        lift = foot.lift * 4 * left * (1 - left)
        return foot.offset * smoothstep(left) + np.array([0.0, lift, 0.0])

    def _levelled(self, world: np.ndarray) -> np.ndarray:
        """The feet's world rotations (2, 3, 3): flat where they stand, as the body has them elsewhere."""
        levels = np.array([foot.level for foot in self._feet])
        if not levels.any():
            return world
        flat = rotation_about_y(np.array([foot.yaw for foot in self._feet]))
        if levels.min() == 1:
            return flat
        return slerp_matrices(world, flat, smoothstep(levels))

    def _above_floor(self, places: np.ndarray, turned: np.ndarray) -> np.ndarray:
        """The ankles' places (2, 3), raised where heel or toes would be in the floor."""
        toes = places[:, 1] + (turned[:, 1] * self._soles).sum(-1)
        low = np.minimum(places[:, 1] - self._rest_heights[:2], toes - self._rest_heights[2:])
        sunk = np.maximum(0.0, -low)
        raised = places.copy()
        raised[:, 1] += sunk - FLOOR_TOLERANCE * (1 - np.exp(-sunk / FLOOR_TOLERANCE))
        return raised

    def _with_heels_raised(
        self, places: np.ndarray, turned: np.ndarray, hips: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ankles' places (2, 3) and rotations (2, 3, 3) with locked feet on their toes where legs from the ``hips``
        (2, 3) are too short."""
        locked = np.array([foot.anchor is not None for foot in self._feet])
        needed = heel_rise(places, turned, hips, self._rest) * locked
        for foot, rise in zip(self._feet, needed.tolist(), strict=True):
            foot.heel += float(np.clip(rise - foot.heel, -HEEL_SPEED, HEEL_SPEED))
        rise = np.array([foot.heel for foot in self._feet])
        return turned_about_toes(places, turned, self._rest, rise) if rise.any() else (places, turned)
