"""A character of the user's own with a take on it, in files for other programs: runs in the other Blender.

Its hierarchy, units and names stay as its maker has them. As of the avatar the whole take is written, from second 0 on.
"""

from collections.abc import Callable, Mapping
from typing import Any

import bpy

from ...model_core.exports.gltf_binary import Glb
from ...model_core.exports.gltf_finish import set_seconds
from ..animation.curves import fcurves_of
from ..bpy_types import current_context
from .fbx import export_baked, rest_before
from .prepare import FIRST, show_loaded, start_at_first


def write_character(path: str, job: Mapping[str, Any]) -> None:
    """Write the character of a job (``process.CharacterCopy``) to ``path``. Raises what the exporter does."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = _load(job)
    WRITERS[job["kind"]](path, armature, job)


def _load(job: Mapping[str, Any]) -> Any:
    """Bring armature, meshes and what else hangs from them into the scene, selected; the armature, active."""
    scene: Any = current_context().scene
    libraries: Any = bpy.data.libraries
    with libraries.load(job["blend"]) as (_, target):
        target.objects = list(job["items"])
    scene.render.fps, scene.render.fps_base = job["fps"]
    loaded = list(target.objects)
    show_loaded(loaded)
    animation = loaded[0].animation_data
    for track in list(animation.nla_tracks):
        animation.nla_tracks.remove(track)
    first, last = (round(frame) for frame in animation.action.frame_range)
    start_at_first(fcurves_of(loaded[0]), first)
    scene.frame_start, scene.frame_end = FIRST, FIRST + last - first
    scene.frame_set(FIRST)
    return loaded[0]


def _write_fbx(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    scene: Any = current_context().scene
    scene.name = job["title"]
    rest_before(armature)
    scene.frame_set(FIRST - 1)
    export_baked(path)


def _write_gltf(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    bpy.ops.export_scene.gltf(
        filepath=path, use_selection=True, export_format="GLB", export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS", export_anim_single_armature=False, export_force_sampling=True,
        export_optimize_animation_size=False,
    )  # fmt: skip
    scene: Any = current_context().scene
    glb = Glb.read(path)
    set_seconds(glb, scene.frame_end - scene.frame_start + 1, job["rate"], job["title"])
    glb.write(path)


def _write_usd(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    # One file: pictures would lie in a folder beside it. Blender 4.2 has another name for that.
    export: Any = bpy.ops.wm.usd_export
    named = "export_textures_mode" in export.get_rna_type().properties
    without = {"export_textures_mode": "KEEP"} if named else {"export_textures": False}
    export(filepath=path, selected_objects_only=True, export_animation=True, export_armatures=True, **without)


WRITERS: dict[str, Callable[[str, Any, Mapping[str, Any]], None]] = {
    "FBX": _write_fbx, "GLTF": _write_gltf, "USD": _write_usd,
}  # fmt: skip
"""The formats that hold a character: those that have meshes."""
