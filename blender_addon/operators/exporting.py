"""Out of Blender: through Blender's own exporters with settings that arrive right, and as AMASS npz."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty
from bpy_extras.io_utils import ExportHelper

from ...model_core.amass_writer import write_amass
from ..animation.curves import use_action
from ..avatar.bake import read_action
from ..avatar.bone_names import ITEMS, renamed
from ..bpy_types import Context, Scene, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state.person_avatar import body_of
from ..state.polls import has_avatar
from ..state.properties import THREEPOINT_PG_person, require_person
from .buttons import Button, Slot

FORMATS = (
    ("FBX", "FBX", "For game engines and other animation programs", ".fbx"),
    ("GLTF", "glTF", "For the web and game engines (.glb)", ".glb"),
    ("BVH", "BVH", "The skeleton's motion alone", ".bvh"),
    ("USD", "USD", "For film pipelines", ".usdc"),
    ("NPZ", "AMASS npz", "SMPL's parameters, for research", ".npz"),
)
SCENE_NAMES = ("SCENE", "As in the Scene", "The names that the avatar's bones have here")
SUFFIX = {identifier: suffix for identifier, _, _, suffix in FORMATS}
EXPORTERS = {"FBX": "export_scene.fbx", "GLTF": "export_scene.gltf", "BVH": "export_anim.bvh", "USD": "wm.usd_export"}
"""Blender's own operators: some are add-ons that can be switched off, and some builds lack USD."""


class THREEPOINT_OT_export(bpy.types.Operator, ExportHelper):
    """Write the avatar and its active take to a file for other programs"""

    bl_idname = "threepoint.export"
    bl_label = "Export Avatar"
    bl_options = {"PRESET"}

    kind: EnumProperty(name="Format", items=[item[:3] for item in FORMATS])
    names: EnumProperty(
        name="Bone Names", items=(SCENE_NAMES, *ITEMS), description="What the bones are called in the file"
    )
    filename_ext = ""
    filepath: StringProperty(subtype="FILE_PATH")

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_avatar(cls, context)

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        self.filepath = bpy.path.ensure_ext(require_person(context).name, SUFFIX[self.kind])
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: Context) -> bool:
        path = str(Path(self.filepath).with_suffix(SUFFIX[self.kind]))
        changed, self.filepath = path != self.filepath, path
        return changed

    def execute(self, context: Context) -> set[str]:
        person = require_person(context)
        path = str(Path(self.filepath).with_suffix(SUFFIX[self.kind]))
        if not Path(path).parent.is_dir():
            self.report({"ERROR"}, translated(message("The folder {folder} does not exist", folder=Path(path).parent)))
            return {"CANCELLED"}
        if not has_exporter(self.kind):
            name = dict(item[:2] for item in FORMATS)[self.kind]
            refusal = message("This Blender cannot write {format}: enable its add-on, or use a build that has it",
                              format=name)  # fmt: skip
            self.report({"ERROR"}, translated(refusal))
            return {"CANCELLED"}
        export(self.kind, path, person, context, self.names)
        self.report({"INFO"}, translated(message("Written: {path}", path=path)))
        return {"FINISHED"}


def has_exporter(kind: str) -> bool:
    """Whether this Blender can write a format."""
    if kind not in EXPORTERS:
        return True
    group, _, name = EXPORTERS[kind].partition(".")
    return name in dir(getattr(bpy.ops, group))


def export(kind: str, path: str, person: THREEPOINT_PG_person, context: Context, names: str = "SCENE") -> None:
    """Write a person's avatar with its present action to ``path``.

    ``kind`` is one of ``FORMATS``; ``names`` "SCENE" or one of ``bone_names.NAMES``: npz has none and ignores it.
    """
    with _take_playing(person):
        if kind == "NPZ":
            _write_npz(path, person, context.scene)
        else:
            _write_through_blender(kind, path, person, context, names)


@contextmanager
def _take_playing(person: THREEPOINT_PG_person) -> Iterator[None]:
    """Let the armature play the active take as its action: takes on NLA tracks leave it without one."""
    animation = person.armature.animation_data
    on_tracks = animation.action is None
    if on_tracks:
        use_action(person.armature, person.takes[person.active_take].action)
    try:
        yield
    finally:
        if on_tracks:
            animation.action = None


def _write_through_blender(kind: str, path: str, person: THREEPOINT_PG_person, context: Context, names: str) -> None:
    writers = {"FBX": _write_fbx, "GLTF": _write_gltf, "BVH": _write_bvh, "USD": _write_usd}
    chosen, active = list(context.selected_objects), context.view_layer.objects.active
    for item in chosen:
        item.select_set(False)
    person.armature.select_set(True)
    person.mesh.select_set(True)
    context.view_layer.objects.active = person.armature
    try:
        with renamed(person.armature, person.bone_names if names == "SCENE" else names):
            writers[kind](path, context.scene)
    finally:
        person.armature.select_set(False)
        person.mesh.select_set(False)
        for item in chosen:
            item.select_set(True)
        context.view_layer.objects.active = active


def _write_npz(path: str, person: THREEPOINT_PG_person, scene: Scene) -> None:
    motion = read_action(person.armature, list(person.betas), scene)
    assert motion is not None  # The poll has seen a take.
    write_amass(path, motion, body_of(person.body_path))


def _write_fbx(path: str, scene: Scene) -> None:
    # No leaf bones, no extra actions, every frame, no simplification: the pose arrives as it is.
    bpy.ops.export_scene.fbx(
        filepath=path, use_selection=True, object_types={"ARMATURE", "MESH"}, add_leaf_bones=False,
        bake_anim=True, bake_anim_use_all_actions=False, bake_anim_use_nla_strips=False, bake_anim_simplify_factor=0.0,
        use_mesh_modifiers=False,
    )  # fmt: skip


def _write_gltf(path: str, scene: Scene) -> None:
    # Single armature: Blender 4.2 would mix all takes into the one that is shown.
    bpy.ops.export_scene.gltf(
        filepath=path, use_selection=True, export_format="GLB", export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS", export_anim_single_armature=False, export_force_sampling=True,
        export_optimize_animation_size=False,
    )  # fmt: skip


def _write_bvh(path: str, scene: Scene) -> None:
    bpy.ops.export_anim.bvh(
        filepath=path, frame_start=scene.frame_start, frame_end=scene.frame_end, root_transform_only=True
    )


def _write_usd(path: str, scene: Scene) -> None:
    bpy.ops.wm.usd_export(filepath=path, selected_objects_only=True, export_animation=True, export_armatures=True)


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    flow = layout.grid_flow(columns=2, even_columns=True, align=True)
    for identifier, name, _, _ in FORMATS:
        flow.operator(THREEPOINT_OT_export.bl_idname, text=name).kind = identifier


BUTTONS = (Button(Slot.EXPORT, 10, _draw),)
register, unregister = registration((THREEPOINT_OT_export,))
