"""Out of Blender, in the background."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import os
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ExportHelper

from ...model_core.command_line.animate_arguments import EXPORTS, MESHED
from ...model_core.errors import InputError
from ..avatar.bone_names import ITEMS, PRESET
from ..bpy_types import Context, Scene, current_context, registration
from ..export.process import AvatarCopy, CharacterCopy, Choices, Export, part_of
from ..i18n.messages import message
from ..i18n.text_wrap import draw_lines
from ..i18n.translations import translate, translated
from ..state.characters import playing
from ..state.polls import has_take, is_idle
from ..state.presence import forget_deleted
from ..state.properties import THREEPOINT_PG_person, require_person
from ..state.takes import active_take
from .buttons import Button, Slot
from .stepped import redraw

FORMATS = (
    ("FBX", "FBX", "For game engines and other animation programs", ".fbx"),
    ("GLTF", "glTF", "For the web and game engines (.glb)", ".glb"),
    ("BVH", "BVH", "The skeleton's motion alone", ".bvh"),
    ("USD", "USD", "For film pipelines", ".usdc"),
    ("VRMA", "VRM Animation", "For VRM avatars (.vrma)", ".vrma"),
    ("NPZ", "AMASS npz", "SMPL's parameters, for research", ".npz"),
)
SCENE_NAMES = ("SCENE", "As in the Scene", "The names that the avatar's bones have here")
DESCRIPTIONS = {identifier: description for identifier, _, description, _ in FORMATS}
SUFFIX = {identifier: suffix for identifier, _, _, suffix in FORMATS}
EXPORTERS = {"FBX": "export_scene.fbx", "GLTF": "export_scene.gltf", "BVH": "export_anim.bvh", "USD": "wm.usd_export"}
"""Blender's own operators: some are add-ons that can be switched off, and some builds lack USD."""
LAYOUTS = (
    ("SMPLH", "SMPL-H", "156 columns, as in AMASS itself"),
    ("SMPL", "SMPL", "72 columns"),
    ("SMPLX", "SMPL-X", "165 columns, as in AMASS's newer parts"),
)
SUBJECTS = (
    ("AVATAR", "Avatar", "The avatar with its active take"),
    ("CHARACTER", "Character", "Your character, as it plays the active take"),
)
NAMED = ("FBX", "GLTF", "BVH", "USD")
"""Formats whose bones may be called anything."""
UNSURE = ("GLTF", "USD", "NPZ")
"""Formats that can hold how uncertainty changes with time."""
POLL_SECONDS = 0.1
_current: Export | None = None
"""What is being written."""


class THREEPOINT_OT_export(bpy.types.Operator, ExportHelper):
    """Write the avatar, or the character, with the active take to a file for other programs"""

    bl_idname = "threepoint.export"
    bl_label = "Export"
    bl_options = {"PRESET"}

    kind: EnumProperty(name="Format", items=[item[:3] for item in FORMATS])
    names: EnumProperty(
        name="Bone Names", items=(SCENE_NAMES, *ITEMS), description="What the bones are called in the file"
    )
    columns: EnumProperty(name="Layout", items=LAYOUTS, description="The joints that the file's poses have columns for")
    subject: EnumProperty(name="Export", items=SUBJECTS, options={"SKIP_SAVE"})
    uncertainty: BoolProperty(
        name="Uncertainty", default=True,
        description="Write how sure every moment is: as colours that change, and in npz as numbers",
    )  # fmt: skip
    filename_ext = ""
    filepath: StringProperty(subtype="FILE_PATH")

    @classmethod
    def description(cls, context: Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of the button for a format."""
        return f"{translate(cls.__doc__ or '')}\n{translate(DESCRIPTIONS[properties.kind])}"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return is_idle(cls, context) and has_take(cls, context)

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        person = require_person(context)
        character = person.character
        self.subject = "CHARACTER" if can_export_character(person, self.kind) and character.hide_avatar else "AVATAR"
        self.filepath = bpy.path.ensure_ext(subject_names(person)[self.subject], SUFFIX[self.kind])
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, context: Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        person = require_person(context)
        if can_export_character(person, self.kind):
            row = layout.row()
            row.use_property_split = False  # The first choice's name would stand before a blank button.
            row.prop_enum(self, "subject", "AVATAR")
            row.prop_enum(self, "subject", "CHARACTER", text=subject_names(person)["CHARACTER"])
            if self.subject == "CHARACTER":
                return
        for name, kinds in (("names", NAMED), ("columns", ("NPZ",)), ("uncertainty", UNSURE)):
            if self.kind in kinds:
                layout.prop(self, name)

    def check(self, context: Context) -> bool:
        if not os.path.basename(self.filepath):  # Of a folder alone the suffix would make a file beside it.
            return False
        named, names = Path(self.filepath), subject_names(require_person(context))
        if named.stem in names.values():  # The name that was offered follows the choice.
            named = named.with_name(f"{names[self.subject]}{SUFFIX[self.kind]}")
        path = str(named.with_suffix(SUFFIX[self.kind]))
        changed, self.filepath = path != self.filepath, path
        return changed

    def execute(self, context: Context) -> set[str]:
        """Begin; go on with the timer's ticks, or without a window wait for the file."""
        person = require_person(context)
        try:
            if not os.path.basename(self.filepath):
                raise InputError(message("Give the file a name"))
            path = Path(self.filepath).with_suffix(SUFFIX[self.kind])
            if self.subject == "CHARACTER":
                begun = export_character(self.kind, path, person, context.scene)
            else:
                begun = export(self.kind, path, person, context.scene, self.names, self.columns, self.uncertainty)
            if bpy.app.background:
                begun.wait()
                self.report({"INFO"}, translated(message("Written: {path}", path=path)))
            else:
                _watch(begun, context)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _watch(begun: Export, context: Context) -> None:
    """Follow an export by a timer: a file window's operator is over once it has been confirmed."""
    global _current
    _current = begun
    work = context.window_manager.threepoint
    work.running, work.step, work.cancelled, work.fraction = True, "EXPORT", False, 0.0
    work.stage = translated(message("Writing {file}", file=begun.path.name))
    bpy.app.timers.register(_poll, first_interval=POLL_SECONDS, persistent=True)  # Whatever file is opened meanwhile.
    redraw(context)


def _poll() -> float | None:
    """See how far the export is; in the end the panel tells, and a pop-up where something is wrong."""
    global _current
    context, begun = current_context(), _current
    if begun is None:
        return None
    work = context.window_manager.threepoint
    try:
        if work.cancelled:
            begun.cancel()
            work.said = translated(message("Cancelled; no file was written"))
        elif not begun.poll():
            return POLL_SECONDS
        else:
            work.said = translated(message("Written: {path}", path=begun.path))
    except InputError as error:
        said = work.said = translated(error)

        def draw(menu: Any, _context: Context) -> None:
            menu.layout.label(text=said, translate=False)

        context.window_manager.popup_menu(draw, title=translated("Export"), icon="ERROR")
    _current, work.running = None, False
    redraw(context)
    return None


def has_exporter(kind: str) -> bool:
    """Whether this Blender can write a format."""
    if kind not in EXPORTERS:
        return True
    group, _, name = EXPORTERS[kind].partition(".")
    return name in dir(getattr(bpy.ops, group))


def _require_writable(kind: str, path: Path) -> None:
    """Raise ``InputError`` where a file of a kind cannot be written there."""
    if not path.parent.is_dir():
        raise InputError(message("The folder {folder} does not exist", folder=path.parent))
    if not has_exporter(kind):
        name = dict(item[:2] for item in FORMATS)[kind]
        raise InputError(message("This Blender cannot write {format}: enable its add-on, or use a build that has it",
                                 format=name))  # fmt: skip
    try:
        part_of(path).touch()
        part_of(path).unlink()
    except OSError as error:
        raise InputError(
            message("{path}: could not be written ({reason})", path=path, reason=error.strerror)
        ) from error


def export(
    kind: str,
    path: Path,
    person: THREEPOINT_PG_person,
    scene: Scene,
    names: str = "SCENE",
    layout: str = "SMPLH",
    uncertainty: bool = True,
) -> Export:
    """Begin to write a person's avatar with the active take to ``path``.

    ``kind`` is one of ``FORMATS``; ``names`` "SCENE" or one of ``bone_names.NAMES``, of the formats that have any;
    ``layout`` of ``amass_writer.LAYOUTS``, for npz. Raises ``InputError`` where that cannot be done.
    """
    _require_writable(kind, path)
    forget_deleted(person, scene)
    take = active_take(person)
    if person.armature is None or take is None or take.action is None:
        raise InputError(message("{person}: there is nothing to export; predict a motion first", person=person.name))
    if person.mesh is None and kind in MESHED:
        raise InputError(
            message("{person}: the avatar's mesh was deleted; predict again to get one", person=person.name)
        )
    preset = person.armature.get(PRESET, "SMPL") if names == "SCENE" or kind not in NAMED else names
    body = bpy.path.abspath(person.built_from) if person.built_from else ""
    avatar = AvatarCopy(person.armature, person.mesh, take.action, person.betas, body)
    return Export(kind, path, avatar, scene, Choices(preset, layout, uncertainty and kind in UNSURE))


def subject_names(person: THREEPOINT_PG_person) -> dict[str, str]:
    """What a file of each of ``SUBJECTS`` is called, of those that there are."""
    names = {"AVATAR": person.name}
    return names | ({"CHARACTER": person.character.armature.name} if person.character.armature is not None else {})


def can_export_character(person: THREEPOINT_PG_person, kind: str) -> bool:
    """Whether the person's character has the active take, and a format holds it."""
    take, armature = active_take(person), person.character.armature
    there = armature is not None and bool(armature.users_scene)
    return kind in MESHED and there and take is not None and take.character_action is not None


def export_character(kind: str, path: Path, person: THREEPOINT_PG_person, scene: Scene) -> Export:
    """Begin to write a person's character with the active take to ``path``; ``kind`` is one that holds meshes.

    Raises ``InputError`` where that cannot be done.
    """
    _require_writable(kind, path)
    if not can_export_character(person, kind):
        raise InputError(message("{person}: has no character with this take in a format that holds one",
                                 person=person.name))  # fmt: skip
    character, others = playing(person)
    take = active_take(person)
    assert take is not None
    if character.animation_data is None or character.animation_data.action != take.character_action:
        raise InputError(
            message("{character}: plays something else than the take; let the Action Editor show its action '{action}'",
                    character=character.name, action=take.character_action.name)
        )  # fmt: skip
    return Export(kind, path, CharacterCopy(character, others), scene, Choices("SCENE", "SMPLH", False))


def write_take(person: THREEPOINT_PG_person, take: int, path: Path) -> None:
    """Write a take of a person, counted from 0, in the format of the path's suffix, with the bones' names as they are.

    Where the take is on a character and the format holds meshes, the file is of the character.

    Raises ``InputError`` where that cannot be done.
    """
    shown = person.active_take
    person.active_take = take
    kind, scene = EXPORTS[path.suffix.lower()], current_context().scene
    try:
        write = export_character if can_export_character(person, kind) else export
        write(kind, path, person, scene).wait()
    finally:
        person.active_take = shown


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    flow = layout.grid_flow(columns=2, even_columns=True, align=True)
    said = context.window_manager.threepoint.said
    for identifier, name, _, _ in FORMATS:
        if has_exporter(identifier):
            flow.operator(THREEPOINT_OT_export.bl_idname, text=name).kind = identifier
    if said:
        draw_lines(layout, context, [said])


BUTTONS = (Button(Slot.EXPORT, 10, _draw),)
_register_classes, _unregister_classes = registration((THREEPOINT_OT_export,))


def register() -> None:
    """Register the operator."""
    _register_classes()


def unregister() -> None:
    """Take it back, and stop what it has begun."""
    if _current is not None:
        _current.cancel()
    if bpy.app.timers.is_registered(_poll):
        bpy.app.timers.unregister(_poll)
    _unregister_classes()
