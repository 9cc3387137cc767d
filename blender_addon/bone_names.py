"""SMPL's bones under the names that other programs know, for as long as a file is written."""

from contextlib import contextmanager

from ..model_core.skeleton import JOINT_NAMES

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
NAMES = {"SMPL": JOINT_NAMES, "MIXAMO": MIXAMO, "VRM": VRM, "RIGIFY": RIGIFY}
ITEMS = (
    ("SMPL", "SMPL", "left_hip, left_knee, ..."),
    ("MIXAMO", "Mixamo", "mixamorig:LeftUpLeg, mixamorig:LeftLeg, ..."),
    ("VRM", "VRM Humanoid", "leftUpperLeg, leftLowerLeg, ..."),
    ("RIGIFY", "Rigify", "thigh.L, shin.L, ... as in Rigify's human metarig"),
)


@contextmanager
def renamed(armature, preset):
    """The armature's bones under the names of a preset; Blender renames curves and vertex groups along."""
    _rename(armature, JOINT_NAMES, NAMES[preset])
    try:
        yield
    finally:
        _rename(armature, NAMES[preset], JOINT_NAMES)


def _rename(armature, old, new):
    """Through names of neither kind, because presets share some (``spine``, ``head``) between different joints."""
    bones = [armature.data.bones[name] for name in old]
    for place, bone in enumerate(bones):
        bone.name = f"threepoint {place}"
    for bone, name in zip(bones, new, strict=True):
        bone.name = name
