"""A motion onto a character of sixty bones: found, carried over and keyed, beside keyframe_insert."""

import argparse

import bpy
import numpy as np

from ...model_core.body import load_body
from ...model_core.geometry.rotations import axis_angle_to_quaternion
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT
from ...model_core.motion import BETA_COUNT, Motion
from ...model_core.observation import FPS
from .timing import Figures, median_seconds, seconds

FRAMES, INSERTED_FRAMES, REPEATS = 10_000, 300, 3
BONES, BODY_BONES = 60, 34
"""Bones of the made-up character, and those of them that are a body's or its twist bones."""


def measure(options: argparse.Namespace) -> Figures:
    """Seconds for a long motion, from the avatar's motion to the character's keys."""
    from ...blender_addon.animation.curves import make_action
    from ...blender_addon.characters.bones.finding import find_bones
    from ...blender_addon.characters.channels import Placement
    from ...blender_addon.characters.choices import Choices
    from ...blender_addon.characters.putting import carry, write_carried
    from ...blender_addon.characters.reading import read_rest
    from ...blender_addon.state.new_file import empty_file
    from ..evaluation.characters.made_up_rigs import Rig, make_rig

    body, motion, scene = load_body(), _wandering(), empty_file(FPS)
    armature = make_rig(Rig("mixamo", droop=40, twists=True, extra=BONES - BODY_BONES), "bench", scene)
    assert len(armature.data.bones) == BONES

    def put() -> None:
        carried = carry(motion, body, armature, find_bones(read_rest(armature)), scene, Choices(), Placement())
        write_carried(armature, make_action(armature, "bench").action, carried)

    putting = median_seconds(put, REPEATS)
    inserting = seconds(lambda: _insert_keyframes(armature))
    return {
        f"{FRAMES} frames onto {BONES} bones": (putting, "s"),
        f"keyframe_insert on them, {INSERTED_FRAMES} frames": (inserting, "s"),
        "frames a second on a character over keyframe_insert": (
            (FRAMES / putting) / (INSERTED_FRAMES / inserting),
            "x",
        ),
    }


def _wandering() -> Motion:
    """A ``Motion`` whose every joint drifts at random, on feet that step now and then."""
    rng = np.random.default_rng(0)
    angles = np.cumsum(rng.normal(0, 0.005, (FRAMES, BODY_JOINT_COUNT, 3)), 0)
    translation = np.cumsum(rng.normal(0, 0.001, (FRAMES, 3)), 0) * [1, 0, 1] + [0, 0.9, 0]
    steps = np.repeat(rng.integers(0, 2, (FRAMES // 25 + 1, 4)), 25, 0)[:FRAMES]
    return Motion(
        FPS, axis_angle_to_quaternion(angles), translation, np.zeros(BETA_COUNT), contacts=steps.astype(np.float32)
    )


def _insert_keyframes(armature: bpy.types.Object) -> None:
    assert armature.pose is not None
    bones = list(armature.pose.bones)
    for frame in range(INSERTED_FRAMES):
        for bone in bones:
            bone.keyframe_insert("rotation_quaternion", frame=frame)
