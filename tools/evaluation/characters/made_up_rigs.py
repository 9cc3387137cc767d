"""Armatures made by formula: any family of names, any rest pose, bone rolls, twist bones, size and units.

A person of 1.7 metres whose joints are roughly a grown-up's; it stands in for rigs of which no free file is at hand,
and for the worst that may come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ....blender_addon.avatar.armature import edit_bones
from ....blender_addon.bpy_types import ArmatureObject, Scene
from .boxes import add_boxes, box_along, box_between

TRUNK = {
    "hips": (0, 0.02, 0.95), "spine": (0, 0.02, 1.05), "spine2": (0, 0.02, 1.17), "chest": (0, 0.03, 1.29),
    "neck": (0, 0.02, 1.47), "head": (0, 0.0, 1.56), "crown": (0, 0.0, 1.74),
}  # fmt: skip
ARM = {"collar": (0.03, 0.02, 1.42), "upper_arm": (0.17, 0.03, 1.42), "forearm": (0.43, 0.035, 1.42),
       "hand": (0.68, 0.03, 1.42), "finger": (0.77, 0.03, 1.415), "tip": (0.86, 0.03, 1.41)}  # fmt: skip
LEG = {"thigh": (0.09, 0.02, 0.92), "shin": (0.09, 0.01, 0.51), "foot": (0.09, 0.04, 0.09), "toe": (0.10, -0.09, 0.02),
       "toe_tip": (0.10, -0.17, 0.02)}  # fmt: skip
"""Joints of the middle and of the left side in a T-pose, metres, facing -Y."""
PARENTS = {
    "hips": "", "spine": "hips", "spine2": "spine", "chest": "spine2", "neck": "chest", "head": "neck",
    "collar": "chest",
    "upper_arm": "collar", "forearm": "upper_arm", "hand": "forearm", "thigh": "hips", "shin": "thigh", "foot": "shin",
    "toe": "foot",
}  # fmt: skip
TAILS = {
    "hips": "spine", "spine": "spine2", "spine2": "chest", "chest": "neck", "neck": "head", "head": "crown",
    "collar": "upper_arm", "upper_arm": "forearm", "forearm": "hand", "hand": "finger", "thigh": "shin", "shin": "foot",
    "foot": "toe", "toe": "toe_tip",
}  # fmt: skip

MIXAMO = ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head", "{Left}Shoulder", "{Left}Arm", "{Left}ForeArm",
          "{Left}Hand", "{Left}UpLeg", "{Left}Leg", "{Left}Foot", "{Left}ToeBase")  # fmt: skip
FAMILIES: dict[str, tuple[str, ...]] = {
    "mixamo": tuple(f"mixamorig:{name}" for name in MIXAMO),
    "ready_player_me": MIXAMO,
    "rigify": ("spine", "spine.001", "spine.002", "spine.003", "spine.004", "spine.006", "shoulder.{L}",
               "upper_arm.{L}",
               "forearm.{L}", "hand.{L}", "thigh.{L}", "shin.{L}", "foot.{L}", "toe.{L}"),
    "unreal": ("pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head", "clavicle_{l}", "upperarm_{l}",
               "lowerarm_{l}", "hand_{l}", "thigh_{l}", "calf_{l}", "foot_{l}", "ball_{l}"),
    "auto_rig_pro": ("root.x", "spine_01.x", "spine_02.x", "spine_03.x", "neck.x", "head.x", "shoulder.{l}",
                     "arm_stretch.{l}", "forearm_stretch.{l}", "hand.{l}", "thigh_stretch.{l}", "leg_stretch.{l}",
                     "foot.{l}", "toes_01.{l}"),
    "character_creator": ("CC_Base_Hip", "CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02", "CC_Base_NeckTwist01",
                          "CC_Base_Head", "CC_Base_{L}_Clavicle", "CC_Base_{L}_Upperarm", "CC_Base_{L}_Forearm",
                          "CC_Base_{L}_Hand", "CC_Base_{L}_Thigh", "CC_Base_{L}_Calf", "CC_Base_{L}_Foot",
                          "CC_Base_{L}_ToeBase"),
    "daz_genesis_8": ("hip", "abdomenLower", "abdomenUpper", "chestLower", "neckLower", "head", "{l}Collar",
                      "{l}ShldrBend", "{l}ForearmBend", "{l}Hand", "{l}ThighBend", "{l}Shin", "{l}Foot", "{l}Toe"),
    "daz_genesis_9": ("hip", "spine1", "spine2", "spine3", "neck1", "head", "{l}_shoulder", "{l}_upperarm",
                      "{l}_forearm", "{l}_hand", "{l}_thigh", "{l}_shin", "{l}_foot", "{l}_toes"),
    "biped": ("Bip01 Pelvis", "Bip01 Spine", "Bip01 Spine1", "Bip01 Spine2", "Bip01 Neck", "Bip01 Head",
              "Bip01 {L} Clavicle", "Bip01 {L} UpperArm", "Bip01 {L} Forearm", "Bip01 {L} Hand", "Bip01 {L} Thigh",
              "Bip01 {L} Calf", "Bip01 {L} Foot", "Bip01 {L} Toe0"),
    "vroid": ("J_Bip_C_Hips", "J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest", "J_Bip_C_Neck", "J_Bip_C_Head",
              "J_Bip_{L}_Shoulder", "J_Bip_{L}_UpperArm", "J_Bip_{L}_LowerArm", "J_Bip_{L}_Hand", "J_Bip_{L}_UpperLeg",
              "J_Bip_{L}_LowerLeg", "J_Bip_{L}_Foot", "J_Bip_{L}_ToeBase"),
    "smpl": ("pelvis", "spine1", "spine2", "spine3", "neck", "head", "{left}_collar", "{left}_shoulder", "{left}_elbow",
             "{left}_wrist", "{left}_hip", "{left}_knee", "{left}_ankle", "{left}_foot"),
    "cmu": ("Hips", "LowerBack", "Spine", "Spine1", "Neck", "Head", "{Left}Shoulder", "{Left}Arm", "{Left}ForeArm",
            "{Left}Hand", "{Left}UpLeg", "{Left}Leg", "{Left}Foot", "{Left}ToeBase"),
    "nameless": tuple(f"bone {number}" + " {nobody}" * (number > 5) for number in range(14)),
}  # fmt: skip
"""Families of names, for the parts in the order of ``PARENTS``; ``{L}`` and the like are replaced by the side's."""
SIDES = (
    {"L": "L", "l": "l", "Left": "Left", "left": "left", "nobody": "a"},
    {"L": "R", "l": "r", "Left": "Right", "left": "right", "nobody": "b"},
)

FINGER_NAMES = {
    "mixamo": "mixamorig:{Left}Hand{Finger}{number}",
    "unreal": "{finger}_0{number}_{l}",
    "rigify": "f_{finger}.0{number}.{L}",
    "vroid": "J_Bip_{L}_{Finger}{number}",
    "character_creator": "CC_Base_{L}_{Finger}{number}",
    "daz_genesis_8": "{l}{Finger}{number}",
    "auto_rig_pro": "c_{finger}{number}.{l}",
    "biped": "Bip01 {L} Finger{place}{joint}",
}
"""Names of fingers' bones: ``number`` from 1, ``place`` of the finger from the thumb, ``joint`` nothing, 1 and 2."""
FINGER_PLACES = {"thumb": (0.03, -0.035), "index": (0.09, -0.03), "middle": (0.095, -0.01), "ring": (0.09, 0.01),
                 "pinky": (0.08, 0.03)}  # fmt: skip
"""Where fingers begin: metres from the wrist along and across the hand in a T-pose, the thumb's side first."""
FINGER_BONE = 0.03


@dataclass(frozen=True)
class Rig:
    """What is special about a made-up character.

    ``names`` of ``FAMILIES``; ``droop`` degrees by which the arms hang from a T-pose; ``roll`` degrees of every bone;
    ``size`` times a grown-up, the ``legs`` so many times as long as that and so many times as far ``apart``, with
    ``shins`` times as much of them below the knees; ``units``: the object's scale; ``twists``: bones that share the
    limbs' twist; ``faces`` degrees about +Z; ``without``: parts left out; ``extra``: how many bones hang from the head;
    ``fingers`` of ``FINGER_NAMES``.
    """

    names: str = "mixamo"
    droop: float = 0.0
    roll: float = 0.0
    size: float = 1.0
    legs: float = 1.0
    apart: float = 1.0
    shins: float = 1.0
    units: float = 1.0
    twists: bool = False
    faces: float = 0.0
    without: tuple[str, ...] = ()
    extra: int = 0
    fingers: str = ""


WORST = {
    "worst": Rig("unreal", droop=56, roll=73, units=0.01, twists=True, faces=90),
    "worst_child": Rig("nameless", droop=50, roll=-40, size=0.6, units=0.01, without=("collar", "neck", "toe")),
    "worst_giant": Rig("daz_genesis_8", droop=40, roll=130, size=2.6, units=0.01, twists=True, faces=180),
}
"""The worst that may come: A-poses, rolled bones, twist bones, a root of 0.01, a child and a giant."""


def joints_of(rig: Rig) -> dict[str, np.ndarray]:
    """Where the parts of a rig begin, by part and, of limbs, side (0 left, 1 right): metres, standing at the origin."""
    found = {part: np.array(place, float) for part, place in TRUNK.items()}
    angle = np.radians(rig.droop)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    shoulder = np.array(ARM["upper_arm"])
    for side, sign in ((0, 1), (1, -1)):
        mirror = np.array([sign, 1, 1])
        for part, place in (ARM | LEG).items():
            hangs = part in ARM and part not in ("collar", "upper_arm")
            at = shoulder + turn @ (np.array(place) - shoulder) if hangs else np.array(place, float)
            found[f"{part} {side}"] = mirror * at
        _lengthen_legs(found, side, rig)
    found |= {part: found[part] + [0, 0, (rig.legs - 1) * (LEG["thigh"][2] - LEG["foot"][2])] for part in found
              if part.partition(" ")[0] not in LEG}  # fmt: skip
    angle = np.radians(rig.faces)
    about = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return {part: rig.size * about @ place for part, place in found.items()}


def _lengthen_legs(joints: dict[str, np.ndarray], side: int, rig: Rig) -> None:
    """Bring a side's leg to the rig's proportions; its foot stays on the floor."""
    ankle = joints[f"foot {side}"][2]
    knee, hip = (joints[f"{part} {side}"][2] - ankle for part in ("shin", "thigh"))
    joints[f"shin {side}"][2] = ankle + rig.legs * knee * rig.shins
    joints[f"thigh {side}"][2] = ankle + rig.legs * hip
    wider = (rig.apart - 1) * joints[f"thigh {side}"][0]
    for part in LEG:
        joints[f"{part} {side}"][0] += wider


def make_rig(rig: Rig, name: str, scene: Scene) -> ArmatureObject:
    """The rig as an armature object of a scene, with a mesh of boxes around its bones."""
    armature: Any = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    scene.collection.objects.link(armature)
    armature.scale = (rig.units,) * 3
    joints, template = joints_of(rig), dict(zip(PARENTS, FAMILIES[rig.names], strict=True))
    made: dict[str, str] = {}
    with edit_bones(armature):
        for side in (None, 0, 1):
            for part, parent in PARENTS.items():
                if part in rig.without or (part in TRUNK) != (side is None):
                    continue
                while parent in rig.without:
                    parent = PARENTS[parent]
                name_of = template[part] if side is None else template[part].format(**SIDES[side])
                suffix = "" if side is None else f" {side}"
                bone = _bone(armature, name_of, joints[part + suffix], joints[TAILS[part] + suffix], rig)
                made[part + suffix] = bone.name
                if parent:
                    bone.parent = armature.data.edit_bones[made.get(parent + suffix, made.get(parent, ""))]
                if rig.twists and part in ("upper_arm", "forearm", "thigh"):
                    for number in (1, 2):
                        _twist(armature, bone, number, rig)
        for side in (0, 1) if rig.fingers else ():
            _fingers(armature, joints, made, side, rig)
        last = armature.data.edit_bones[made.get("head", made["hips"])]
        for number in range(rig.extra):
            more = _bone(armature, f"extra {number}", joints["head"], joints["crown"], rig)
            more.parent = last
    add_boxes(armature, _boxes(joints, made, rig), rig.units)
    return armature


def _bone(armature: Any, name: str, head: np.ndarray, tail: np.ndarray, rig: Rig) -> Any:
    bone = armature.data.edit_bones.new(name)
    bone.head, bone.tail = Vector(head / rig.units), Vector(tail / rig.units)
    bone.roll = np.radians(rig.roll)
    return bone


def _fingers(armature: Any, joints: Mapping[str, np.ndarray], made: Mapping[str, str], side: int, rig: Rig) -> None:
    """Five fingers of three bones, straight on from the hand."""
    wrist, ahead = joints[f"hand {side}"], joints[f"finger {side}"] - joints[f"hand {side}"]
    ahead = ahead / np.linalg.norm(ahead)
    front = joints["toe 0"] - joints["foot 0"] + joints["toe 1"] - joints["foot 1"]
    front = front - (front @ ahead) * ahead - front * [0, 0, 1]
    front = front / np.linalg.norm(front)
    for place, (finger, (along, across)) in enumerate(FINGER_PLACES.items()):
        parent = armature.data.edit_bones[made[f"hand {side}"]]
        for number in range(3):
            words = SIDES[side] | {"finger": finger, "Finger": finger.title(), "number": number + 1, "place": place,
                                   "joint": number or ""}  # fmt: skip
            outward = ahead + front if finger == "thumb" else ahead
            head = wrist + rig.size * (along * ahead - across * front + FINGER_BONE * number * outward)
            bone = _bone(armature, FINGER_NAMES[rig.fingers].format(**words), head,
                         head + rig.size * FINGER_BONE * outward, rig)  # fmt: skip
            bone.parent = parent
            parent = bone


def _twist(armature: Any, bone: Any, number: int, rig: Rig) -> None:
    """A bone beside a limb's, named as Unreal's, a third and two thirds along it."""
    helper = armature.data.edit_bones.new(f"{bone.name}_twist_0{number}")
    helper.head = bone.head + (bone.tail - bone.head) * (number / 3)
    helper.tail = bone.head + (bone.tail - bone.head) * ((number + 1) / 3)
    helper.roll, helper.parent = np.radians(rig.roll), bone


def _boxes(joints: Mapping[str, np.ndarray], made: Mapping[str, str], rig: Rig) -> dict[str, np.ndarray]:
    """The corners (8, 3) of a box along every bone, by its name; the feet's reach down to the floor."""
    boxes = {}
    for part, bone in made.items():
        kind, _, side = part.partition(" ")
        head, tail = joints[part], joints[TAILS[kind] + (f" {side}" if side else "")]
        thick = rig.size * (0.09 if kind in ("spine", "spine2", "chest", "hips", "head") else 0.035)
        boxes[bone] = box_along(head, tail, thick)
        if kind in ("foot", "toe"):
            low, high = np.minimum(head, tail) - thick, np.maximum(head, tail) + thick
            low[2], high[2] = 0.0, max(head[2], tail[2]) + 0.01
            boxes[bone] = box_between(low, high)
    return boxes
