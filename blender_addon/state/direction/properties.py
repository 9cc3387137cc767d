"""What makes an object a seat or ground. It lies on the object, so that it is saved, undone and deleted with it."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import bpy
from bpy.props import BoolProperty, FloatVectorProperty, IntProperty

from ...bpy_types import overridable, unkeyable


@unkeyable
@overridable
class THREEPOINT_PG_directed(bpy.types.PropertyGroup):
    """Whether people stand on an object, and whether and when its person sits on it. Every object has one."""

    ground: BoolProperty(
        name="Ground", description="People stand on this mesh; an empty is the height of their floor while it is keyed"
    )
    seat: BoolProperty(name="Seat", description="The person sits on this object from First to Last")
    first: IntProperty(name="First", description="First frame in which the person sits", default=1)
    last: IntProperty(name="Last", description="Last frame in which the person sits", default=1)
    made: BoolProperty(options={"HIDDEN"})
    """The object was made to be a seat, below the pelvis."""
    made_at: FloatVectorProperty(size=3, options={"HIDDEN"})
    """Where that was, in the armature's space: moved from there sideways it holds the pelvis over itself."""
