"""Files of each format, through Blender's own exporters with settings by which poses arrive right, and AMASS npz."""

import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...model_core.amass_writer import write_amass
from ...model_core.body import load_body
from ..avatar.bake import read_action
from ..avatar.bone_names import rename_bones
from ..bpy_types import current_context
from .process import part_of

REASON = re.compile(r"^\w*(?:Error|Exception)\b:? ?(?:\[Errno \d+\] )?(.*)$", re.MULTILINE)
"""The lines of a traceback that say what was wrong."""


def write(job: Mapping[str, Any]) -> None:
    """Load the avatar of a job (``process.Export``) into an empty file and export it. Raises what the exporter does."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = _load(job)
    path = Path(job["path"])
    part = part_of(path)
    try:
        WRITERS[job["kind"]](str(part), armature, job)
        if not part.is_file() or not part.stat().st_size:
            raise OSError("the exporter has written nothing")
        if job["kind"] == "USD" and not _is_whole_usd(part.read_bytes()):
            raise OSError("the disk is full")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def reason_of(error: Exception) -> str:
    """Why an export failed, in a line: Blender's operators raise whole tracebacks."""
    lines = REASON.findall(str(error))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (lines[-1] if lines else str(error).strip().splitlines()[-1]) or type(error).__name__


def _is_whole_usd(content: bytes) -> bool:
    """Whether a USD crate file has all of its sections: Blender's exporter does not say when a disk is full.

    https://github.com/PixarAnimationStudios/OpenUSD/blob/release/pxr/usd/sdf/crateFile.h: after identifier and version
    stands where the table of contents is, which has a count and for each section a name, a start and a size.
    """
    if content[:8] != b"PXR-USDC" or len(content) < 24:
        return False
    (table,) = struct.unpack_from("<q", content, 16)
    if not 24 <= table <= len(content) - 8:
        return False
    (count,) = struct.unpack_from("<Q", content, table)
    if count > (len(content) - table) // 32:
        return False
    sections = [struct.unpack_from("<16sqq", content, table + 8 + 32 * number) for number in range(count)]
    return count > 0 and all(0 <= start and start + size <= len(content) for _, start, size in sections)


def _load(job: Mapping[str, Any]) -> Any:
    """Bring the avatar into the scene, selected, the armature active; return that."""
    scene: Any = current_context().scene
    names = [job["armature"], *([job["mesh"]] if job["mesh"] else [])]
    libraries: Any = bpy.data.libraries
    with libraries.load(job["blend"]) as (_, target):
        target.objects = names
    scene.render.fps, scene.render.fps_base = job["fps"]
    scene.frame_start, scene.frame_end = job["frames"]
    loaded: list[Any] = list(target.objects)
    for item, name in zip(loaded, (job["armature_name"], job["mesh_name"]), strict=False):
        item.name = name
        scene.collection.objects.link(item)
        item.hide_viewport = item.hide_select = item.hide_render = False
        item.hide_set(False)
        item.select_set(True)
    current_context().view_layer.objects.active = loaded[0]
    rename_bones(loaded[0], job["bone_names"])
    scene.frame_set(scene.frame_start)
    return loaded[0]


def _write_npz(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    action = armature.animation_data.action
    motion = read_action(armature, action, np.array(job["betas"]), current_context().scene)
    write_amass(path, motion, load_body(job["body"] or None))


def _write_fbx(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    # No leaf bones, no extra actions, every frame, no simplification: the pose arrives as it is.
    bpy.ops.export_scene.fbx(
        filepath=path, use_selection=True, object_types={"ARMATURE", "MESH"}, add_leaf_bones=False,
        bake_anim=True, bake_anim_use_all_actions=False, bake_anim_use_nla_strips=False, bake_anim_simplify_factor=0.0,
        use_mesh_modifiers=False,
    )  # fmt: skip


def _write_gltf(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    # Single armature: Blender 4.2 would mix all takes into the one that is shown.
    bpy.ops.export_scene.gltf(
        filepath=path, use_selection=True, export_format="GLB", export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS", export_anim_single_armature=False, export_force_sampling=True,
        export_optimize_animation_size=False,
    )  # fmt: skip


def _write_bvh(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    first, last = job["frames"]
    bpy.ops.export_anim.bvh(filepath=path, frame_start=first, frame_end=last, root_transform_only=True)


def _write_usd(path: str, armature: Any, job: Mapping[str, Any]) -> None:
    bpy.ops.wm.usd_export(filepath=path, selected_objects_only=True, export_animation=True, export_armatures=True)


WRITERS: dict[str, Callable[[str, Any, Mapping[str, Any]], None]] = {
    "FBX": _write_fbx, "GLTF": _write_gltf, "BVH": _write_bvh, "USD": _write_usd, "NPZ": _write_npz,
}  # fmt: skip
"""The formats that an avatar can be exported in."""
