"""SMPL's joints: their order, their tree and the halves that the papers divide them into (numpy only)."""

JOINT_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

JOINT_COUNT = 24
"""All of SMPL's joints: the bones of the armature."""
BODY_JOINT_COUNT = 22
"""The joints that a motion drives; the two hands follow their wrists."""

PELVIS, HEAD, LEFT_WRIST, RIGHT_WRIST = 0, 15, 20, 21
COLLARS, SHOULDERS, ELBOWS, WRISTS = (13, 14), (16, 17), (18, 19), (LEFT_WRIST, RIGHT_WRIST)
HIPS, KNEES, ANKLES, TOES = (1, 2), (4, 5), (7, 8), (10, 11)
"""The left joint, then the right one."""
SPINE = (3, 6, 9)
"""The joints from the pelvis to the chest, which is the last one."""
TRACKED_JOINTS = (HEAD, LEFT_WRIST, RIGHT_WRIST)
"""The joints of a three-point recording, in the order of ``ROLES``."""
ROLES = ("head", "left_hand", "right_hand")
"""The tracker roles of a three-point recording."""

UPPER_HALF = (0, 3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
LOWER_HALF = (0, 1, 2, 4, 5, 7, 8, 10, 11)
"""SAGE's halves (paper, section 3.1): they share the root."""

FEET = (*ANKLES, *TOES)

MIRRORED = (0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22)
"""For each joint, the joint on the other side of the body."""
