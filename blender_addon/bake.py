"""A motion as an action on an avatar's armature."""

import numpy as np

from ..model_core.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ..model_core.rotations import (
    make_continuous,
    matrix_to_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    slerp,
)
from ..model_core.skeleton import BODY_JOINT_COUNT, JOINT_NAMES, PELVIS
from .curves import new_action, write_vector
from .timing import frames_to_seconds, seconds_to_frames


def bake_motion(armature, motion, scene, name, origin=0.0):
    """Write ``motion`` as a new action ``name`` of ``armature``; return the action.

    One linear keyframe a scene frame, from the frame nearest to the motion's start to the one nearest to its end, so
    that its length in seconds is kept to a frame. ``origin``: seconds of the recording's clock at the scene's first
    frame. The root's path is on the pelvis bone; the hands, which no motion drives, stay as they are.
    """
    motion.validate()
    frames = action_frames(motion, scene, origin)
    rotations, translation = resample(motion, frames_to_seconds(frames, scene, origin))
    axes = bone_axes(armature)
    own = make_continuous(to_bone_axes(convert_quaternions(rotations, MODEL_TO_BLENDER), axes[:BODY_JOINT_COUNT]))
    curves = new_action(armature, name)
    head = np.array(armature.data.bones[JOINT_NAMES[PELVIS]].head_local)
    pelvis_axes = bone_matrices(armature)[PELVIS]
    location = (convert_positions(translation, MODEL_TO_BLENDER) - head) @ pelvis_axes
    write_vector(curves, _path(PELVIS, "location"), frames, location, JOINT_NAMES[PELVIS])
    for joint in range(BODY_JOINT_COUNT):
        write_vector(curves, _path(joint, "rotation_quaternion"), frames, own[:, joint], JOINT_NAMES[joint])
    return curves.action


def _path(joint, attribute):
    return f'pose.bones["{JOINT_NAMES[joint]}"].{attribute}'


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
    rotations = motion.rotations.astype(np.float64)
    translation = motion.translation.astype(np.float64)
    turned = slerp(rotations[before], rotations[after], np.repeat(part[:, None], BODY_JOINT_COUNT, 1))
    return turned, translation[before] + part[:, None] * (translation[after] - translation[before])


def bone_matrices(armature):
    """(24, 3, 3): every bone's rest axes in armature space, as columns, in SMPL's order."""
    bones = armature.data.bones
    return np.array([[list(row)[:3] for row in bones[name].matrix_local[:3]] for name in JOINT_NAMES])


def bone_axes(armature):
    """(24, 4) ``wxyz``: the same as quaternions."""
    return matrix_to_quaternion(bone_matrices(armature))


def to_bone_axes(rotations, axes):
    """Joints' local rotations (T, J, 4) in Blender's frame -> the same in each bone's own rest axes (J, 4)."""
    axes = np.broadcast_to(axes, rotations.shape)
    return quaternion_multiply(quaternion_multiply(quaternion_conjugate(axes), rotations), axes)


def from_bone_axes(rotations, axes):
    """The inverse of ``to_bone_axes``."""
    return to_bone_axes(rotations, quaternion_conjugate(axes))
