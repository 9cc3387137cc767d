"""Rigify's generated rigs: the bones of their metarig, put together again.

A generated rig keeps the metarig's bones under the prefix ``ORG-``, but hangs them from controls and helpers. Here they
hang from each other as in the metarig, a character like any other.
"""

from dataclasses import replace

import numpy as np

from .rest_pose import RestPose

ORIGINAL = "ORG-"
SPINE = ("spine", "spine.001", "spine.002", "spine.003", "spine.004", "spine.005", "spine.006")
LIMB_PARENTS = {
    "shoulder": "spine.003", "upper_arm": "shoulder", "forearm": "upper_arm", "hand": "forearm",
    "thigh": "spine", "shin": "thigh", "foot": "shin", "toe": "foot",
}  # fmt: skip
FINGERS = ("f_index", "f_middle", "f_ring", "f_pinky", "thumb")
NEEDED = ("torso", "chest", "hand_ik.L", "hand_ik.R", "foot_ik.L", "foot_ik.R", "upper_arm_parent.L", "thigh_parent.L")
"""Bones by which a generated rig is known."""
SIDES = (".L", ".R")


def is_generated(rest: RestPose) -> bool:
    """Whether an armature is a rig that Rigify has generated from its human metarig."""
    there = set(rest.names)
    return there.issuperset(NEEDED) and there.issuperset(ORIGINAL + name for name in SPINE[:4])


def own_bones(rest: RestPose) -> RestPose:
    """The bones that make a person of an armature: a generated rig's are its metarig's, any other's are all."""
    return metarig_of(rest) if is_generated(rest) else rest


def metarig_of(rest: RestPose) -> RestPose:
    """The metarig's bones of a generated rig, hanging from each other as in the metarig, without their prefix."""
    parents: dict[str, str] = {}
    for above, below in zip(SPINE, SPINE[1:], strict=False):
        parents[below] = above
    for side in SIDES:
        for limb, above in LIMB_PARENTS.items():
            parents[limb + side] = above if above in SPINE else above + side
        for finger in FINGERS:
            above = f"hand{side}"
            for segment in ("01", "02", "03"):
                parents[f"{finger}.{segment}{side}"] = above
                above = f"{finger}.{segment}{side}"
    names = [name for name in (SPINE[0], *parents) if ORIGINAL + name in rest.names]
    chosen = [rest.index(ORIGINAL + name) for name in names]
    numbers = [names.index(parents[name]) if parents.get(name) in names else -1 for name in names]
    return replace(
        rest, names=tuple(names), parents=np.array(numbers), heads=rest.heads[chosen], tails=rest.tails[chosen],
        axes=rest.axes[chosen], inherits=np.ones(len(names), bool), location_axes=rest.location_axes[chosen],
    )  # fmt: skip
