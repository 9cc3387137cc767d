"""Live: the body of somebody who is tracked now, shown in the scene; what came is recorded and imported at the end."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import time
from pathlib import Path
from typing import Any, cast

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from ...model_core.calibration import calibration_to_json
from ...model_core.errors import InputError
from ...model_core.notes import Note
from ..avatar.armature import create_armature, create_mesh, rest_shape
from ..avatar.contacts import RING
from ..avatar.live_pose import show_pose
from ..bpy_types import ArmatureObject, Context, Scene, WindowManager, current_context, registration
from ..engine.client import EngineError
from ..engine.installation import PACKAGE
from ..engine.live_client import LiveTracking
from ..i18n.messages import Message, message
from ..i18n.translations import translated
from ..state import engine_choice
from ..state.person_avatar import loading_body
from ..steps import Steps
from ..trackers import live_roles, selection
from ..trackers.live_objects import poses_now
from ..trackers.roles import role_label
from . import reading_recordings
from .buttons import Button, Slot

TICK_SECONDS = 1 / 60
AVATAR, MESH = "Live avatar", "Live avatar body"
FOLLOWED = "Three objects or pose bones that something else moves, the active one being the head"
SOURCES = (
    ("vmc", "VMC", "The VMC protocol: SteamVR by Virtual Motion Capture, senders on a headset"),
    ("vrchat", "VRChat OSC", "VRChat's OSC trackers, as SlimeVR sends them"),
    ("objects", "Selected Objects", FOLLOWED),
    ("replay", "Recording", "A recording, played at its own pace"),
)
ENDS_AFTER = 2.0
"""Seconds in which an engine that is asked to end does so."""


class THREEPOINT_PG_live(bpy.types.PropertyGroup):
    """Where live trackers come from; not saved."""

    source: EnumProperty(name="Source", items=SOURCES, description="Where trackers come from")
    port: IntProperty(
        name="Port", default=39539, min=1, max=65535, description="The UDP port to which trackers are sent"
    )
    network: BoolProperty(
        name="From the Network",
        description="Listen to other machines as well, such as a headset; off, to this one alone",
    )
    path: StringProperty(name="File", subtype="FILE_PATH", description="The recording that is played")


class _Live:
    """The tracking that runs, and its avatar. Objects are looked up by name: undo may take them away."""

    def __init__(self, tracking: LiveTracking, objects: dict[str, str] | None = None) -> None:
        """``objects``: role -> name of what is followed, where that is objects."""
        self.tracking, self.objects = tracking, objects
        self.recorded: Path | None = None
        self.ended_at: float | None = None
        self.work: Steps[None] | None = None
        self.made = False

    def tick(self) -> bool:
        """Take in what came; whether it goes on."""
        if self.work is not None:
            # Nothing is asked for meanwhile: in edit mode Blender bears no thread that takes in messages.
            try:
                next(self.work)
            except StopIteration:
                self.work, self.made = None, True
            return True
        if self.objects is not None:
            self.tracking.feed(time.monotonic(), *poses_now(self.objects))
        pose, found = self.tracking.poll(), self.tracking.calibration
        if not self.made and found is not None:
            self.work = self._making(np.asarray(found.betas))
        elif self.made:
            armature = _armature()
            if armature is None:  # Undone, or deleted: nobody wants to see it.
                return False
            if pose is not None:
                show_pose(armature, *pose)
                self.tracking.shown()
        late = self.ended_at is not None and time.monotonic() - self.ended_at > ENDS_AFTER
        return self.tracking.over is None and not late

    def _making(self, betas: np.ndarray) -> Steps[None]:
        """Make the avatar as big as the person is known to be first."""
        body = yield from loading_body("")
        yield
        shape = rest_shape(body, betas)
        yield
        create_armature(shape, AVATAR, current_context().scene.collection)
        yield  # From here on it may be gone, as after every step.
        armature = _armature()
        if armature is not None:
            create_mesh(body, shape, armature, MESH, current_context().scene.collection)

    def close(self) -> None:
        """End the engine and take the avatar away."""
        self.tracking.stop()
        _remove_avatar()


def _remove_avatar() -> None:
    """Take the live avatar away, if it is there, and the rings below its feet."""
    for name in [item.name for item in bpy.data.objects if RING in item and item.name.startswith(AVATAR)]:
        bpy.data.objects.remove(bpy.data.objects[name])
    for name in (MESH, AVATAR):
        thing = bpy.data.objects.get(name)
        if thing is not None:
            data: Any = thing.data
            kept: Any = bpy.data.meshes if thing.type == "MESH" else bpy.data.armatures
            bpy.data.objects.remove(thing)
            kept.remove(data)


def _armature() -> ArmatureObject | None:
    """The live avatar, if it is there."""
    return cast("ArmatureObject | None", bpy.data.objects.get(AVATAR))


_live: _Live | None = None
_last: Message | str | None = None
"""Why the last one ended."""
_names: tuple[str, ...] = ()
"""The trackers that had come then."""


def _tick() -> float | None:
    """What a timer does 60 times a second while somebody is tracked."""
    if _live is None:
        return None
    try:
        goes_on = _live.tick()
    except (InputError, EngineError, ReferenceError) as error:
        _end(error.args[0] if error.args else str(error))
        return None
    if not goes_on:
        _end(_live.tracking.over)
        return None
    _redraw()
    return TICK_SECONDS


def _end(reason: Message | str | None) -> None:
    """Close what runs, and bring what was recorded into the scene."""
    global _live, _last, _names
    if _live is None:
        return
    live, _live, _last = _live, None, reason
    _names = live.tracking.names
    live.close()
    if live.recorded is not None and live.recorded.is_file():
        asked = {"path": str(live.recorded), "options": {}, "keep": False, "calibration": _by_t_pose(live.tracking)}
        refusal = reading_recordings.begin([asked])
        _last = refusal or message("Recorded: {file}", file=live.recorded.name)
    _redraw()


def _by_t_pose(tracking: LiveTracking) -> dict[str, object] | None:
    """What a T-pose has told of the person, which is theirs to keep; what was found on the way is found better of the
    whole take."""
    found = tracking.calibration
    in_pose = found is not None and any(note.code == "person_in_pose" for note in found.notes)
    return calibration_to_json(found) if found is not None and in_pose else None


def _redraw() -> None:
    for window in current_context().window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def take_path() -> Path:
    """A new file for a take: beside the scene's file, else where the extension keeps its own."""
    scene = bpy.data.filepath
    folder = Path(scene).parent if scene else Path(bpy.utils.extension_path_user(PACKAGE, path="takes", create=True))
    return folder / f"live-{time.strftime('%Y%m%d-%H%M%S')}.csv"


class _LiveOperator:
    """An operator that needs somebody who is tracked."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is."""
        return _live is not None


class THREEPOINT_OT_live_start(bpy.types.Operator):
    """Show the body of somebody who is tracked now"""

    bl_idname = "threepoint.live_start"
    bl_label = "Start Live"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return _live is None

    def execute(self, context: Context) -> set[str]:
        global _live, _last
        try:
            python, words = engine_choice.engine_python(), source_words(settings_of(context))
            objects = _chosen_objects(context) if words is None else None
            trackers = live_roles.named(context.scene) if objects is None else {role: role for role in objects}
            _live, _last = _Live(LiveTracking(python, words, {}, trackers), objects), None
        except (EngineError, InputError, OSError) as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)
        return {"FINISHED"}


class THREEPOINT_OT_live_record(_LiveOperator, bpy.types.Operator):
    """Record head and hands from now on; Stop brings the recording into the scene"""

    bl_idname = "threepoint.live_record"
    bl_label = "Record"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return _live is not None and _live.recorded is None

    def execute(self, context: Context) -> set[str]:
        assert _live is not None
        _live.recorded = take_path()
        _live.tracking.record(_live.recorded)
        return {"FINISHED"}


class THREEPOINT_OT_live_t_pose(_LiveOperator, bpy.types.Operator):
    """Measure the person and how they hold their devices: they stand in a T-pose now"""

    bl_idname = "threepoint.live_t_pose"
    bl_label = "T-Pose Now"

    def execute(self, context: Context) -> set[str]:
        assert _live is not None
        _live.tracking.hold_t_pose()
        return {"FINISHED"}


class THREEPOINT_OT_live_stop(_LiveOperator, bpy.types.Operator):
    """End live tracking, and import what was recorded as a person"""

    bl_idname = "threepoint.live_stop"
    bl_label = "Stop Live"

    def execute(self, context: Context) -> set[str]:
        assert _live is not None
        if _live.ended_at is None:
            _live.ended_at = time.monotonic()
            _live.tracking.cancel()
        return {"FINISHED"}


def settings_of(context: Context) -> Any:
    """Where live trackers come from."""
    manager: Any = context.window_manager
    return manager.threepoint_live


def _chosen_objects(context: Context) -> dict[str, str]:
    """The names by role of the selected objects, and of those that are named. Raises ``InputError`` where there is
    none."""
    found, _ = selection.by_role(selection.chosen_in(context))
    for role, name in live_roles.named(context.scene).items():
        item = bpy.data.objects.get(name)
        if item is None:
            raise InputError(message("There is no object {name} to follow as {role}", name=name, role=role_label(role)))
        one = selection.Chosen(item)
        found = {other: kept for other, kept in found.items() if kept != one} | {role: one}
    if "head" not in found:
        raise InputError(message("Select three objects or pose bones, the active one being the head"))
    worn = {role: found[role] for role in live_roles.WORN if role in found}
    objects = selection.objects_of(worn, AVATAR, context.scene, marked=False)
    return {role: item.name for role, item in objects.items()}


def source_words(settings: Any) -> str | None:
    """The source as the engine names it; None where poses are fed."""
    if settings.source == "objects":
        return None
    if settings.source == "replay":
        return f"replay:{bpy.path.abspath(settings.path)}"
    return f"{settings.source}:{'0.0.0.0:' if settings.network else ''}{settings.port}"


def live_state() -> Message | Note | None:
    """How it goes, or why it ended; None where there is nothing to say."""
    if _live is None:
        return message(_last) if isinstance(_last, str) else _last
    return _live.tracking.note or message("starting the engine")


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    settings = settings_of(context)
    column = layout.column()
    column.use_property_split, column.use_property_decorate = True, False
    column.enabled = _live is None
    column.prop(settings, "source")
    if settings.source == "replay":
        column.prop(settings, "path")
    elif settings.source != "objects":
        column.prop(settings, "port")
        column.prop(settings, "network")
    live_roles.draw(column, context.scene)
    row = layout.row(align=True)
    if _live is None:
        row.operator(THREEPOINT_OT_live_start.bl_idname, icon="PLAY")
        return
    row.operator(THREEPOINT_OT_live_record.bl_idname, icon="REC", depress=_live.recorded is not None)
    row.operator(THREEPOINT_OT_live_t_pose.bl_idname, icon="OUTLINER_OB_ARMATURE")
    row.operator(THREEPOINT_OT_live_stop.bl_idname, icon="SNAP_FACE")


BUTTONS = (Button(Slot.LIVE, 10, _draw),)
CLASSES = (
    THREEPOINT_PG_live,
    live_roles.THREEPOINT_PG_live_roles,
    THREEPOINT_OT_live_start,
    THREEPOINT_OT_live_record,
    THREEPOINT_OT_live_t_pose,
    THREEPOINT_OT_live_stop,
)
_register_classes, _unregister_classes = registration(CLASSES)


def register() -> None:
    """Register the operators, and give windows their settings."""
    _register_classes()
    WindowManager.threepoint_live = PointerProperty(type=THREEPOINT_PG_live, options={"SKIP_SAVE"})
    Scene.threepoint_live_roles = PointerProperty(type=live_roles.THREEPOINT_PG_live_roles)
    live_roles.known_names = lambda: _names


def unregister() -> None:
    """Take it all back, and end what runs."""
    global _live
    if _live is not None:
        live, _live = _live, None
        live.close()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    del Scene.threepoint_live_roles
    del WindowManager.threepoint_live
    _unregister_classes()
