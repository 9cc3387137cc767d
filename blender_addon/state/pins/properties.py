"""What makes an object a pin. It lies on the object, so that it is saved, undone, duplicated and deleted with it."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from ...bpy_types import overridable, unkeyable

LABELS = {
    "pelvis": "Pelvis", "chest": "Chest", "left_knee": "Left Knee", "right_knee": "Right Knee",
    "left_ankle": "Left Ankle", "right_ankle": "Right Ankle", "left_toes": "Left Toes", "right_toes": "Right Toes",
    "left_shoulder": "Left Shoulder", "right_shoulder": "Right Shoulder", "left_elbow": "Left Elbow",
    "right_elbow": "Right Elbow",
}  # fmt: skip
"""Roles of ``model_core.pins.PIN_JOINTS`` -> how they are shown."""
NO_PIN = "NONE"
JOINT_ITEMS = tuple((role, label, "") for role, label in LABELS.items())
ROLE_ITEMS = ((NO_PIN, "None", "The object is no pin"), *JOINT_ITEMS)


@unkeyable
@overridable
class THREEPOINT_PG_pin(bpy.types.PropertyGroup):
    """Which joint an object holds, when and how. Every object has one; ``role`` says whether it is a pin.

    An object with keyframes of its own place holds the joint at these, any other one from ``first`` to ``last``.
    """

    role: EnumProperty(name="Joint", items=ROLE_ITEMS, description="The joint that is held where this object is")
    muted: BoolProperty(name="Mute", description="Leave this pin out when the motion is solved")
    hard: BoolProperty(
        name="Hard", default=True,
        description="Met within half a centimetre where a person can; off, by seven tenths of the way",
    )  # fmt: skip
    turned: BoolProperty(name="Hold Rotation", description="Hold the joint's bone turned as this object is, too")
    first: IntProperty(name="First", description="First frame at which the joint is held", default=1)
    last: IntProperty(name="Last", description="Last frame at which the joint is held", default=1)
    between: BoolProperty(
        name="Between Keys",
        description="Hold the joint from this object's first keyframe to its last, not at the keyframes alone",
    )
    reach: FloatProperty(
        name="Reach", default=1.0, min=0.1, max=10.0, unit="TIME_ABSOLUTE",
        description="Seconds before and after within which the motion may change for this pin",
    )  # fmt: skip
    made: BoolProperty(options={"HIDDEN"})
    """The object was made to be a pin, and goes with it."""
