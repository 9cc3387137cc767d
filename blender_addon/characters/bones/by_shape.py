"""The bones of a character found by how they hang together and where they lie, whatever they are called."""

from itertools import combinations

import numpy as np

from .rest_pose import RestPose

MIRRORED = 0.12
"""How far two limbs may be from each other's mirror image, in the character's size."""
APART = 0.03
"""How far the ends of two limbs have to be from each other."""
LOW = 0.2
"""The part of the hips' height below which a joint of a leg is an ankle."""
COMPARED = 4
"""Bones of two limbs that are compared."""
CROWN = 0.95
"""The part of the character's height above which a joint is the end of a head, not its beginning."""
LEVELLED = 0.6
"""Cosine with what is down from which on a bone of a leg is a thigh rather than a bone across the pelvis."""
SHORT = 0.35
"""A bone that is this short, in the longest of an arm, is a collar, a hand's or a finger's."""


def bones_by_shape(rest: RestPose) -> dict[str, str] | None:
    """The map of a character that stands upright along +Z and has two legs, two arms and a head, or None."""
    pairs = _mirrored_pairs(rest)
    legs = min(pairs, key=lambda pair: _lowest(rest, pair), default=None)
    if legs is None:
        return None
    hips = int(rest.parents[legs[0]])
    above = [pair for pair in pairs if pair != legs and _is_arm(rest, pair, hips)]
    if not above:
        return None
    # Of several pairs above the hips (arms, and fingers or ears on them) the one whose branches are longest.
    arms = max(above, key=lambda pair: _length(rest, _line(rest, pair[0])))
    chest = int(rest.parents[arms[0]])
    head = _head(rest, chest, arms)
    leg_bones, arm_bones = [_leg(rest, leg) for leg in legs], [_arm(rest, arm) for arm in arms]
    if head is None or any(part is None for part in (*leg_bones, *arm_bones)):
        return None
    limbs = list(zip(leg_bones, arm_bones, strict=True))
    found = {"hips": hips, "head": head} | ({"chest": chest} if chest != hips else {})
    left = _left(rest, [leg for leg in leg_bones if leg])
    for which, kind in ((0, "thigh"), (1, "upper_arm")):
        pair = [limb[which] or {} for limb in limbs]
        swapped = float((rest.heads[pair[0][kind]] - rest.heads[pair[1][kind]]) @ left) < 0
        for side, limb in zip(("right", "left") if swapped else ("left", "right"), pair, strict=True):
            found |= {f"{side}_{part}": bone for part, bone in limb.items()}
    roots = list(rest.ancestors(hips))
    if roots:
        found["root"] = roots[-1]
    return {role: rest.names[bone] for role, bone in found.items()}


def _mirrored_pairs(rest: RestPose) -> list[tuple[int, int]]:
    """Sisters that lie, with all that hangs from them, on the two sides of the middle."""
    size = float(np.ptp(rest.heads, axis=0).max())
    pairs = []
    for parent in range(len(rest.names)):
        for first, second in combinations(rest.children(parent), 2):
            lines = _line(rest, first), _line(rest, second)
            count = min(
                len(lines[0]), len(lines[1]), COMPARED
            )  # Further out, fingers of different hands may be longest.
            if count < 2:
                continue
            a, b = rest.heads[lines[0][:count]], rest.heads[lines[1][:count]]
            across = (b[-1] - a[-1]) * [1, 1, 0]
            apart = np.linalg.norm(across)
            if apart < APART * size:
                continue
            across = across / apart
            middle = 0.5 * (a[0] + b[0])
            image = a - 2 * ((a - middle) @ across)[:, None] * across
            if np.linalg.norm(image - b, axis=1).max() < MIRRORED * size:
                pairs.append((first, second))
    return pairs


def _line(rest: RestPose, bone: int) -> list[int]:
    """The bones from one to the furthest that hangs from it."""
    lines = [_line(rest, child) for child in rest.children(bone)]
    best = max(lines, key=lambda line: _length(rest, [bone, *line]), default=[])
    return [bone, *best]


def _length(rest: RestPose, line: list[int]) -> float:
    return float(np.linalg.norm(np.diff(rest.heads[line], axis=0), axis=1).sum())


def _lowest(rest: RestPose, pair: tuple[int, int]) -> float:
    """How low the middle of a pair's ends lies; of legs in two parts the upper ones count."""
    ends = [rest.heads[_line(rest, bone)[-1]][2] for bone in pair]
    return float(max(ends)) - 1e-3 * _length(rest, _line(rest, pair[0]))


def _is_arm(rest: RestPose, pair: tuple[int, int], hips: int) -> bool:
    parent = int(rest.parents[pair[0]])
    return (parent == hips or rest.is_below(parent, hips)) and len(_line(rest, pair[0])) >= 3


def _head(rest: RestPose, chest: int, arms: tuple[int, int]) -> int | None:
    """The upper end of the line that goes up from the chest: its last bone that still branches or ends."""
    lines = [_line(rest, child) for child in rest.children(chest) if child not in arms]
    upward = [line for line in lines if rest.heads[line[-1]][2] >= rest.heads[chest][2]]
    if not upward:
        return None
    line = max(upward, key=lambda line: rest.heads[line[-1]][2])
    top = rest.surface[:, 2].max() if len(rest.surface) else rest.tails[:, 2].max()
    floor = rest.heads[:, 2].min()
    below = [bone for bone in line if rest.heads[bone, 2] - floor < CROWN * (top - floor)] or line[:1]
    return next((bone for bone in below if len(rest.children(bone)) > 1), below[-1])


def _leg(rest: RestPose, bone: int) -> dict[str, int] | None:
    line = _line(rest, bone)
    heads = rest.heads[line]
    floor = rest.heads[:, 2].min()
    start = 0
    while start + 2 < len(line) and _down(heads[start + 1] - heads[start]) < LEVELLED:
        start += 1
    height = heads[start, 2] - floor
    ankle = next((n for n in range(start + 2, len(line)) if heads[n, 2] - floor < LOW * height), None)
    if ankle is None:
        return None
    knee = _middle(heads, start, ankle)
    found = {"thigh": line[start], "shin": line[knee], "foot": line[ankle]}
    return found | ({"toe": line[ankle + 1]} if ankle + 1 < len(line) else {})


def _arm(rest: RestPose, bone: int) -> dict[str, int] | None:
    line = _line(rest, bone)
    heads = rest.heads[line]
    lengths = np.linalg.norm(np.diff(heads, axis=0), axis=1)
    hand = next((n for n, one in enumerate(line) if n > 1 and len(rest.children(one)) > 2), None)
    if hand is None:
        long = np.flatnonzero(lengths > SHORT * lengths.max())
        hand = int(long[-1]) + 1
    if hand < 2:
        return None
    # Upper arms and forearms are about as long as each other; with a collar taken for the upper arm they are not.
    parts = []
    for start in range(hand - 1):
        elbow = _middle(heads, start, hand)
        upper, lower = np.linalg.norm(heads[elbow] - heads[start]), np.linalg.norm(heads[hand] - heads[elbow])
        parts.append((abs(np.log(max(upper, 1e-9) / max(lower, 1e-9))), start, elbow))
    _, start, elbow = min(parts)
    found = {"upper_arm": line[start], "forearm": line[elbow], "hand": line[hand]}
    return found | ({"collar": line[0]} if start > 0 else {})


def _middle(heads: np.ndarray, first: int, last: int) -> int:
    """The joint nearest to half of the way along a limb."""
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(heads[first : last + 1], axis=0), axis=1))])
    return first + 1 + int(np.argmin(np.abs(way[1:-1] - 0.5 * way[-1])))


def _down(bone: np.ndarray) -> float:
    return float(-bone[2] / max(np.linalg.norm(bone), 1e-9))


def _left(rest: RestPose, legs: list[dict[str, int]]) -> np.ndarray:
    """The direction of the left: feet point ahead."""
    ahead = np.zeros(3)
    for leg in legs:
        foot = leg["foot"]
        ahead += (rest.heads[leg["toe"]] if "toe" in leg else rest.tails[foot]) - rest.heads[foot]
    return np.cross([0.0, 0.0, 1.0], ahead)
