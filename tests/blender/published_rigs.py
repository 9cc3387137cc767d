"""Bones of rigs of which no free file is at hand, as their makers publish them: what hangs from what, and what it is.

Faces are left out but for a bone or two. ``{l}`` is ``l`` and ``r``, ``{L}`` the same in capitals.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from threepoint.blender_addon.characters.bones.rest_pose import RestPose
from threepoint.blender_addon.characters.bones.roles import LIMBS
from threepoint.tools.evaluation.characters.made_up_rigs import FINGER_BONE, FINGER_PLACES, Rig, joints_of

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


@dataclass(frozen=True)
class Published:
    """``tree``: bones, each below the one before, and after a colon what hangs from the last. ``middle``: root (or ""),
    hips, chest and head; ``limbs``: of each side, from collar to toes; ``fingers``: three bones each, the thumb first.
    """

    tree: str
    middle: tuple[str, str, str, str]
    limbs: tuple[str, str, str, str, str, str, str, str]
    fingers: tuple[tuple[str, str, str], ...]

    def rest(self) -> RestPose:
        """The bones, those that have a part where a made-up person has it, pieces of limbs between, others above."""
        parents: dict[str, str] = {}
        for line in self.tree.strip().splitlines():
            above, _, below = line.partition(":")
            chain = above.strip().split(" > ")
            pairs = [*pairwise(chain), *((chain[-1], name) for name in below.split())]
            for side in "lr":
                parents |= {sided(name, side): sided(carrier, side) for carrier, name in pairs}
        names: list[str] = []
        for name in parents:
            line = [name]
            while line[-1] in parents:
                line.append(parents[line[-1]])
            names += [bone for bone in line[::-1] if bone not in names]
        numbers = np.array([names.index(parents[name]) if name in parents else -1 for name in names])
        heads = _places(names, numbers, self._known())
        axes, inherits = np.tile(np.eye(3), (len(names), 1, 1)), np.ones(len(names), bool)
        return RestPose(tuple(names), numbers, heads, heads + ABOVE, axes, axes, inherits, np.zeros((0, 3)))

    def _known(self) -> dict[str, np.ndarray]:
        """Bone -> where it begins (3,), of those that are a person's."""
        joints = joints_of(Rig(droop=40))
        found = dict(zip(self.middle, (np.zeros(3), joints["hips"], joints["chest"], joints["head"]), strict=True))
        for number, side in enumerate("lr"):
            found |= {sided(bone, side): joints[f"{limb} {number}"]
                      for bone, limb in zip(self.limbs, LIMBS, strict=True)}  # fmt: skip
            wrist = joints[f"hand {number}"]
            ahead = (joints[f"finger {number}"] - wrist) / np.linalg.norm(joints[f"finger {number}"] - wrist)
            for finger, bones in zip(FINGERS, self.fingers, strict=True):
                along, across = FINGER_PLACES[finger]
                for place, bone in enumerate(bones):
                    found[sided(bone, side)] = wrist + (along + FINGER_BONE * place) * ahead + [0, across, 0]
        return found


ABOVE = np.array([0.0, 0.0, 0.02])


def _places(names: list[str], parents: np.ndarray, known: dict[str, np.ndarray]) -> np.ndarray:
    """Where bones begin (B, 3): as ``known``, evenly between those, or above their parent."""
    heads = np.zeros((len(names), 3))
    for bone, name in enumerate(names):
        heads[bone] = known[name] if name in known else heads[parents[bone]] + ABOVE
    for bone, name in enumerate(names):
        between, above = [], int(parents[bone])
        while name in known and above >= 0 and names[above] not in known:
            between, above = [above, *between], int(parents[above])
        for place, piece in enumerate(between, 1):
            heads[piece] = heads[above] + place / (len(between) + 1) * (heads[bone] - heads[above])
    return heads


def sided(name: str, side: str) -> str:
    return name.format(l=side, L=side.upper())


def _fingers(template: str, *words: str) -> tuple[tuple[str, str, str], ...]:
    """``<>`` is the finger's word, ``#`` the number of a bone."""
    return tuple(tuple(template.replace("<>", word).replace("#", str(number)) for number in (1, 2, 3))
                 for word in words)  # fmt: skip  # pyright: ignore[reportReturnType]


UNREAL_LIMBS = ("clavicle_{l}", "upperarm_{l}", "lowerarm_{l}", "hand_{l}", "thigh_{l}", "calf_{l}", "foot_{l}",
                "ball_{l}")  # fmt: skip
UNREAL_FINGERS = _fingers("<>_0#_{l}", *FINGERS)


PUBLISHED = {
    "Unreal Engine 4's mannequin": Published(
        """
        root: pelvis ik_foot_root ik_hand_root
        ik_foot_root: ik_foot_{l}
        ik_hand_root > ik_hand_gun: ik_hand_{l}
        pelvis: spine_01 thigh_{l}
        spine_01 > spine_02 > spine_03: clavicle_{l} neck_01
        neck_01: head
        clavicle_{l} > upperarm_{l}: lowerarm_{l} upperarm_twist_01_{l}
        lowerarm_{l}: hand_{l} lowerarm_twist_01_{l}
        hand_{l}: index_01_{l} middle_01_{l} pinky_01_{l} ring_01_{l} thumb_01_{l}
        index_01_{l} > index_02_{l}: index_03_{l}
        middle_01_{l} > middle_02_{l}: middle_03_{l}
        pinky_01_{l} > pinky_02_{l}: pinky_03_{l}
        ring_01_{l} > ring_02_{l}: ring_03_{l}
        thumb_01_{l} > thumb_02_{l}: thumb_03_{l}
        thigh_{l}: calf_{l} thigh_twist_01_{l}
        calf_{l}: calf_twist_01_{l} foot_{l}
        foot_{l}: ball_{l}
        """,
        ("root", "pelvis", "spine_03", "head"), UNREAL_LIMBS, UNREAL_FINGERS,
    ),
    "MetaHuman and Unreal Engine 5's mannequin": Published(
        """
        root: pelvis ik_foot_root ik_hand_root interaction center_of_mass
        ik_foot_root: ik_foot_{l}
        ik_hand_root > ik_hand_gun: ik_hand_{l}
        pelvis: spine_01 thigh_{l}
        spine_01 > spine_02 > spine_03 > spine_04: spine_05
        spine_05: clavicle_pec_{l} spine_04_latissimus_{l} clavicle_{l} neck_01
        neck_01 > neck_02: head FACIAL_C_Neck2Root
        head > FACIAL_C_FacialRoot: FACIAL_C_Jaw FACIAL_{L}_Eye FACIAL_{L}_Ear
        clavicle_{l}: clavicle_out_{l} clavicle_scap_{l} upperarm_{l}
        upperarm_{l}: upperarm_correctiveRoot_{l} upperarm_twist_01_{l} upperarm_twist_02_{l} lowerarm_{l}
        upperarm_correctiveRoot_{l}: upperarm_bck_{l} upperarm_fwd_{l} upperarm_in_{l} upperarm_out_{l}
        upperarm_twist_01_{l}: upperarm_twistCor_01_{l}
        upperarm_twist_02_{l}: upperarm_bicep_{l} upperarm_tricep_{l} upperarm_twistCor_02_{l}
        lowerarm_{l}: lowerarm_twist_02_{l} lowerarm_twist_01_{l} lowerarm_correctiveRoot_{l} hand_{l}
        lowerarm_correctiveRoot_{l}: lowerarm_out_{l} lowerarm_in_{l} lowerarm_fwd_{l} lowerarm_bck_{l}
        hand_{l}: wrist_inner_{l} wrist_outer_{l} weapon_{l} pinky_metacarpal_{l} ring_metacarpal_{l}
        hand_{l}: middle_metacarpal_{l} index_metacarpal_{l} thumb_01_{l}
        index_metacarpal_{l} > index_01_{l}: index_01_mcp_{l} index_02_{l} index_01_palm_{l}
        index_02_{l}: index_03_{l} index_02_half_{l} index_02_pip_{l}
        middle_metacarpal_{l} > middle_01_{l} > middle_02_{l}: middle_03_{l}
        ring_metacarpal_{l} > ring_01_{l} > ring_02_{l}: ring_03_{l}
        pinky_metacarpal_{l} > pinky_01_{l} > pinky_02_{l}: pinky_03_{l}
        thumb_01_{l} > thumb_02_{l}: thumb_03_{l}
        thigh_{l}: thigh_correctiveRoot_{l} thigh_twist_01_{l} thigh_twist_02_{l} calf_{l}
        thigh_correctiveRoot_{l}: thigh_fwd_{l} thigh_bck_{l} thigh_out_{l} thigh_in_{l} thigh_bck_lwr_{l}
        calf_{l}: calf_correctiveRoot_{l} calf_twist_01_{l} calf_twist_02_{l} foot_{l}
        calf_correctiveRoot_{l}: calf_knee_{l} calf_kneeBack_{l}
        foot_{l}: ankle_bck_{l} ankle_fwd_{l} ball_{l}
        ball_{l}: bigtoe_01_{l} indextoe_01_{l} middletoe_01_{l} ringtoe_01_{l} littletoe_01_{l}
        bigtoe_01_{l}: bigtoe_02_{l}
        """,
        ("root", "pelvis", "spine_05", "head"), UNREAL_LIMBS, UNREAL_FINGERS,
    ),
    "Auto-Rig Pro": Published(
        """
        root > root.x: spine_01.x thigh_twist.{l}
        spine_01.x > spine_02.x > spine_03.x: neck.x shoulder.{l} breast.{l}
        neck.x > head.x: jawbone.x c_eye.{l} c_ear_01.{l}
        shoulder.{l} > arm_twist.{l} > arm_stretch.{l}: forearm_stretch.{l}
        forearm_stretch.{l} > forearm_twist.{l}: hand.{l}
        hand.{l}: thumb1.{l} c_index1_base.{l} c_middle1_base.{l} c_ring1_base.{l} c_pinky1_base.{l}
        thumb1.{l} > c_thumb2.{l}: c_thumb3.{l}
        c_index1_base.{l} > index1.{l} > c_index2.{l}: c_index3.{l}
        c_middle1_base.{l} > middle1.{l} > c_middle2.{l}: c_middle3.{l}
        c_ring1_base.{l} > ring1.{l} > c_ring2.{l}: c_ring3.{l}
        c_pinky1_base.{l} > pinky1.{l} > c_pinky2.{l}: c_pinky3.{l}
        thigh_twist.{l} > thigh_stretch.{l} > leg_stretch.{l} > leg_twist.{l}: foot.{l}
        foot.{l}: toes_01.{l}
        """,
        ("root", "root.x", "spine_03.x", "head.x"),
        ("shoulder.{l}", "arm_twist.{l}", "forearm_stretch.{l}", "hand.{l}",
         "thigh_twist.{l}", "leg_stretch.{l}", "foot.{l}", "toes_01.{l}"),
        (("thumb1.{l}", "c_thumb2.{l}", "c_thumb3.{l}"),
         *((f"{word}1.{{l}}", f"c_{word}2.{{l}}", f"c_{word}3.{{l}}") for word in FINGERS[1:])),
    ),
    "Auto-Rig Pro, exported to a game": Published(
        """
        root > root.x: spine_01.x thigh_stretch.{l}
        spine_01.x > spine_02.x > spine_03.x: neck.x shoulder.{l}
        neck.x: head.x
        shoulder.{l} > arm_stretch.{l}: arm_twist.{l} forearm_stretch.{l}
        forearm_stretch.{l}: forearm_twist.{l} hand.{l}
        hand.{l}: thumb1.{l} index1.{l} middle1.{l} ring1.{l} pinky1.{l}
        thumb1.{l} > thumb2.{l}: thumb3.{l}
        index1.{l} > index2.{l}: index3.{l}
        middle1.{l} > middle2.{l}: middle3.{l}
        ring1.{l} > ring2.{l}: ring3.{l}
        pinky1.{l} > pinky2.{l}: pinky3.{l}
        thigh_stretch.{l}: thigh_twist.{l} leg_stretch.{l}
        leg_stretch.{l}: leg_twist.{l} foot.{l}
        foot.{l}: toes_01.{l}
        """,
        ("root", "root.x", "spine_03.x", "head.x"),
        ("shoulder.{l}", "arm_stretch.{l}", "forearm_stretch.{l}", "hand.{l}",
         "thigh_stretch.{l}", "leg_stretch.{l}", "foot.{l}", "toes_01.{l}"),
        _fingers("<>#.{l}", *FINGERS),
    ),
    "Character Creator": Published(
        """
        RL_BoneRoot > CC_Base_Hip: CC_Base_Pelvis CC_Base_Waist
        CC_Base_Pelvis > CC_Base_{L}_Thigh: CC_Base_{L}_ThighTwist01 CC_Base_{L}_Calf
        CC_Base_{L}_ThighTwist01: CC_Base_{L}_ThighTwist02
        CC_Base_{L}_Calf: CC_Base_{L}_KneeShareBone CC_Base_{L}_CalfTwist01 CC_Base_{L}_Foot
        CC_Base_{L}_CalfTwist01: CC_Base_{L}_CalfTwist02
        CC_Base_{L}_Foot: CC_Base_{L}_ToeBaseShareBone CC_Base_{L}_ToeBase
        CC_Base_{L}_ToeBase: CC_Base_{L}_BigToe1 CC_Base_{L}_IndexToe1 CC_Base_{L}_MidToe1 CC_Base_{L}_RingToe1
        CC_Base_{L}_ToeBase: CC_Base_{L}_PinkyToe1
        CC_Base_Waist > CC_Base_Spine01: CC_Base_Spine02
        CC_Base_Spine02: CC_Base_{L}_RibsTwist CC_Base_{L}_Clavicle CC_Base_NeckTwist01
        CC_Base_{L}_RibsTwist: CC_Base_{L}_Breast
        CC_Base_NeckTwist01 > CC_Base_NeckTwist02 > CC_Base_Head: CC_Base_FacialBone
        CC_Base_FacialBone: CC_Base_JawRoot CC_Base_{L}_Eye CC_Base_UpperJaw
        CC_Base_{L}_Clavicle: CC_Base_{L}_Upperarm
        CC_Base_{L}_Upperarm: CC_Base_{L}_UpperarmTwist01 CC_Base_{L}_Forearm
        CC_Base_{L}_UpperarmTwist01: CC_Base_{L}_UpperarmTwist02
        CC_Base_{L}_Forearm: CC_Base_{L}_ForearmTwist01 CC_Base_{L}_ElbowShareBone CC_Base_{L}_Hand
        CC_Base_{L}_ForearmTwist01: CC_Base_{L}_ForearmTwist02
        CC_Base_{L}_Hand: CC_Base_{L}_Thumb1 CC_Base_{L}_Index1 CC_Base_{L}_Mid1 CC_Base_{L}_Ring1 CC_Base_{L}_Pinky1
        CC_Base_{L}_Thumb1 > CC_Base_{L}_Thumb2: CC_Base_{L}_Thumb3
        CC_Base_{L}_Index1 > CC_Base_{L}_Index2: CC_Base_{L}_Index3
        CC_Base_{L}_Mid1 > CC_Base_{L}_Mid2: CC_Base_{L}_Mid3
        CC_Base_{L}_Ring1 > CC_Base_{L}_Ring2: CC_Base_{L}_Ring3
        CC_Base_{L}_Pinky1 > CC_Base_{L}_Pinky2: CC_Base_{L}_Pinky3
        """,
        ("RL_BoneRoot", "CC_Base_Hip", "CC_Base_Spine02", "CC_Base_Head"),
        ("CC_Base_{L}_Clavicle", "CC_Base_{L}_Upperarm", "CC_Base_{L}_Forearm", "CC_Base_{L}_Hand",
         "CC_Base_{L}_Thigh", "CC_Base_{L}_Calf", "CC_Base_{L}_Foot", "CC_Base_{L}_ToeBase"),
        _fingers("CC_Base_{L}_<>#", "Thumb", "Index", "Mid", "Ring", "Pinky"),
    ),
    "MakeHuman and MPFB": Published(
        """
        root: pelvis.{L} spine05
        pelvis.{L} > upperleg01.{L} > upperleg02.{L} > lowerleg01.{L}: lowerleg02.{L}
        lowerleg02.{L} > foot.{L}: toe1-1.{L} toe2-1.{L} toe3-1.{L} toe4-1.{L} toe5-1.{L}
        toe1-1.{L}: toe1-2.{L}
        spine05 > spine04 > spine03 > spine02: breast.{L} spine01
        spine01: clavicle.{L} neck01
        clavicle.{L} > shoulder01.{L} > upperarm01.{L} > upperarm02.{L}: lowerarm01.{L}
        lowerarm01.{L} > lowerarm02.{L} > wrist.{L}: finger1-1.{L}
        wrist.{L} > metacarpal1.{L}: finger2-1.{L}
        wrist.{L} > metacarpal2.{L}: finger3-1.{L}
        wrist.{L} > metacarpal3.{L}: finger4-1.{L}
        wrist.{L} > metacarpal4.{L}: finger5-1.{L}
        finger1-1.{L} > finger1-2.{L}: finger1-3.{L}
        finger2-1.{L} > finger2-2.{L}: finger2-3.{L}
        finger3-1.{L} > finger3-2.{L}: finger3-3.{L}
        finger4-1.{L} > finger4-2.{L}: finger4-3.{L}
        finger5-1.{L} > finger5-2.{L}: finger5-3.{L}
        neck01 > neck02 > neck03 > head: jaw special06.{L}
        special06.{L} > special05.{L}: eye.{L}
        """,
        ("", "root", "spine01", "head"),
        ("clavicle.{L}", "upperarm01.{L}", "lowerarm01.{L}", "wrist.{L}",
         "upperleg01.{L}", "lowerleg01.{L}", "foot.{L}", "toe1-1.{L}"),
        tuple((f"finger{place}-1.{{L}}", f"finger{place}-2.{{L}}", f"finger{place}-3.{{L}}") for place in range(1, 6)),
    ),
    "Daz Genesis 3 and 8": Published(
        """
        Genesis8Female > hip: pelvis abdomenLower
        pelvis > {l}ThighBend > {l}ThighTwist > {l}Shin > {l}Foot: {l}Metatarsals
        {l}Metatarsals: {l}Heel {l}Toe
        {l}Toe: {l}BigToe {l}SmallToe1 {l}SmallToe2 {l}SmallToe3 {l}SmallToe4
        {l}BigToe: {l}BigToe_2
        abdomenLower > abdomenUpper > chestLower: {l}Pectoral chestUpper
        chestUpper: {l}Collar neckLower
        neckLower > neckUpper > head: upperFaceRig lowerJaw {l}Eye {l}Ear
        {l}Collar > {l}ShldrBend > {l}ShldrTwist > {l}ForearmBend > {l}ForearmTwist: {l}Hand
        {l}Hand: {l}Thumb1 {l}Carpal1 {l}Carpal2 {l}Carpal3 {l}Carpal4
        {l}Thumb1 > {l}Thumb2: {l}Thumb3
        {l}Carpal1 > {l}Index1 > {l}Index2: {l}Index3
        {l}Carpal2 > {l}Mid1 > {l}Mid2: {l}Mid3
        {l}Carpal3 > {l}Ring1 > {l}Ring2: {l}Ring3
        {l}Carpal4 > {l}Pinky1 > {l}Pinky2: {l}Pinky3
        """,
        ("Genesis8Female", "hip", "chestUpper", "head"),
        ("{l}Collar", "{l}ShldrBend", "{l}ForearmBend", "{l}Hand", "{l}ThighBend", "{l}Shin", "{l}Foot", "{l}Toe"),
        _fingers("{l}<>#", "Thumb", "Index", "Mid", "Ring", "Pinky"),
    ),
    "Daz Genesis 9": Published(
        """
        Genesis9 > hip: pelvis spine1
        pelvis > {l}_thigh: {l}_thightwist1 {l}_thightwist2 {l}_shin
        {l}_shin > {l}_foot > {l}_metatarsal: {l}_heel {l}_toes
        {l}_toes: {l}_bigtoe1 {l}_indextoe1 {l}_midtoe1 {l}_ringtoe1 {l}_pinkytoe1
        spine1 > spine2 > spine3: {l}_pectoral spine4
        spine4: {l}_shoulder neck1
        neck1 > neck2 > head: lowerjaw {l}_eye {l}_ear
        {l}_shoulder > {l}_upperarm: {l}_upperarmtwist1 {l}_upperarmtwist2 {l}_forearm
        {l}_forearm: {l}_forearmtwist1 {l}_forearmtwist2 {l}_hand
        {l}_hand: {l}_thumb1 {l}_indexmetacarpal {l}_midmetacarpal {l}_ringmetacarpal {l}_pinkymetacarpal
        {l}_thumb1 > {l}_thumb2: {l}_thumb3
        {l}_indexmetacarpal > {l}_index1 > {l}_index2: {l}_index3
        {l}_midmetacarpal > {l}_mid1 > {l}_mid2: {l}_mid3
        {l}_ringmetacarpal > {l}_ring1 > {l}_ring2: {l}_ring3
        {l}_pinkymetacarpal > {l}_pinky1 > {l}_pinky2: {l}_pinky3
        """,
        ("Genesis9", "hip", "spine4", "head"),
        ("{l}_shoulder", "{l}_upperarm", "{l}_forearm", "{l}_hand", "{l}_thigh", "{l}_shin", "{l}_foot", "{l}_toes"),
        _fingers("{l}_<>#", "thumb", "index", "mid", "ring", "pinky"),
    ),
}  # fmt: skip
