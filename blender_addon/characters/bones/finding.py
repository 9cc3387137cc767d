"""The map of a character: what was chosen before, what the file says, what names say, what the shape says."""

from typing import Any

from ...bpy_types import ArmatureObject
from .by_name import bones_by_name
from .by_shape import bones_by_shape
from .metarig import own_bones
from .rest_pose import RestPose
from .roles import missing_roles

VRM_NAMES = {
    "hips": "hips", "head": "head",
    **{f"{side}_{limb}": side + name for side in ("left", "right") for limb, name in {
        "collar": "Shoulder", "upper_arm": "UpperArm", "forearm": "LowerArm", "hand": "Hand", "thigh": "UpperLeg",
        "shin": "LowerLeg", "foot": "Foot", "toe": "Toes",
    }.items()},
}  # fmt: skip
"""Roles -> VRM's names of human bones. https://github.com/vrm-c/vrm-specification"""
VRM_CHESTS = ("upperChest", "chest", "spine")


def find_bones(rest: RestPose, humanoid: dict[str, str] | None = None) -> dict[str, str]:
    """The map of a character's bones, as far as it is known; ``humanoid`` is what a VRM says, VRM's name -> bone."""
    rest = own_bones(rest)
    told, named = _from_vrm(rest, humanoid or {}), bones_by_name(rest)
    if told and not missing_roles(told):  # Toes may be there that a VRM does not name.
        return {role: bone for role, bone in (named or {}).items() if bone not in told.values()} | told
    return named or bones_by_shape(rest) or {}


def _from_vrm(rest: RestPose, humanoid: dict[str, str]) -> dict[str, str]:
    found = {role: humanoid[name] for role, name in VRM_NAMES.items() if humanoid.get(name) in rest.names}
    chest = next((humanoid[name] for name in VRM_CHESTS if humanoid.get(name) in rest.names), None)
    if chest is not None:
        found["chest"] = chest
    if "hips" in found:
        above = list(rest.ancestors(rest.index(found["hips"])))
        if above:
            found["root"] = rest.names[above[-1]]
    return found


def humanoid_of(armature: ArmatureObject) -> dict[str, str]:
    """What the VRM add-on has kept of an armature: VRM's name of a human bone -> bone; empty without it."""
    extension: Any = getattr(armature.data, "vrm_addon_extension", None)
    if extension is None:
        return {}
    found = {}
    for item in getattr(getattr(getattr(extension, "vrm0", None), "humanoid", None), "human_bones", ()):
        found[str(item.bone)] = str(item.node.bone_name)
    human: Any = getattr(getattr(getattr(extension, "vrm1", None), "humanoid", None), "human_bones", None)
    for role in (*VRM_NAMES.values(), *VRM_CHESTS):
        spelled = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in role)
        node = getattr(getattr(human, spelled, None), "node", None)
        if node is not None and node.bone_name:
            found[role] = str(node.bone_name)
    return {role: bone for role, bone in found.items() if bone}
