"""What Threepoint keeps of a person: the trackers, how they are to be predicted, the avatar and its takes.

All of it lies on the person's root object, so that it goes wherever that goes: appended, linked, overridden, duplicated
or copied with a scene. What belongs to a person points at the root.
"""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from collections.abc import Callable
from typing import Any

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
from ..animation.rotation_modes import EULER_ORDERS
from ..avatar.bone_names import ITEMS as NAME_ITEMS
from ..bpy_types import AnyObject, Context, Scene, WindowManager, overridable, registration
from ..i18n import messages
from ..steps import all_at_once
from . import character_properties, duplicates, person_avatar, selection, upgrade
from .characters import show_on_character
from .direction.properties import THREEPOINT_PG_directed
from .pins import objects as pin_objects
from .pins.properties import THREEPOINT_PG_pin
from .takes import playing, show_take, show_uncertainty_of_take

ORDER_ITEMS = (
    ("QUATERNION", "Quaternion", "No gimbal lock: what is predicted, exactly"),
    *((order, f"{order} Euler", "Angles about three axes, as most game engines and other programs edit them")
      for order in EULER_ORDERS),
)  # fmt: skip
PRESET_ITEMS = (
    ("AUTO", "Auto-detect", "What the recording says of its device; where that is unknown, fitted to the motion"),
    ("grip", "Grip Pose", "OpenXR and WebXR grip pose"),
    ("touch", "Oculus Touch", "Pointing pose of Quest and Rift controllers"),
    ("index", "Valve Index", "OpenVR's raw pose of an Index controller"),
    ("vive", "HTC Vive", "OpenVR's raw pose of a Vive wand"),
    ("saber", "Beat Saber", "The handles of the sabers in a replay"),
    ("hand", "Tracked Hand", "The wrist joint of a tracked hand"),
    ("joints", "Body Joints", "The objects already are the head and wrist joints of a body"),
)
HAND_ITEMS = (
    ("AUTO", "By Controllers", "Recorded fingers where there are any; else closed around controllers, else relaxed"),
    ("HOLDING", "Holding", "Fingers closed around a handle"),
    ("RELAXED", "Relaxed", "Fingers as they are when nobody thinks of them"),
    ("FLAT", "Flat", "Fingers stretched out, as the body's file has them"),
    ("RECORDED", "Recorded", "Fingers as the headset has seen them"),
)
LOST_ITEMS = (
    ("PRIOR", "As Is Likely", "What the networks find likely"),
    ("HOLD", "Hold", "Where it was seen last, seen from the head"),
    ("HANG", "Hang", "Down beside the body"),
)
QUALITY_ITEMS = (
    ("DRAFT", "Draft", "What SAGE predicts, without refinement: several times as fast"),
    ("FINAL", "Final", "Refined: head and hands are met exactly, feet stand firmly"),
)
DEVICE_ITEMS = (
    ("auto", "Automatic", "A GPU where there is one"),
    ("cpu", "CPU", "The processor: slower, always there"),
    ("cuda", "NVIDIA or AMD GPU", "CUDA or ROCm"),
    ("mps", "Apple GPU", "Metal"),
)


def _applied(apply: Callable[["THREEPOINT_PG_person"], object]) -> Callable[..., None]:
    """An update that applies a setting to the avatar. It cannot report: the panel shows the person's notes."""

    def update(person: "THREEPOINT_PG_person", _context: bpy.types.Context) -> None:
        try:
            apply(person)
        except InputError as error:
            person.notes = messages.dump([*messages.load(person.notes), messages.of_error(error)])

    return update


def _converted(setting: str) -> Callable[..., None]:
    """An update that converts the avatar to a setting at once, for scripts; the panel's buttons do it in steps."""

    def convert(person: "THREEPOINT_PG_person") -> None:
        if not _keeping:
            all_at_once(person_avatar.CONVERSIONS[setting](person, getattr(person, setting)))

    return _applied(convert)


def keep_setting(person: "THREEPOINT_PG_person", setting: str, value: object) -> None:
    """Keep a setting that the avatar has been converted to already."""
    global _keeping
    _keeping = True
    try:
        setattr(person, setting, value)
    finally:
        _keeping = False


_keeping = False
"""Whether settings are written that are true already."""


def _set_active_take(person: "THREEPOINT_PG_person", index: int) -> None:
    person.chosen_take = index
    show_take(person)
    show_uncertainty_of_take(person)
    show_on_character(person)


def _set_quality(person: "THREEPOINT_PG_person", final: int) -> None:
    person.refinement = float(final)


def _name(person: "THREEPOINT_PG_person") -> str:
    return person.root.name if person.root is not None else ""


def _set_name(person: "THREEPOINT_PG_person", name: str) -> None:
    person.root.name = name


@overridable
class THREEPOINT_PG_take(bpy.types.PropertyGroup):
    """One predicted motion, kept as an action."""

    action: PointerProperty(type=bpy.types.Action, name="Action")
    number: IntProperty(name="Take", description="0 is the most likely motion, others are draws from the likely ones")
    identifier: IntProperty(options={"HIDDEN"})
    """What a take is known by while the engine is at work for it."""
    character_action: PointerProperty(type=bpy.types.Action, options={"HIDDEN"})
    """The same on the person's character."""
    uncertainty: PointerProperty(type=bpy.types.NodeTree, options={"HIDDEN"})
    uncertainty_mean: PointerProperty(type=bpy.types.Action, options={"HIDDEN"})
    """What the mesh shows of how sure the take is: ``avatar.uncertainty.shown_uncertainty``."""
    baked: StringProperty(options={"HIDDEN"})
    """The action's checksum as it was predicted: another one means that somebody has edited it since."""


@overridable
class THREEPOINT_PG_person(bpy.types.PropertyGroup):
    """A person: the tracked objects, the calibration, the choices and the avatar.

    Every object has one, empty but for ``root``, ``pin`` and ``directed``; a root object's has the rest.
    """

    root: PointerProperty(type=bpy.types.Object, name="Person", description="The root object of the person")
    """Of what belongs to a person: trackers, armature, mesh and the root itself. None of all other objects."""
    name: StringProperty(name="Name", get=_name, set=_set_name)
    """The root object's."""
    fps: FloatProperty(options={"HIDDEN"})
    """The scene's frame rate for which the trackers are keyed; 0 where that is not known."""
    extent: FloatVectorProperty(size=4, options={"HIDDEN"})
    """The rectangle of floor that the person takes up, from the root: ``placement.extent_of``."""

    head: PointerProperty(type=bpy.types.Object, name="Head", description="Animated object that moves as the headset")
    left_hand: PointerProperty(
        type=bpy.types.Object,
        name="Left Hand",
        description="Animated object that moves as the left controller",
    )
    right_hand: PointerProperty(
        type=bpy.types.Object,
        name="Right Hand",
        description="Animated object that moves as the right controller",
    )
    notes: StringProperty(options={"HIDDEN"})
    """What the reader repaired, dropped or guessed: ``i18n.messages.dump``."""

    preset: EnumProperty(
        name="Controllers", items=PRESET_ITEMS, description="How the hands hold what was recorded of them"
    )
    override_stature: BoolProperty(
        name="Override Height", description="Set the person's height instead of estimating it"
    )
    stature: FloatProperty(
        name="Height",
        description="The person's height",
        subtype="DISTANCE",
        default=1.7,
        min=0.5,
        max=2.6,
        precision=3,
    )
    override_floor: BoolProperty(
        name="Override Floor", description="Set the height of the floor instead of estimating it"
    )
    floor: FloatProperty(name="Floor", description="Height of the floor in the scene", subtype="DISTANCE", precision=3)
    use_t_pose: BoolProperty(
        name="Use T-Pose",
        description="Measure the person's height and how the devices are held in a T-pose that is held at this frame",
    )
    t_pose_frame: IntProperty(name="T-Pose", description="Frame at which the person stands in a T-pose", default=1)
    calibration: StringProperty(options={"HIDDEN"})
    """The calibration that was used last, as JSON."""
    calibration_key: StringProperty(options={"HIDDEN"})
    """The settings that it was made by: it is kept while these are the same."""
    keep_calibration: BoolProperty(
        name="Lock Calibration", default=True,
        description="Predict with this calibration until it is made anew; off, every prediction calibrates",
    )  # fmt: skip

    body_path: StringProperty(
        name="Body",
        subtype="FILE_PATH",
        description="Your own SMPL, SMPL-H or SMPL-X file; empty: the free body",
    )
    bone_names: EnumProperty(
        name="Bone Names",
        items=NAME_ITEMS,
        update=_converted("bone_names"),
        description="What the avatar's bones are called",
    )
    rotation_order: EnumProperty(
        name="Rotation Order", items=ORDER_ITEMS, update=_converted("rotation_order"),
        description="How the bones' rotations are keyed; what is keyed already is converted",
    )  # fmt: skip
    hand_pose: EnumProperty(
        name="Hands",
        items=HAND_ITEMS,
        update=_converted("hand_pose"),
        description="How the avatar holds its fingers",
    )
    correctives: BoolProperty(
        name="Pose Correctives", update=_converted("correctives"),
        description="Let joints of your own SMPL body bulge and fold as its file says, by driven shape keys: "
        "true to the model, but playback becomes many times slower",
    )  # fmt: skip
    has_correctives: BoolProperty(name="Has Pose Correctives", description="The avatar's body file has some")
    built_from: StringProperty(name="Built From", description="The body file that the avatar was made from")

    device: EnumProperty(name="Device", items=DEVICE_ITEMS, description="Where the networks run")
    lost_hands: EnumProperty(
        name="Lost Hands", items=LOST_ITEMS, description="What a hand does while no tracker sees it"
    )
    use_trim: BoolProperty(name="Trim", description="Predict only the frames of this part; the recording stays whole")
    trim_first: IntProperty(name="Trim First", description="First frame of the recording that is used", default=1)
    trim_last: IntProperty(name="Trim Last", description="Last frame of the recording that is used", default=60)
    seed: IntProperty(name="Seed", min=0, description="Other seeds give other takes")
    quality: EnumProperty(
        name="Quality", items=QUALITY_ITEMS, get=lambda person: int(person.refinement > 0), set=_set_quality,
        description="How much work a prediction is",
    )  # fmt: skip
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
    takes: CollectionProperty(type=THREEPOINT_PG_take, override={"LIBRARY_OVERRIDABLE", "USE_INSERTION"})
    chosen_take: IntProperty(options={"HIDDEN"})
    """The take that was chosen last: what counts where the armature plays none or several."""
    active_take: IntProperty(
        name="Active Take", description="The take that the avatar plays", get=playing, set=_set_active_take
    )
    shown_floor: FloatProperty(options={"HIDDEN"})
    """The height of the floor for which the armature was placed last."""

    pin: PointerProperty(type=THREEPOINT_PG_pin, name="Pin")
    """Of any object: whether it is a pin."""
    directed: PointerProperty(type=THREEPOINT_PG_directed, name="Direction")
    """Of any object: whether it is ground, or a seat."""
    character: PointerProperty(type=character_properties.THREEPOINT_PG_character, name="Character")

    colours: BoolProperty(
        name="Show Uncertainty",
        default=True,
        update=_applied(person_avatar.show_colours),
        description="Colour the avatar by how sure it is",
    )
    low: FloatProperty(
        name="From", default=2.0, min=0.0, soft_max=50.0, update=_applied(person_avatar.show_colours),
        description="Centimetres of uncertainty below which the body has its calm colour",
    )  # fmt: skip
    high: FloatProperty(
        name="To", default=15.0, min=0.1, soft_max=50.0, update=_applied(person_avatar.show_colours),
        description="Centimetres of uncertainty from which on the colour is the last of the ramp",
    )  # fmt: skip


class THREEPOINT_PG_person_of_scene(bpy.types.PropertyGroup):
    """A person as older versions kept them (``upgrade``)."""

    __annotations__ = upgrade.plain_properties(THREEPOINT_PG_person)


class THREEPOINT_PG_scene(bpy.types.PropertyGroup):
    """What a scene knows of its people, who are those whose root objects are in it."""

    people: CollectionProperty(type=THREEPOINT_PG_person_of_scene)
    """Where an older version kept them; empty."""
    row: IntProperty(
        name="Person", description="The person that the buttons work on", get=selection.row_of, set=selection.choose_row
    )
    """The active person's root among the scene's objects."""
    pin_row: IntProperty(
        name="Pin", description="The pin that is selected", get=pin_objects.row_of, set=pin_objects.choose_row
    )


class THREEPOINT_PG_work(bpy.types.PropertyGroup):
    """What is going on in this window; not saved."""

    running: BoolProperty()
    step: StringProperty()
    fraction: FloatProperty(min=0.0, max=1.0)
    stage: StringProperty()
    said: StringProperty()
    """What came of the last export."""
    cancelled: BoolProperty()
    """Somebody has pressed *Cancel*."""


CLASSES = (
    *character_properties.CLASSES,
    THREEPOINT_PG_pin,
    THREEPOINT_PG_directed,
    THREEPOINT_PG_take,
    THREEPOINT_PG_person,
    THREEPOINT_PG_person_of_scene,
    THREEPOINT_PG_scene,
    THREEPOINT_PG_work,
)
_register_classes, _unregister_classes = registration(CLASSES)


WORKPLACES = ("threepoint", "threepoint_import")
"""Properties of a window manager: what the engine is at, or an export; and an import, which goes on beside either."""


def active_person(context: Context) -> THREEPOINT_PG_person | None:
    """The person that the buttons work on, or None: whose is active, else who was chosen last, else the first."""
    root = selection.active_root(context)
    return root.threepoint if root is not None else None


def require_person(context: Context) -> THREEPOINT_PG_person:
    """The same, where a poll has said that there is one."""
    person = active_person(context)
    assert person is not None
    return person


def is_registered() -> bool:
    """Whether objects can be people: the extension is enabled, or a command registered these properties alone."""
    return hasattr(Scene, "threepoint")


def register() -> None:
    """Give objects, scenes and windows their properties, and let older files be upgraded when they are opened."""
    _register_classes()
    person: Any = PointerProperty(type=THREEPOINT_PG_person, override={"LIBRARY_OVERRIDABLE"})
    AnyObject.threepoint = person
    bpy.app.handlers.load_post.append(upgrade.upgrade_file)
    bpy.app.handlers.depsgraph_update_post.append(duplicates.claim_active)
    Scene.threepoint = PointerProperty(type=THREEPOINT_PG_scene)
    for name in WORKPLACES:
        setattr(WindowManager, name, PointerProperty(type=THREEPOINT_PG_work, options={"SKIP_SAVE"}))
    if hasattr(bpy.data, "scenes"):  # While Blender starts there is no file yet.
        upgrade.upgrade_file()
        managers: Any = bpy.data.window_managers
        for manager in managers:  # What was at work when the extension was disabled has ended with it.
            for name in WORKPLACES:
                getattr(manager, name).running = False


def unregister() -> None:
    """Take them away; what files have saved stays in them."""
    bpy.app.handlers.depsgraph_update_post.remove(duplicates.claim_active)
    bpy.app.handlers.load_post.remove(upgrade.upgrade_file)
    for name in WORKPLACES:
        delattr(WindowManager, name)
    del AnyObject.threepoint
    del Scene.threepoint
    _unregister_classes()
