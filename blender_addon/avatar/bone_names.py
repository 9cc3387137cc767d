"""SMPL's bones under the names that other programs know: for good, or for as long as a file is written."""

from collections.abc import Iterable, Sequence

import bpy

from ...model_core.errors import InputError
from ...model_core.geometry.hand import FINGERS
from ...model_core.geometry.skeleton import JOINT_NAMES
from ..animation.curves import all_fcurves
from ..bpy_types import ArmatureObject
from ..i18n.messages import message

BONE_PATH = 'pose.bones["'

MIXAMO = tuple(
    f"mixamorig:{name}"
    for name in (
        "Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot", "RightFoot", "Spine2",
        "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftArm", "RightArm",
        "LeftForeArm", "RightForeArm", "LeftHand", "RightHand", "LeftHandMiddle1", "RightHandMiddle1",
    )
)  # fmt: skip
VRM = (
    "hips", "leftUpperLeg", "rightUpperLeg", "spine", "leftLowerLeg", "rightLowerLeg", "chest", "leftFoot", "rightFoot",
    "upperChest", "leftToes", "rightToes", "neck", "leftShoulder", "rightShoulder", "head", "leftUpperArm",
    "rightUpperArm", "leftLowerArm", "rightLowerArm", "leftHand", "rightHand", "leftMiddleProximal",
    "rightMiddleProximal",
)  # fmt: skip
RIGIFY = (
    "spine", "thigh.L", "thigh.R", "spine.001", "shin.L", "shin.R", "spine.002", "foot.L", "foot.R", "spine.003",
    "toe.L", "toe.R", "spine.004", "shoulder.L", "shoulder.R", "spine.006", "upper_arm.L", "upper_arm.R", "forearm.L",
    "forearm.R", "hand.L", "hand.R", "palm.L", "palm.R",
)  # fmt: skip


def _fingers(pattern: str, sides: Sequence[str], fingers: Sequence[str], segments: Sequence[str]) -> tuple[str, ...]:
    """The names of both hands' 30 finger bones in the order of ``hand.FINGER_JOINTS``."""
    return tuple(
        pattern.format(side=side, finger=finger, segment=segment)
        for side in sides
        for finger in fingers
        for segment in segments
    )


_THUMBS = {"Proximal": "Metacarpal", "Intermediate": "Proximal", "Distal": "Distal"}
"""VRM's thumbs begin in the palm."""
FINGER_NAMES = {
    "SMPL": _fingers("{side}_{finger}{segment}", ("left", "right"), FINGERS, "123"),
    "MIXAMO": _fingers("mixamorig:{side}Hand{finger}{segment}", ("Left", "Right"), [f.title() for f in FINGERS], "123"),
    "VRM": tuple(
        name if "Thumb" not in name else next(name.replace(a, b) for a, b in _THUMBS.items() if a in name)
        for name in _fingers(
            "{side}{finger}{segment}", ("left", "right"), ("Index", "Middle", "Little", "Ring", "Thumb"), [*_THUMBS]
        )
    ),
    "RIGIFY": tuple(
        name.replace("f_thumb", "thumb")
        for name in _fingers("f_{finger}.{segment}.{side}", "LR", FINGERS, ("01", "02", "03"))
    ),
}
"""What the bones of fingers are called, by preset."""
NAMES = {"SMPL": JOINT_NAMES, "MIXAMO": MIXAMO, "VRM": VRM, "RIGIFY": RIGIFY}
ITEMS = (
    ("SMPL", "SMPL", "left_hip, left_knee, ..."),
    ("MIXAMO", "Mixamo", "mixamorig:LeftUpLeg, mixamorig:LeftLeg, ..."),
    ("VRM", "VRM Humanoid", "leftUpperLeg, leftLowerLeg, ..."),
    ("RIGIFY", "Rigify", "thigh.L, shin.L, ... as in Rigify's human metarig"),
)


PRESET = "threepoint_bone_names"
"""Custom property of an armature: the preset that its bones are named by; SMPL's names where there is none."""
FINGERED = "threepoint_fingers"
"""Custom property of an armature: whether it has bones of fingers."""


def names_in(preset: str, fingered: bool) -> tuple[str, ...]:
    """A preset's names in SMPL's order of joints.

    Some programs know no bone of the hand but the middle finger's: where that is another bone, the hand's has SMPL's
    name.
    """
    taken = FINGER_NAMES[preset] if fingered else ()
    return tuple(own if name in taken else name for name, own in zip(NAMES[preset], JOINT_NAMES, strict=True))


def finger_names_of(armature: ArmatureObject) -> tuple[str, ...]:
    """What the bones of the armature's fingers are called, the left hand's 15 first; empty where it has none."""
    return FINGER_NAMES[armature.get(PRESET, "SMPL")] if armature.get(FINGERED) else ()


def names_of(armature: ArmatureObject) -> Sequence[str]:
    """What the armature's bones are called, in SMPL's order of joints.

    Raises ``InputError`` where the armature does not have these bones any more.
    """
    preset = armature.get(PRESET, "SMPL")
    if preset not in NAMES:
        known = ", ".join(NAMES)
        raise InputError(
            message("{armature}: its property {property} is {value}; it should be one of {known}",
                    armature=armature.name, property=PRESET, value=str(preset), known=known)
        )  # fmt: skip
    names = names_in(preset, bool(armature.get(FINGERED)))
    missing = [name for name in (*names, *finger_names_of(armature)) if name not in armature.data.bones]
    if missing:
        raise InputError(
            message("{armature}: has no bone '{bone}' any more; undo what removed or renamed it",
                    armature=armature.name, bone=missing[0])
        )  # fmt: skip
    return names


def rename_bones(armature: ArmatureObject, preset: str, actions: Iterable[bpy.types.Action] = ()) -> None:
    """Name the armature's bones by a preset, and the paths in all ``actions`` along.

    Blender itself sees to vertex groups, constraints and the action that plays; it knows nothing of the others.
    """
    old = (*names_of(armature), *finger_names_of(armature))
    fingered = bool(armature.get(FINGERED))
    new = (*names_in(preset, fingered), *(FINGER_NAMES[preset] if fingered else ()))
    joints = {name: joint for joint, name in enumerate(old)}
    paths = []
    for fcurve in (fcurve for action in actions for fcurve in all_fcurves(action)):
        begin, bone, end = _split(fcurve.data_path)
        if bone in joints:
            paths.append((fcurve, begin + new[joints[bone]] + end, new[joints[bone]]))
    _rename(armature, old, new)
    for fcurve, path, bone in paths:
        fcurve.data_path = path
        if fcurve.group is not None:
            fcurve.group.name = bone
    armature[PRESET] = preset


def _split(path: str) -> tuple[str, str, str]:
    """``pose.bones["head"].location`` -> ``pose.bones["``, ``head``, ``"].location``; no bone: the path alone."""
    if not path.startswith(BONE_PATH):
        return path, "", ""
    name, quote, rest = path[len(BONE_PATH) :].partition('"')
    return BONE_PATH, name, quote + rest


def _rename(armature: ArmatureObject, old: Sequence[str], new: Sequence[str]) -> None:
    """Through names of neither kind, because presets share some (``spine``, ``head``) between different joints."""
    bones = [armature.data.bones[name] for name in old]
    for place, bone in enumerate(bones):
        bone.name = f"threepoint {place}"
    for bone, name in zip(bones, new, strict=True):
        bone.name = name
