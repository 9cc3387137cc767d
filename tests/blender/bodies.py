"""A body of boxes and motions made by formula, for tests that need no file."""

import numpy as np

from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, normalize
from threepoint.model_core.geometry.skeleton import JOINT_COUNT, PARENTS
from threepoint.model_core.motion import Motion, Uncertainty
from threepoint.model_core.recordings.recording import Recording, Track

REST = np.array(
    [[0, -0.223, 0.028], [0.069, -0.314, 0.023], [-0.069, -0.314, 0.023], [0, -0.114, 0.002], [0.105, -0.693, 0.016],
     [-0.105, -0.693, 0.016], [0, 0.021, 0.002], [0.09, -1.091, -0.027], [-0.09, -1.091, -0.027], [0, 0.074, 0.028],
     [0.116, -1.143, 0.094], [-0.116, -1.143, 0.094], [0, 0.288, -0.015], [0.08, 0.194, -0.008], [-0.08, 0.194, -0.008],
     [0, 0.353, 0.036], [0.173, 0.225, -0.017], [-0.173, 0.225, -0.017], [0.43, 0.212, -0.042], [-0.43, 0.212, -0.042],
     [0.682, 0.221, -0.045], [-0.682, 0.221, -0.045], [0.767, 0.213, -0.06], [-0.767, 0.213, -0.06]]
)  # fmt: skip
"""Joints of a standing person of about 1.7 m, in metres, in SMPL's order and frame."""
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
BOX_FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
BOX_SIZE = 0.04


class BoxBody:
    """A box around every joint, its far half weighted to the parent; betas[0] grows it by a tenth."""

    relaxed_hands = pose_directions = None

    def __init__(self):
        joints = np.repeat(np.arange(JOINT_COUNT), 8)
        self.faces = np.concatenate([BOX_FACES + 8 * joint for joint in range(JOINT_COUNT)])
        self.weights = np.zeros((8 * JOINT_COUNT, JOINT_COUNT))
        self.weights[np.arange(len(joints)), joints] += 0.7
        self.weights[np.arange(len(joints)), [max(PARENTS[j], 0) for j in joints]] += 0.3

    def rest_joints(self, betas):
        return REST * (1 + 0.1 * betas[0])

    def rest_vertices(self, betas):
        return (self.rest_joints(betas)[:, None] + BOX_SIZE * CORNERS).reshape(-1, 3)

    def sole(self, betas):
        return float(self.rest_vertices(betas)[:, 1].min())


def wild_motion(frames=181, fps=60.0, start=0.0, seed=0, probes=0, vertices=8 * JOINT_COUNT):
    """Every joint swings by up to a radian about an axis of its own while the body walks a curve."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / fps
    axis = normalize(rng.standard_normal((22, 3)))
    angle = np.sin(2 * np.pi * (rng.uniform(0.2, 0.8, 22) * time[:, None] + rng.uniform(0, 1, 22)))
    angle[:, 0] = 2.5 * time  # The pelvis turns past half a circle, where quaternion signs flip.
    rotations = axis_angle_to_quaternion(angle[..., None] * axis)
    translation = np.stack([np.sin(time), 0.95 + 0.05 * np.sin(3 * time), 0.7 * time], -1)
    uncertainty = None
    if probes:
        index = rng.integers(0, probes, (vertices, 4))
        weight = rng.dirichlet(np.ones(4), vertices)
        table = rng.uniform(0, 0.2, (frames, probes))
        uncertainty = Uncertainty(table.astype(np.float32), index.astype(np.int32), weight.astype(np.float32))
    betas = np.zeros(10)
    betas[0] = 0.5
    return Motion(fps, rotations, translation, betas, start, uncertainty=uncertainty, provenance={"seed": seed})


def wobbly_recording(seconds=4.0, rate=72.0, seed=0):
    """Head and hands in OpenXR's frame at uneven times, with dropouts of the left hand and, at the start, the right."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(np.full(int(seconds * rate), 1 / rate) * rng.uniform(0.8, 1.2, int(seconds * rate)))
    tracks = {}
    for place, role in enumerate(("head", "left_hand", "right_hand")):
        phase = time[:, None] * [1.1, 1.3, 0.9] + place
        position = np.array([0.2 * (place - 1), 1.6 - 0.4 * (place > 0), -0.1]) + 0.2 * np.sin(phase)
        rotation = axis_angle_to_quaternion(np.stack([0.5 * np.sin(time), 2 * time, 0.3 * np.cos(time)], -1))
        tracks[role] = Track(position, rotation, np.ones(len(time), bool))
    tracks["left_hand"].valid[100:140] = False
    tracks["right_hand"].valid[:20] = False
    return Recording(time, tracks, "wobbly", "quest2").validate()


def animated_avatar(motion, body, name, scene):
    """An avatar that plays a motion and shows its uncertainty, without a person."""
    from threepoint.blender_addon.avatar.armature import create_avatar
    from threepoint.blender_addon.avatar.bake import bake_motion
    from threepoint.blender_addon.avatar.uncertainty import show_uncertainty

    avatar = create_avatar(body, motion.betas, name)
    bake_motion(avatar.armature, motion, scene, f"{name} motion")
    show_uncertainty(avatar.mesh, motion, scene)
    return avatar
