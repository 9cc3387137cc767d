"""What Threepoint keeps in a scene: people, how each is to be predicted, and the takes that there are."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ...model_core.errors import InputError
from . import people
from ..avatar import rigging
from ..characters.bone_names import ITEMS as NAME_ITEMS
from ..characters.rotation_modes import EULER_ORDERS

ORDER_ITEMS = (
    ("QUATERNION", "Quaternion", "No gimbal lock: what is predicted, exactly"),
    *((order, f"{order} Euler", "Angles about three axes, as most game engines and other programs edit them")
      for order in EULER_ORDERS),
)  # fmt: skip
PRESET_ITEMS = (
    ("AUTO", "From the Recording", "What the recording says of its device, else the grip pose"),
    ("grip", "Grip Pose", "OpenXR and WebXR grip pose"),
    ("touch", "Oculus Touch", "Pointing pose of Quest and Rift controllers"),
    ("index", "Valve Index", "OpenVR's raw pose of an Index controller"),
    ("vive", "HTC Vive", "OpenVR's raw pose of a Vive wand"),
    ("saber", "Beat Saber", "The handles of the sabers in a replay"),
    ("hand", "Tracked Hand", "The wrist joint of a tracked hand"),
    ("joints", "Body Joints", "The objects already are the head and wrist joints of a body"),
)
DEVICE_ITEMS = (
    ("auto", "Automatic", "A GPU where there is one"),
    ("cpu", "CPU", "The processor: slower, always there"),
    ("cuda", "NVIDIA or AMD GPU", "CUDA or ROCm"),
    ("mps", "Apple GPU", "Metal"),
)


def _show_take(person, _context):
    people.show_take(person)


def _name_bones(person, _context):
    rigging.name_bones(person)


def _order_rotations(person, _context):
    rigging.order_rotations(person)


def _apply_correctives(person, _context):
    try:
        rigging.apply_correctives(person)
    except InputError as error:  # A setting cannot report; the panel shows the person's notes.
        person.notes = f"{person.notes}\n{error}".strip()


def _show_colours(person, _context):
    people.show_colours(person)


class THREEPOINT_PG_take(bpy.types.PropertyGroup):
    """One predicted motion, kept as an action."""

    action: PointerProperty(type=bpy.types.Action, name="Action")
    number: IntProperty(name="Take", description="0 is the mean motion, others are draws from the likely ones")


class THREEPOINT_PG_person(bpy.types.PropertyGroup):
    """A person: the tracked objects, the calibration, the choices and the avatar."""

    head: PointerProperty(type=bpy.types.Object, name="Head", description="Animated object that moves as the headset")
    left_hand: PointerProperty(
        type=bpy.types.Object, name="Left Hand", description="Animated object that moves as the left controller"
    )
    right_hand: PointerProperty(
        type=bpy.types.Object, name="Right Hand", description="Animated object that moves as the right controller"
    )
    notes: StringProperty(name="Notes", description="What the reader repaired, dropped or guessed, a line each")

    preset: EnumProperty(
        name="Controllers", items=PRESET_ITEMS, description="How the hands hold what was recorded of them"
    )
    own_stature: BoolProperty(name="Own Stature", description="Set the person's height instead of finding it")
    stature: FloatProperty(
        name="Stature", description="The person's height", subtype="DISTANCE", default=1.7, min=0.5, max=2.6
    )
    own_floor: BoolProperty(name="Own Floor", description="Set the height of the floor instead of finding it")
    floor: FloatProperty(name="Floor", description="Height of the floor in the scene", subtype="DISTANCE")
    calibration: StringProperty(name="Calibration", description="What the last calibration found, a line each")

    body_path: StringProperty(
        name="Body", subtype="FILE_PATH", description="Your own SMPL, SMPL-H or SMPL-X file; empty: the free body"
    )
    bone_names: EnumProperty(
        name="Bone Names", items=NAME_ITEMS, update=_name_bones, description="What the avatar's bones are called"
    )
    rotation_order: EnumProperty(
        name="Rotation Order", items=ORDER_ITEMS, update=_order_rotations,
        description="How the bones' rotations are keyed; what is keyed already is converted",
    )  # fmt: skip
    correctives: BoolProperty(
        name="Pose Correctives", update=_apply_correctives,
        description="Let joints of your own SMPL body bulge and fold as its file says, by driven shape keys: "
        "true to the model, but playback becomes many times slower",
    )  # fmt: skip
    has_correctives: BoolProperty(name="Has Pose Correctives", description="The avatar's body file has some")
    built_from: StringProperty(name="Built From", description="The body file that the avatar was made from")

    device: EnumProperty(name="Device", items=DEVICE_ITEMS, description="Where the networks run")
    seed: IntProperty(name="Seed", min=0, description="Other seeds give other takes")
    refinement: FloatProperty(
        name="Refinement", default=1.0, min=0.0, max=1.0, subtype="FACTOR",
        description="0: what SAGE predicts. 1: refined, so that head and hands are met exactly and feet stand firmly. "
        "Between: every joint goes that part of the way",
    )  # fmt: skip
    first: IntProperty(name="First", description="First frame of the range to solve again", default=1)
    last: IntProperty(name="Last", description="Last frame of the range to solve again", default=60)

    armature: PointerProperty(type=bpy.types.Object, name="Avatar")
    mesh: PointerProperty(type=bpy.types.Object, name="Mesh")
    betas: FloatVectorProperty(name="Shape", size=10, description="SMPL's shape parameters of the avatar")
    takes: CollectionProperty(type=THREEPOINT_PG_take)
    active_take: IntProperty(name="Take", description="The take that the avatar plays", update=_show_take)

    colours: BoolProperty(
        name="Show Uncertainty", default=True, update=_show_colours, description="Colour the avatar by how sure it is"
    )
    low: FloatProperty(
        name="From", default=2.0, min=0.0, soft_max=50.0, update=_show_colours,
        description="Centimetres of uncertainty below which the body has its calm colour",
    )  # fmt: skip
    high: FloatProperty(
        name="To", default=15.0, min=0.1, soft_max=50.0, update=_show_colours,
        description="Centimetres of uncertainty from which on the colour is the last of the ramp",
    )  # fmt: skip


class THREEPOINT_PG_scene(bpy.types.PropertyGroup):
    """All people of a scene."""

    people: CollectionProperty(type=THREEPOINT_PG_person)
    active: IntProperty(name="Person", description="The person that the buttons work on")


class THREEPOINT_PG_work(bpy.types.PropertyGroup):
    """What is going on in this window; not saved."""

    running: BoolProperty()
    fraction: FloatProperty(min=0.0, max=1.0)
    stage: StringProperty()


CLASSES = (THREEPOINT_PG_take, THREEPOINT_PG_person, THREEPOINT_PG_scene, THREEPOINT_PG_work)


def active_person(context):
    """The person that the buttons work on, or None."""
    settings = context.scene.threepoint
    return settings.people[settings.active] if 0 <= settings.active < len(settings.people) else None


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.Scene.threepoint = PointerProperty(type=THREEPOINT_PG_scene)
    bpy.types.WindowManager.threepoint = PointerProperty(type=THREEPOINT_PG_work, options={"SKIP_SAVE"})


def unregister():
    del bpy.types.WindowManager.threepoint
    del bpy.types.Scene.threepoint
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
