"""Which tracker is head, left and right hand, and which are worn elsewhere: as the user says, else by kind, name and
side."""

from collections.abc import Mapping

import numpy as np

from ..calibration.calibration import BODY_TRACKER_JOINTS
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import ROLES
from ..shown import printable
from .sources.moments import CONTROLLER, HMD, TRACKER, Moment, Pose

SIDES = {"left": "left_hand", "right": "right_hand"}
BODY_WORDS = {role.replace("_", ""): role for role in BODY_TRACKER_JOINTS}
"""What trackers that are worn elsewhere are called, without spaces and signs. No body is made of them live: they are
recorded."""
LOOKED_AT = 30
"""Moments, in which all are seen, by which hands are told apart by where they are."""
MOST_NAMES = 64
"""Names of trackers that are remembered at most: a person wears fewer."""
SHOWN_NAMES = 8


class RoleFinder:
    """Gives each moment's poses by role. ``given``: role -> the tracker's name or serial, which the user named."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self.given = dict(given or {})
        self.roles: dict[str, str] = {}
        self.names: dict[str, None] = {}
        self._seen = 0
        self._sides: dict[str, float] = {}
        self._heights: dict[str, float] = {}

    def poses(self, moment: Moment) -> dict[str, Pose]:
        """The poses by role, of the trackers whose role is known."""
        for name in moment.poses:
            if name not in self.names and len(self.names) < MOST_NAMES:
                self.names[name] = None
                self._name_roles()
        if not (self.names_worn or set(ROLES) <= self.roles.keys()):
            self._look(moment)
        return {role: moment.poses[name] for role, name in self.roles.items() if name in moment.poses}

    @property
    def names_worn(self) -> bool:
        """Whether the user has said which are head and hands."""
        return not self.given.keys().isdisjoint(ROLES)

    @property
    def worn_elsewhere(self) -> tuple[str, ...]:
        """The roles, beside head and hands, that are named or have come."""
        return tuple(role for role in BODY_TRACKER_JOINTS if role in self.given or role in self.roles)

    def shown_names(self) -> str:
        """The trackers that have come, for a message."""
        return printable(", ".join(list(self.names)[:SHOWN_NAMES]) or "none")

    def _name_roles(self) -> None:
        """Take roles from what the user said, or from kinds and names."""
        for role, wanted in self.given.items():
            for name in self.names:
                if wanted in (name, name.partition(":")[2]):
                    self.roles.setdefault(role, name)
        for name in self.names:
            kind, _, serial = name.partition(":")
            word = "".join(filter(str.isalnum, serial.lower()))
            if kind == TRACKER and word in BODY_WORDS:
                self.roles.setdefault(BODY_WORDS[word], name)
            if self.names_worn:
                continue
            if kind == HMD:
                self.roles.setdefault("head", name)
            for word, role in SIDES.items():
                if kind == CONTROLLER and word in serial.lower():
                    self.roles.setdefault(role, name)

    def _look(self, moment: Moment) -> None:
        """Tell trackers apart by where they are: of three without a headset the head is the highest, and of two hands
        the left one is to the head's left."""
        hands = self._candidates()
        headless = "head" not in self.roles
        wanted = [*hands] if headless else [*hands, self.roles["head"]]
        if len(hands) != (3 if headless else 2) or not all(name in moment.poses for name in wanted):
            return
        self._seen += 1
        for name in hands:
            pose = moment.poses[name]
            self._heights[name] = self._heights.get(name, 0.0) + float(pose.position[1])
            if not headless:
                self._sides[name] = self._sides.get(name, 0.0) + _side(pose, moment.poses[self.roles["head"]])
        if self._seen < LOOKED_AT:
            return
        self._seen = 0
        if headless:
            self.roles["head"] = max(hands, key=lambda name: self._heights[name])
            self._sides.clear()
            return
        left, right = sorted(hands, key=lambda name: self._sides[name])
        self.roles |= {"left_hand": left, "right_hand": right}

    def _candidates(self) -> list[str]:
        """What may be hands, or, without a headset, hands and head."""
        taken = {name for role, name in self.roles.items() if role == "head" or role in BODY_TRACKER_JOINTS}
        free = [name for name in self.names if name not in taken]
        controllers = [name for name in free if name.startswith(CONTROLLER)]
        if "head" in self.roles and len(controllers) == 2:
            return controllers
        return [name for name in free if name.startswith(TRACKER)] if not controllers else []


def _side(hand: Pose, head: Pose) -> float:
    """Metres by which a hand is to the right of a head's middle."""
    right = quaternion_to_matrix(head.rotation)[:, 0] * [1.0, 0.0, 1.0]
    return float((hand.position - head.position) @ right / max(float(np.linalg.norm(right)), 1e-6))
