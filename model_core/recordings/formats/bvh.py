"""BVH motion capture, from which head and wrists are derived: not a headset's recording (numpy only)."""

from pathlib import Path

import numpy as np

from ...body import Body, load_body
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import matrix_to_quaternion
from ...geometry.skeleton import BODY_JOINT_COUNT, FEET, TRACKED_JOINTS
from ...motion import BETA_COUNT
from ...notes import Note
from ...retargeting.bvh import read_bvh
from ...retargeting.capture import Capture
from ...retargeting.retarget import retarget
from ...retargeting.skeletons import SkeletonMap
from ..recording import Recording
from ..text import head_text
from .amass import FLOOR_PERCENTILE, joint_recording

NAME = "BVH"
SUFFIXES = (".bvh",)
OPTIONS = ("body",)


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is BVH."""
    return head_text(head).lstrip().startswith("HIERARCHY")


def read(path: Path, body: Body | None = None) -> Recording:
    """A BVH file -> ``Recording`` with device ``joints``: its motion carried over to ``body`` (the default one)."""
    return capture_recording(*read_bvh(path), path, body)


def capture_recording(capture: Capture, skeleton: SkeletonMap, path: Path, body: Body | None = None) -> Recording:
    """Head and wrists of a capture carried over to ``body``, as a ``Recording``."""
    body = load_body() if body is None else body
    betas = np.zeros(BETA_COUNT)
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    moved = retarget(capture, skeleton, rest)
    world, positions = forward_kinematics(moved.rotations, moved.translation, rest)
    feet = positions[:, list(FEET), 1] - (rest[list(FEET), 1] - body.sole(betas))
    positions[..., 1] -= np.percentile(feet.min(-1), FLOOR_PERCENTILE)
    time = np.arange(len(positions)) / capture.fps
    warnings = [*capture.notes, Note("another_skeleton", {"scale": moved.scale})]
    rotations = matrix_to_quaternion(world[:, TRACKED_JOINTS])
    return joint_recording(time, positions[:, TRACKED_JOINTS], rotations, path.name, betas, warnings)
