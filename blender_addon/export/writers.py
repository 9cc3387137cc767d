"""Files of each format: through Blender's own exporters with settings by which poses arrive right, or our own."""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...model_core.amass_writer import write_amass
from ...model_core.body import load_body
from ...model_core.exports.bvh import write_bvh
from ...model_core.exports.clip import SkeletonClip
from ...model_core.exports.gltf_binary import Glb
from ...model_core.exports.gltf_finish import VERTEX, ColourRange, colour_over_time, free_mesh, set_seconds
from ...model_core.exports.vrma import write_vrma
from ...model_core.geometry.hand import FINGER_COUNT, FINGER_PARENTS, HANDS
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, PARENTS, WRISTS
from ...model_core.motion import Motion, Uncertainty
from ..avatar.bone_names import FINGER_NAMES, VRM, finger_names_of, names_of
from ..avatar.uncertainty_colours import COLOUR
from .character_file import write_character
from .fbx import write_fbx
from .prepare import Subject, prepare, rest_points
from .process import part_of
from .usd import write_usd

REASON = re.compile(r"^\w*(?:Error|Exception)\b:? ?(?:\[Errno \d+\] )?(.*)$", re.MULTILINE)
"""The lines of a traceback that say what was wrong."""


def write(job: Mapping[str, Any]) -> None:
    """Export the avatar or the character of a job (``process.Export``). Raises what the exporter does."""
    path = Path(job["path"])
    part = part_of(path)
    try:
        if "items" in job:
            write_character(str(part), job)
        else:
            WRITERS[job["kind"]](str(part), prepare(job), job)
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


def _uncertainty(job: Mapping[str, Any]) -> Uncertainty | None:
    """How sure the take is, a row a frame; None where nobody asked for it or it is not known."""
    if not job["uncertainty"]:
        return None
    with np.load(job["uncertainty"]) as arrays:
        return Uncertainty(arrays["probes"], arrays["index"], arrays["weight"])


def _colour_range(job: Mapping[str, Any]) -> ColourRange:
    """The colours in which the scene shows uncertainty."""
    return ColourRange(np.array(job["colours"]), *job["range"])


def _forget_colours(mesh: Any) -> None:
    """Take the colours of uncertainty off a mesh: without its modifier they are one grey, which programs multiply."""
    if mesh is not None and COLOUR in mesh.data.color_attributes:
        mesh.data.color_attributes.remove(mesh.data.color_attributes[COLOUR])


def _clip(subject: Subject, motion: Motion) -> SkeletonClip:
    """The skeleton in SMPL's order: the body, then each hand's fingers; where it has none the hands' own joints."""
    names, fingers = list(names_of(subject.armature)), list(finger_names_of(subject.armature))
    if fingers:
        names = names[:BODY_JOINT_COUNT]
    parents = list(PARENTS[: len(names)])
    rest, tips = rest_points(subject.armature, [*names, *fingers])
    rotations = np.zeros((motion.frame_count, len(names) + len(fingers), 4))
    rotations[..., 0] = 1
    rotations[:, :BODY_JOINT_COUNT] = motion.rotations
    for hand, wrist in zip(HANDS, WRISTS, strict=True) if fingers else ():
        first = len(parents)
        parents += [wrist if parent < 0 else first + parent for parent in FINGER_PARENTS]
        if hand in subject.fingers:
            rotations[:, first : first + FINGER_COUNT] = subject.fingers[hand]
    return SkeletonClip([*names, *fingers], parents, rest, tips, rotations, motion.translation, motion.fps)


def _write_npz(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    motion = replace(subject.own, uncertainty=_uncertainty(job))
    write_amass(path, motion, load_body(job["body"] or None), layout=job["layout"], fingers=subject.fingers)


def _write_fbx(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    _forget_colours(subject.mesh)
    write_fbx(path, subject, job["bone_names"] == "MIXAMO")


def _write_gltf(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    uncertainty = _uncertainty(job)
    _forget_colours(subject.mesh)
    if uncertainty is not None:
        numbers = np.arange(len(subject.mesh.data.vertices), dtype=np.float32)
        attribute = subject.mesh.data.attributes.new(VERTEX, "FLOAT", "POINT")
        attribute.data.foreach_set("value", numbers)
    # Single armature: Blender 4.2 would mix all takes into the one that is shown.
    bpy.ops.export_scene.gltf(
        filepath=path, use_selection=True, export_format="GLB", export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS", export_anim_single_armature=False, export_force_sampling=True,
        export_optimize_animation_size=False, export_vertex_color="NONE", export_attributes=uncertainty is not None,
    )  # fmt: skip
    glb = Glb.read(path)
    set_seconds(glb, subject.frame_count, job["rate"], subject.title)
    free_mesh(glb)
    if uncertainty is not None:
        colour_over_time(glb, uncertainty, _colour_range(job), job["rate"])
    glb.write(path)


def _write_bvh(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    write_bvh(path, _clip(subject, subject.motion))


def _write_vrma(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    clip = _clip(subject, subject.own_scaled)
    humanoid = {bone: joint for joint, bone in enumerate(VRM[:BODY_JOINT_COUNT])}
    if finger_names_of(subject.armature):
        humanoid |= {bone: BODY_JOINT_COUNT + joint for joint, bone in enumerate(FINGER_NAMES["VRM"])}
    write_vrma(path, clip, humanoid, subject.title)


def _write_usd(path: str, subject: Subject, job: Mapping[str, Any]) -> None:
    _forget_colours(subject.mesh)
    uncertainty = _uncertainty(job)
    write_usd(path, subject, uncertainty, _colour_range(job) if uncertainty is not None else None)


WRITERS: dict[str, Callable[[str, Subject, Mapping[str, Any]], None]] = {
    "FBX": _write_fbx, "GLTF": _write_gltf, "BVH": _write_bvh, "USD": _write_usd, "VRMA": _write_vrma,
    "NPZ": _write_npz,
}  # fmt: skip
"""The formats that an avatar can be exported in."""
