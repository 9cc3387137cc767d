"""The avatar in the other Blender: loaded, named, its take alone, begun at frame 0, and standing on the world itself.

One rule for every format: a file holds the whole take, whatever part of it the scene shows; its first frame is second
0. Where the avatar is moved, turned or scaled by its person's root, that goes into the hips' motion and the length of
bones, so that no format needs a transform above the skeleton.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ...model_core.errors import InputError
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.geometry.rotations import matrix_to_quaternion, nearest_rotation, quaternion_multiply
from ...model_core.geometry.skeleton import PELVIS
from ...model_core.motion import Motion
from ..animation.curves import fcurves_of, use_action
from ..animation.rotation_modes import QUATERNION
from ..avatar.bake import driven_paths, read_action, set_rotation_order, take_frames, write_motion
from ..avatar.fingers import read_fingers
from ..avatar.rolls import name_and_roll
from ..bpy_types import current_context

FIRST = 0
"""The frame at which every take begins."""
SMALLEST_SCALE, SAME_SCALE = 1e-6, 1e-6
"""Of an avatar: below the one it is nothing, within the other of 1 it is unscaled."""


@dataclass(frozen=True)
class Subject:
    """What is exported: armature and mesh (None for motion alone) in a scene of ``frame_count`` frames from 0 on.

    ``own`` is the motion in the person's own space, where the floor is at height 0; ``motion`` is the same in the
    world, and the armature plays it. ``scale``: how much larger the avatar is than its person. ``title``: what the clip
    is called. ``fingers``: rotations (T, 15, 4), as of ``geometry.hand``, by hand, of those whose fingers move.
    """

    armature: Any
    mesh: Any
    own: Motion
    motion: Motion
    scale: float
    title: str
    fingers: dict[str, np.ndarray]

    @property
    def frame_count(self) -> int:
        return self.motion.frame_count

    @property
    def own_scaled(self) -> Motion:
        """``own``, as large as the bones are."""
        return replace(self.own, translation=self.scale * self.own.translation)


def prepare(job: Mapping[str, Any]) -> Subject:
    """Load the avatar of a job (``process.Export``) into an empty file and make it ready for every format."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature, mesh = _load(job)
    scene: Any = current_context().scene
    current_context().view_layer.update()  # Where things are is not known before.
    action = armature.animation_data.action
    set_rotation_order(armature, QUATERNION, [action])
    frames = take_frames(armature, action)
    fingers = read_fingers(armature, action, frames)
    own = replace(read_action(armature, action, np.array(job["betas"]), scene), start=0.0, fps=job["rate"])
    placement = np.array(armature.matrix_world)
    scale = _scale_of(placement)
    motion = _placed(own, placement, scale)
    _to_origin(armature, mesh, scale)
    driven = driven_paths(armature)
    start_at_first([fcurve for fcurve in fcurves_of(armature) if fcurve.data_path not in driven], int(frames[0]))
    scene.frame_start, scene.frame_end = FIRST, FIRST + own.frame_count - 1
    write_motion(armature, action, motion, scene)
    scene.frame_set(FIRST)
    return Subject(armature, mesh, own, motion, scale, job["title"], fingers)


def _load(job: Mapping[str, Any]) -> tuple[Any, Any]:
    """Bring the avatar into the scene, selected, the armature active; the armature, and the mesh or None."""
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
    show_loaded(loaded)
    for item in loaded:  # What was linked or overridden there is so here, too, and could not be changed.
        item.make_local(clear_liboverride=True)
        item.data = item.data.copy()
        item.data.make_local(clear_liboverride=True)
    original = loaded[0].animation_data.action
    use_action(loaded[0], original.copy())
    bpy.data.actions.remove(original)  # Its name is wanted.
    loaded[0].data.pose_position = "POSE"
    loaded[0].animation_data.action.name = job["title"]
    name_and_roll(loaded[0], job["bone_names"], [loaded[0].animation_data.action])
    return loaded[0], loaded[1] if len(loaded) > 1 else None


def show_loaded(loaded: Sequence[Any]) -> None:
    """Bring objects into the scene, shown and selected, the first of them, an armature, active."""
    scene: Any = current_context().scene
    for item in loaded:
        scene.collection.objects.link(item)
        item.hide_viewport = item.hide_select = item.hide_render = False
        item.hide_set(False)
        item.select_set(True)
    current_context().view_layer.objects.active = loaded[0]


def _scale_of(matrix: np.ndarray) -> float:
    """By how much an object's matrix (4, 4) scales; the mean where it scales unevenly."""
    scale = float(np.cbrt(abs(np.linalg.det(matrix[:3, :3]))))
    if scale < SMALLEST_SCALE:
        raise InputError("the avatar is scaled to nothing; it needs a scale that is not zero")
    return 1.0 if abs(scale - 1) < SAME_SCALE else scale


def _placed(motion: Motion, matrix: np.ndarray, scale: float) -> Motion:
    """A motion in an object's space -> in the world, by the object's matrix (4, 4)."""
    linear = matrix[:3, :3]
    turn = MODEL_TO_BLENDER.T @ nearest_rotation(linear / scale) @ MODEL_TO_BLENDER
    rotations = motion.rotations.copy()
    turned = np.broadcast_to(matrix_to_quaternion(turn), rotations[:, PELVIS].shape)
    rotations[:, PELVIS] = quaternion_multiply(turned, rotations[:, PELVIS])
    place = convert_positions(motion.translation, MODEL_TO_BLENDER) @ linear.T + matrix[:3, 3]
    return replace(motion, rotations=rotations, translation=convert_positions(place, MODEL_TO_BLENDER.T))


def _to_origin(armature: Any, mesh: Any, scale: float) -> None:
    """Put armature and mesh at the world's origin, and make bones, vertices and paths of other bones so much longer."""
    if mesh is not None:
        beside = armature.matrix_world.inverted() @ mesh.matrix_world
        armature.matrix_world = Matrix.Identity(4)
        mesh.data.transform(beside, shape_keys=True)
    armature.matrix_world = Matrix.Identity(4)
    transform_data(armature, mesh, Matrix.Scale(scale, 4), scale)


def transform_data(armature: Any, mesh: Any, matrix: Matrix, scale: float) -> None:
    """Transform rest pose and vertices by a matrix that scales by ``scale``, and the paths of bones along."""
    if scale != 1 or matrix != Matrix.Identity(4):
        armature.data.transform(matrix)
        if mesh is not None:
            mesh.data.transform(matrix, shape_keys=True)
        for fcurve in fcurves_of(armature):
            if fcurve.data_path.startswith("pose.bones[") and fcurve.data_path.endswith(".location"):
                _multiply(fcurve, scale)
        bone: Any
        for bone in armature.pose.bones:
            bone.location = bone.location * scale
    if mesh is not None:
        mesh.matrix_parent_inverse = Matrix.Identity(4)
        mesh.matrix_basis = Matrix.Identity(4)


def start_at_first(fcurves: Iterable[bpy.types.FCurve], frame: int) -> None:
    """Move curves in time, so that what was at ``frame`` is at ``FIRST``."""
    for fcurve in fcurves:
        _change(fcurve, 0, lambda values: values + (FIRST - frame))


def _multiply(fcurve: bpy.types.FCurve, factor: float) -> None:
    """Make a curve's values so many times as large."""
    _change(fcurve, 1, lambda values: values * factor)


def _change(fcurve: bpy.types.FCurve, column: int, change: Any) -> None:
    points = fcurve.keyframe_points
    for part in ("co", "handle_left", "handle_right"):
        values = np.empty(2 * len(points), np.float32)
        points.foreach_get(part, values)
        values = values.reshape(-1, 2)
        values[:, column] = change(values[:, column])
        points.foreach_set(part, values.ravel())
    fcurve.update()


def rest_points(armature: Any, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Heads and tails (J, 3) of bones at rest in the model's frame."""
    bones = [armature.data.bones[name] for name in names]
    heads, tails = (np.array([getattr(bone, part)[:] for bone in bones]) for part in ("head_local", "tail_local"))
    return convert_positions(heads, MODEL_TO_BLENDER.T), convert_positions(tails, MODEL_TO_BLENDER.T)
