"""The bones of a character found by their names, and by how they hang together where names leave it open."""

from collections.abc import Sequence

from .bone_words import (
    COLLAR,
    FOOT,
    FOREARM,
    HAND,
    HEAD,
    LEG,
    METATARSALS,
    MIDDLE,
    NECK,
    PELVIS,
    SHIN,
    SIDES,
    THIGH,
    TOES,
    UPPER_ARM,
    is_helper,
    side_and_part,
)
from .rest_pose import RestPose
from .roles import missing_roles

NEAR = 0.25
"""How far, as a fraction of the shin's length, a foot that hangs elsewhere may be from its end."""


def bones_by_name(rest: RestPose) -> dict[str, str] | None:
    """The map of a character whose bones' names say what they are, or None."""
    found = _Names(rest).find()
    return None if missing_roles(found) else found


class _Names:
    """The names of a character's bones, taken apart."""

    def __init__(self, rest: RestPose) -> None:
        self.rest = rest
        layers = ("ORG-", "DEF-")  # Of a rig that Rigify has made, the one with the metarig's own names.
        layer = next((layer for layer in layers if any(name.startswith(layer) for name in rest.names)), "")
        self.parts = [side_and_part(name) for name in rest.names]
        self.usable = [name.startswith(layer) and not is_helper(name) for name in rest.names]

    def find(self) -> dict[str, str]:
        found: dict[str, int] = {}
        for side in SIDES:
            for limb, bone in {**self._arm(side), **self._leg(side)}.items():
                found[f"{side}_{limb}"] = bone
        both = [found.get(f"{side}_{limb}") for side in SIDES for limb in ("upper_arm", "thigh")]
        arms, legs = [both[0], both[2]], [both[1], both[3]]
        if None in both:
            return {}
        chest, hips = self.rest.common(arms), self.rest.common(legs)  # pyright: ignore[reportArgumentType]
        while chest >= 0 and self.parts[chest][1] in NECK:  # 3ds Max's Biped hangs its collars from the neck.
            chest = int(self.rest.parents[chest])
        head = self._head(chest)
        if head is None or chest < 0 or hips < 0:
            return {}
        if hips != chest and not self.rest.is_below(chest, hips):
            hips = self.rest.common([*legs, chest])  # pyright: ignore[reportArgumentType]
        if hips < 0:
            return {}
        above = int(self.rest.parents[hips])
        if above >= 0 and self.parts[hips][1] not in PELVIS and self.parts[above][1] in PELVIS:
            hips = above  # As in Biped, too, where the legs hang from the spine.
        found |= {"hips": hips, "head": head} | ({"chest": chest} if chest != hips else {})
        for side in SIDES:
            between = self.rest.path(chest, found[f"{side}_upper_arm"])
            collar = next((bone for bone in between if self.parts[bone][0] == side), None)
            if collar is not None:
                found[f"{side}_collar"] = collar
        root = list(self.rest.ancestors(hips))
        if root:
            found["root"] = root[-1]
        return {role: self.rest.names[bone] for role, bone in found.items()}

    def _named(self, side: str, words: Sequence[str]) -> list[int]:
        """Bones of a side with one of the words as their part, the words' order first."""
        bones = [bone for bone, usable in enumerate(self.usable) if usable and self.parts[bone][0] == side]
        return [bone for word in words for bone in bones if self.parts[bone][1] == word]

    def _line(self, end: int, side: str) -> list[int]:
        """The bones of a side above one, the highest first."""
        return [bone for bone in self.rest.ancestors(end) if self.parts[bone][0] == side and self.usable[bone]][::-1]

    def _first(self, line: Sequence[int], words: Sequence[str]) -> int | None:
        return next((bone for bone in line if self.parts[bone][1] in words), None)

    def _arm(self, side: str) -> dict[str, int]:
        for hand in self._named(side, HAND):
            line = self._line(hand, side)
            forearm = self._first(line, FOREARM)
            forearm = line[-1] if forearm is None and len(line) > 1 else forearm
            upper = self._upper(line, forearm)
            if forearm is not None and upper is not None:
                return {"upper_arm": self._beginning(upper, UPPER_ARM), "forearm": forearm, "hand": hand}
        for forearm in self._named(side, FOREARM):
            upper = self._upper(self._line(forearm, side), forearm)
            if upper is not None:
                return {"upper_arm": self._beginning(upper, UPPER_ARM), "forearm": forearm}
        return {}

    def _upper(self, line: list[int], forearm: int | None) -> int | None:
        above = [bone for bone in line if bone != forearm and (forearm is None or self.rest.is_below(forearm, bone))]
        named = self._first(above, UPPER_ARM)
        if named is not None:
            return named
        return above[-1] if above and (len(above) > 1 or self.parts[above[0]][1] in COLLAR) else None

    def _leg(self, side: str) -> dict[str, int]:
        for shin in [*self._named(side, SHIN), *self._named(side, LEG)]:
            line = self._line(shin, side)
            thigh = self._first(line, THIGH)
            thigh = line[-1] if thigh is None and line else thigh
            foot = self._foot(side, shin)
            if thigh is not None and foot is not None:
                toe = self._toe(foot)
                found = {"thigh": self._beginning(thigh, THIGH), "shin": shin, "foot": foot}
                return found | ({} if toe is None else {"toe": toe})
        return {}

    def _beginning(self, bone: int, words: Sequence[str]) -> int:
        """Where a limb begins whose bone hangs, as Auto-Rig Pro's do, from a twist bone that is its first half."""
        above = int(self.rest.parents[bone])
        side, part = self.parts[above] if above >= 0 else (MIDDLE, "")
        first_half = side == self.parts[bone][0] and "twist" in part and part.startswith(tuple(words))
        return above if first_half else bone

    def _foot(self, side: str, shin: int) -> int | None:
        """The foot below a shin; or one that hangs elsewhere, as where inverse kinematics leads it, but lies there."""
        feet = self._named(side, FOOT)
        below = [foot for foot in feet if self.rest.is_below(foot, shin)]
        if below:
            return below[0]
        heads, end = self.rest.heads, self.rest.tails[shin]
        reach = NEAR * float(((end - heads[shin]) ** 2).sum() ** 0.5)
        return next((foot for foot in feet if ((heads[foot] - end) ** 2).sum() ** 0.5 < reach), None)

    def _toe(self, foot: int) -> int | None:
        children = [bone for bone in self.rest.children(foot) if self.usable[bone]]
        named = [bone for bone in children if TOES.search(self.parts[bone][1]) or self.parts[bone][1] in FOOT]
        if named and METATARSALS in self.parts[named[0]][1]:
            return self._toe(named[0]) or named[0]
        return named[0] if named else None

    def _head(self, chest: int) -> int | None:
        for bone in self._named(MIDDLE, HEAD):
            if chest in self.rest.ancestors(bone):
                return bone
        necks = [bone for bone, (side, part) in enumerate(self.parts) if side == MIDDLE and self.usable[bone]
                 and any(part.startswith(word) for word in NECK) and chest in self.rest.ancestors(bone)]  # fmt: skip
        if len(necks) > 1:
            return necks[-1]
        return self._top(necks[0] if necks else chest)

    def _top(self, bone: int) -> int | None:
        """The end of the line of bones in the middle that goes up from one: Rigify's spine has the head."""
        line = []
        while True:
            above = [child for child in self.rest.children(bone) if self.usable[child]
                     and self.parts[child][0] == MIDDLE and self.rest.heads[child, 2] > self.rest.heads[bone, 2]
                     and (not line or self.parts[child][1] == self.parts[bone][1])]  # fmt: skip
            if not above:
                return line[-1] if line else None
            bone = max(above, key=lambda child: self.rest.tails[child, 2])
            line.append(bone)
