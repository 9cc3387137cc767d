"""A motion as an action on an avatar's armature, and back."""

import numpy as np

from ..model_core.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ..model_core.motion import Motion
from ..model_core.rotations import (
    make_continuous,
    matrix_to_quaternion,
    normalize,
    quaternion_conjugate,
    quaternion_multiply,
    slerp,
)
from ..model_core.skeleton import BODY_JOINT_COUNT, JOINT_NAMES, PELVIS
from .curves import fcurves_of, new_action, replace_keyframes, write_vector
from .timing import frames_to_seconds, scene_fps, seconds_to_frames

EDGE_FRAMES = 8
"""Frames over which a replaced range goes over into what surrounds it."""


def bake_motion(armature, motion, scene, name, origin=0.0):
    """Write ``motion`` as a new action ``name`` of ``armature``; return the action.

    One linear keyframe a scene frame, from the frame nearest to the motion's start to the one nearest to its end, so
    that its length in seconds is kept to a frame. ``origin``: seconds of the recording's clock at the scene's first
    frame. The root's path is on the pelvis bone; the hands, which no motion drives, stay as they are.
    """
    motion.validate()
    frames = action_frames(motion, scene, origin)
    location, rotations = _bone_space(armature, motion, frames_to_seconds(frames, scene, origin))
    curves = new_action(armature, name)
    write_vector(curves, _path(PELVIS, "location"), frames, location, JOINT_NAMES[PELVIS])
    for joint in range(BODY_JOINT_COUNT):
        path = _path(joint, "rotation_quaternion")
        write_vector(curves, path, frames, make_continuous(rotations[:, joint]), JOINT_NAMES[joint])
    return curves.action


def replace_frames(armature, motion, scene, first, last):
    """Replace the keyframes ``first``..``last`` of the armature's action by ``motion``'s, its edges blended.

    The motion's second 0 is the scene's first frame. What it does not cover stays as it is, and so do all other frames.
    """
    covered = action_frames(motion, scene)
    frames = np.arange(max(first, covered[0]), min(last, covered[-1]) + 1)
    if not len(frames):
        return
    location, rotations = _bone_space(armature, motion, frames_to_seconds(frames, scene))
    fcurves = {(f.data_path, f.array_index): f for f in fcurves_of(armature)}
    inside = np.minimum(frames - frames[0], frames[-1] - frames) + 1
    share = np.clip(inside / (min(EDGE_FRAMES, len(frames) // 2) + 1), 0, 1)
    share = share * share * (3 - 2 * share)
    path = _path(PELVIS, "location")
    old = _evaluate(fcurves, path, 3, frames)
    replace_keyframes(fcurves, path, frames, old + share[:, None] * (location - old))
    for joint in range(BODY_JOINT_COUNT):
        path = _path(joint, "rotation_quaternion")
        old = normalize(_evaluate(fcurves, path, 4, frames))
        blended = make_continuous(slerp(old, rotations[:, joint], share))
        blended *= np.copysign(1.0, (blended[0] * old[0]).sum())
        # On its new way a quaternion may arrive with the other sign: what follows then goes on with that.
        replace_keyframes(fcurves, path, frames, blended, sign_after=np.copysign(1.0, (blended[-1] * old[-1]).sum()))


def read_action(armature, betas, scene):
    """The armature's action, edits included, as a ``Motion`` at the scene's rate; None where it has none."""
    fcurves = {(f.data_path, f.array_index): f for f in fcurves_of(armature)}
    root = fcurves.get((_path(PELVIS, "location"), 0))
    if root is None:
        return None
    first, last = np.rint(root.range())
    frames = np.arange(first, last + 1)
    axes = bone_axes(armature)
    rotations = np.empty((len(frames), BODY_JOINT_COUNT, 4))
    for joint in range(BODY_JOINT_COUNT):
        own = normalize(_evaluate(fcurves, _path(joint, "rotation_quaternion"), 4, frames))
        rotations[:, joint] = convert_quaternions(from_bone_axes(own, axes[joint]), MODEL_TO_BLENDER.T)
    head, pelvis_axes = _pelvis_rest(armature)
    location = _evaluate(fcurves, _path(PELVIS, "location"), 3, frames) @ pelvis_axes.T + head
    translation = convert_positions(location, MODEL_TO_BLENDER.T)
    return Motion(scene_fps(scene), rotations, translation, np.asarray(betas), float(frames_to_seconds(first, scene)))


def _bone_space(armature, motion, seconds):
    """Location of the pelvis bone (n, 3) and rotations of the bones (n, 22, 4), as Blender's channels hold them."""
    rotations, translation = resample(motion, seconds)
    axes = bone_axes(armature)
    for joint in range(BODY_JOINT_COUNT):  # One by one: an hour's rotations are too many for several copies.
        turned = convert_quaternions(rotations[:, joint], MODEL_TO_BLENDER)
        rotations[:, joint] = to_bone_axes(turned, axes[joint])
    head, pelvis_axes = _pelvis_rest(armature)
    return (convert_positions(translation, MODEL_TO_BLENDER) - head) @ pelvis_axes, rotations


def _pelvis_rest(armature):
    return np.array(armature.data.bones[JOINT_NAMES[PELVIS]].head_local), bone_matrices(armature)[PELVIS]


def _path(joint, attribute):
    return f'pose.bones["{JOINT_NAMES[joint]}"].{attribute}'


def _evaluate(fcurves, path, count, frames):
    """Values (n, count) of a vector property at whole frames."""
    return np.array([[fcurves[path, k].evaluate(frame) for k in range(count)] for frame in frames])


def action_frames(motion, scene, origin=0.0):
    """Whole scene frames (n,) that a motion covers."""
    first, last = np.rint(seconds_to_frames([motion.start, motion.start + motion.duration], scene, origin))
    return np.arange(first, last + 1)


def resample(motion, seconds):
    """Rotations (n, 22, 4) and translation (n, 3) of ``motion`` at ``seconds`` (n,) of its clock.

    Interpolates between frames on the sphere and on the line; before the first frame and after the last one holds.
    """
    place = np.clip((np.asarray(seconds) - motion.start) * motion.fps, 0, motion.frame_count - 1)
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, motion.frame_count - 1)
    part = place - before
    rotations = np.empty((len(place), BODY_JOINT_COUNT, 4))
    for joint in range(BODY_JOINT_COUNT):
        own = motion.rotations[:, joint].astype(np.float64)
        rotations[:, joint] = slerp(own[before], own[after], part)
    translation = motion.translation.astype(np.float64)
    return rotations, translation[before] + part[:, None] * (translation[after] - translation[before])


def bone_matrices(armature):
    """(24, 3, 3): every bone's rest axes in armature space, as columns, in SMPL's order."""
    bones = armature.data.bones
    return np.array([[list(row)[:3] for row in bones[name].matrix_local[:3]] for name in JOINT_NAMES])


def bone_axes(armature):
    """(24, 4) ``wxyz``: the same as quaternions."""
    return matrix_to_quaternion(bone_matrices(armature))


def to_bone_axes(rotations, axes):
    """A joint's local rotations (T, 4) in Blender's frame -> the same in its bone's own rest axes (4,)."""
    axes = np.broadcast_to(axes, rotations.shape)
    return quaternion_multiply(quaternion_multiply(quaternion_conjugate(axes), rotations), axes)


def from_bone_axes(rotations, axes):
    """The inverse of ``to_bone_axes``."""
    return to_bone_axes(rotations, quaternion_conjugate(axes))
