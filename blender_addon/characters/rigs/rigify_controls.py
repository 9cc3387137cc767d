"""A generated Rigify rig's controls: how they have to stand to bring the metarig's bones where they belong."""

import numpy as np

from ....model_core.geometry.rotations import normalize, quaternion_to_matrix
from ..bones.metarig import ORIGINAL, SIDES
from ..bones.rest_pose import RestPose
from ..channels import Channels, ControlSpace, Placement, local_turn
from ..character import Character
from ..choices import ROTATIONS
from ..transfer import CharacterPose, place_of

POLE_DISTANCE = 1.0
"""How far from an elbow or a knee its pole stands, in lengths of the limb."""
SPINE_CONTROLS = ("spine_fk", "spine_fk.001", "spine_fk.002", "spine_fk.003")
STILL = ("foot_heel_ik", "foot_spin_ik", "upper_arm_ik", "thigh_ik")
"""Controls of each side that stay at rest."""
FINGERS = ("f_", "thumb.")
"""How the names of the controls of fingers begin."""
TO_ROOT = 1
"""What the rig's parent switches call the root."""


def control_channels(
    rig: RestPose, character: Character, pose: CharacterPose, placement: Placement, root_motion: str, hands: str
) -> Channels:
    """The channels of a generated rig's controls for a pose of its metarig.

    Hands, feet and their poles stand in the root's space; the limbs' FK controls are keyed along, so that a switch
    between the two changes nothing.
    """
    root = rig.heads[rig.index("root")]
    return _Controls(rig, character, pose, ControlSpace.of(character, pose, placement, root_motion, root)).keyed(hands)


class _Controls:
    """The channels of a rig's controls, in the making."""

    def __init__(self, rig: RestPose, character: Character, pose: CharacterPose, space: ControlSpace) -> None:
        self.rig, self.character, self.pose, self.space = rig, character, pose, space
        self.at = {name: number for number, name in enumerate(rig.names)}
        names = character.rest.names
        self.number = {name: number for number, name in enumerate(names)}
        self.turns = {names[bone]: space.turn(turn) for bone, turn in pose.turns.items()}
        self.matrices = {bone: quaternion_to_matrix(turn) for bone, turn in pose.turns.items()}
        self.rotations: dict[int, np.ndarray] = {}
        self.locations: dict[int, np.ndarray] = {}
        self.properties: dict[tuple[str, str], float] = {}

    def keyed(self, hands: str) -> Channels:
        """All of them."""
        self._trunk()
        for side in SIDES:
            self._key(f"shoulder{side}", self.turns.get(f"shoulder{side}", self.turns["spine.003"]), "spine.003")
            self._limb("upper_arm", "forearm", "hand", side, f"shoulder{side}", forward=hands == ROTATIONS)
            self._limb("thigh", "shin", "foot", side, "spine", forward=False)
            if f"toe{side}" in self.turns:
                for kind in ("fk", "ik"):
                    self._key(f"toe_{kind}{side}", self.turns[f"toe{side}"], f"foot{side}")
        self._fingers()
        still = {"root", "hips", *SPINE_CONTROLS, *(name + side for side in SIDES for name in STILL)}
        if self.space.ground is not None:
            root = self.at["root"]
            self.rotations[root], self.locations[root] = self.space.root(self.rig.axes[root], self.rig.scale)
            still.remove("root")
        resting = tuple(self.at[name] for name in sorted(still) if name in self.at)
        return Channels(self.rotations, self.locations, resting, properties=self.properties)

    def _trunk(self) -> None:
        hips, chest = self.turns["spine"], self.turns["spine.003"]  # Between them the rig bends the spine itself.
        self._key("torso", hips, None)
        self._put("torso", self.pose.hips, "spine")
        self._key("chest", chest, "spine")
        neck = self.turns.get("spine.004", chest)
        self._key("neck", neck, "spine.003")
        self._key("head", self.turns.get("spine.006", neck), neck)
        self.properties |= {
            ("torso", "neck_follow"): 1.0, ("torso", "head_follow"): 1.0, ("torso", "torso_parent"): TO_ROOT,
        }  # fmt: skip

    def _limb(self, upper: str, lower: str, end: str, side: str, carrier: str, forward: bool) -> None:
        """FK controls, the IK control of the limb's end, its pole, and the switches between them."""
        first, second, last = (part + side for part in (upper, lower, end))
        self._key(f"{upper}_fk{side}", self.turns[first], carrier)
        self._key(f"{lower}_fk{side}", self.turns[second], first)
        self._key(f"{end}_fk{side}", self.turns[last], second)
        start, middle, at_end = self._joints(first, second)
        self._key(f"{end}_ik{side}", self.turns[last], None)
        self._put(f"{end}_ik{side}", at_end, last)
        line = at_end - start
        along = normalize(line)
        out = (middle - start) - ((middle - start) * along).sum(-1, keepdims=True) * along
        pole = middle + POLE_DISTANCE * float(np.linalg.norm(line, axis=-1).max()) * normalize(out)
        self._put(f"{upper}_ik_target{side}", pole, None)
        parent = f"{upper}_parent{side}"
        self.properties |= {
            (parent, "IK_FK"): float(forward), (parent, "IK_parent"): TO_ROOT, (parent, "pole_vector"): 1.0,
            (parent, "pole_parent"): TO_ROOT, (parent, "FK_limb_follow"): 0.0,
        }  # fmt: skip

    def _fingers(self) -> None:
        """Each finger's own controls, whose names are those of the metarig's bones."""
        rest = self.character.rest
        for name in [name for name in self.turns if name.startswith(FINGERS)]:
            above = (rest.names[bone] for bone in rest.ancestors(self.number[name]))
            self._key(name, self.turns[name], next(other for other in above if other in self.turns))

    def _joints(self, first: str, second: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where a limb begins, bends and ends, in the player's space."""
        upper, lower = self.number[first], self.number[second]
        limb = next(limb for limb in (*self.character.arms, *self.character.legs) if limb.upper.bone == upper)
        start = place_of(self.character, self.matrices, self.pose.hips, upper)
        middle = start + self.matrices[upper] @ limb.upper.vector
        return start, middle, middle + self.matrices[lower] @ limb.lower.vector

    def _key(self, control: str, turn: np.ndarray, carrier: str | np.ndarray | None) -> None:
        """Key a control's rotation, seen from the bone that carries it, or from how that has turned."""
        if control in self.at:
            seen_from = self.turns.get(carrier) if isinstance(carrier, str) else carrier
            self.rotations[self.at[control]] = local_turn(self.rig.axes[self.at[control]], turn, seen_from)

    def _put(self, control: str, place: np.ndarray, follows: str | None) -> None:
        """Key a control's location: itself at a place in the player's space, or carried by the bone whose head is."""
        if control not in self.at:
            return
        bone, moved = self.at[control], self.space.place(place)
        if follows is not None:
            head = self.rig.heads[self.rig.index(ORIGINAL + follows)]
            moved = moved + quaternion_to_matrix(self.turns[follows]) @ (self.rig.heads[bone] - head)
        self.locations[bone] = (moved - self.rig.heads[bone]) @ self.rig.location_axes[bone] / self.rig.scale
