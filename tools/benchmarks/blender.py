"""Enabling; baking by bulk F-curve calls beside keyframe_insert; scrubbing with and without uncertainty."""

import argparse
import statistics
import subprocess
import sys
import tempfile

import bpy
import numpy as np

from ...model_core.body import Body, load_body
from ...model_core.body.probes import choose_probes
from ...model_core.child_python import clean_environment, command
from ...model_core.geometry.rotations import axis_angle_to_quaternion
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT
from ...model_core.motion import BETA_COUNT, Motion, Uncertainty
from ...model_core.observation import FPS
from .timing import Figures, median_seconds, seconds

BAKED_FRAMES, INSERTED_FRAMES, SCRUBBED_FRAMES = 10_000, 300, 50
REPEATS, SCRUBBED_ROUNDS = 3, 15
ENABLE = """
import os, sys, time
import bpy
begun = time.perf_counter()
import threepoint
threepoint.register()
print(time.perf_counter() - begun, flush=True)
os._exit(0)
"""


def measure(options: argparse.Namespace) -> Figures:
    """Seconds to bake, and milliseconds a frame while scrubbing at random."""
    from ...blender_addon.avatar.armature import create_avatar
    from ...blender_addon.avatar.bake import bake_motion
    from ...blender_addon.avatar.uncertainty import show_uncertainty
    from ...blender_addon.state.new_file import empty_file

    body, rng = load_body(), np.random.default_rng(0)
    motion = wandering_motion(body, rng, BAKED_FRAMES)
    scene = empty_file(FPS)
    avatar = create_avatar(body, motion.betas, "bench")
    baking = median_seconds(lambda: bake_motion(avatar.armature, motion, scene, "bench"), REPEATS)

    show_uncertainty(avatar.mesh, motion, scene)
    plain, added = _scrubbing(scene, avatar.mesh, rng.integers(0, BAKED_FRAMES, SCRUBBED_FRAMES))

    avatar.armature.animation_data_clear()
    inserting = seconds(lambda: _insert_keyframes(avatar.armature, motion.rotations[:INSERTED_FRAMES]))
    return {
        "enable the extension": (_enabling_seconds(), "s"),
        f"bake {BAKED_FRAMES} frames": (baking, "s"),
        f"keyframe_insert, {INSERTED_FRAMES} frames": (inserting, "s"),
        "frames a second, bulk over keyframe_insert": ((BAKED_FRAMES / baking) / (INSERTED_FRAMES / inserting), "x"),
        "one frame while scrubbing, body alone": (1e3 * plain, "ms"),
        "one frame while scrubbing, uncertainty added": (1e3 * added, "ms"),
    }


def _enabling_seconds() -> float:
    """Seconds to load and register the extension in a Blender of its own, compiled as users have it.

    The fastest of a few: whatever else the machine does only adds to so short a time.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**clean_environment(), "BLENDER_USER_RESOURCES": folder}
        enabling = command(sys.executable, "-X", f"pycache_prefix={folder}", "-c", ENABLE)
        found = []
        for _ in range(1 + REPEATS):
            result = subprocess.run(enabling, env=environment, capture_output=True, text=True, check=True)
            found.append(float(result.stdout.split()[-1]))
    return min(found[1:])  # The first one compiles.


def wandering_motion(body: Body, rng: np.random.Generator, frames: int) -> Motion:
    """A ``Motion`` of so many frames whose every joint drifts at random."""
    angles = np.cumsum(rng.normal(0, 0.01, (frames, BODY_JOINT_COUNT, 3)), 0)
    translation = np.cumsum(rng.normal(0, 0.002, (frames, 3)), 0).astype(np.float32)
    vertices, index, weight = choose_probes(body)
    unsure = Uncertainty(rng.random((frames, len(vertices)), np.float32) * 0.1, index, weight)
    quaternions = axis_angle_to_quaternion(angles).astype(np.float32)
    return Motion(FPS, quaternions, translation, np.zeros(BETA_COUNT), uncertainty=unsure)


def _scrubbing(scene: bpy.types.Scene, mesh: bpy.types.Object, frames: np.ndarray) -> tuple[float, float]:
    """Median seconds a frame of the body alone, and of what uncertainty adds to it.

    Rounds with and without take turns, so that a machine that is busy for a while slows both, and a round counts by
    its median frame, so that the frames at which others had the processor do not.
    """
    from ...blender_addon.avatar.uncertainty import MODIFIER

    rounds = {False: [], True: []}
    for _ in range(SCRUBBED_ROUNDS):
        for coloured, found in rounds.items():
            mesh.modifiers[MODIFIER].show_viewport = coloured
            _scrub(scene, mesh, frames[:1])  # Blender rebuilds what it knows of the scene.
            found.append(statistics.median(_scrub(scene, mesh, frames)))
    added = [with_colours - without for without, with_colours in zip(*rounds.values(), strict=True)]
    return statistics.median(rounds[False]), statistics.median(added)


def _scrub(scene: bpy.types.Scene, mesh: bpy.types.Object, frames: np.ndarray) -> list[float]:
    """Seconds of each frame."""
    import bpy

    def show(frame: int) -> None:
        scene.frame_set(int(frame))
        mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())

    return [seconds(lambda frame=frame: show(frame)) for frame in frames]


def _insert_keyframes(armature: bpy.types.Object, quaternions: np.ndarray) -> None:
    assert armature.pose is not None
    bones = list(armature.pose.bones)
    for frame, pose in enumerate(quaternions):
        for bone, quaternion in zip(bones[:BODY_JOINT_COUNT], pose, strict=True):
            bone.rotation_quaternion = quaternion
            bone.keyframe_insert("rotation_quaternion", frame=frame)
