"""Made-up people near the floor: they go down from standing, kneel, crawl or lie for a while, and come up again.

Poses are given by angles, and the whole skin rests on the floor: head and wrists are what a headset would have seen.
"""

from dataclasses import dataclass

import numpy as np

from ...model_core.body import Body
from ...model_core.body.model import skin
from ...model_core.geometry.filters import smoothstep
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import axis_angle_to_matrix, slerp_matrices
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, ELBOWS, HEAD, JOINT_NAMES, TRACKED_JOINTS, WRISTS
from ...model_core.observation import FPS, Observation
from ...model_core.pipeline import Networks, Options, solve_pose

STANDS, GOES, STAYS = 1.0, 1.5, 2.0
"""Seconds that somebody stands, goes down or comes up, and stays."""
ARMS_DOWN = {"left_shoulder": (0.0, 0.0, -1.25), "right_shoulder": (0.0, 0.0, 1.25)}
ON_HANDS = {
    "left_shoulder": (0.0, -1.45, 0.0), "right_shoulder": (0.0, 1.45, 0.0),
    "left_wrist": (0.0, 0.0, 1.2), "right_wrist": (0.0, 0.0, -1.2), "head": (-0.6, 0.0, 0.0),
}  # fmt: skip
EVERY = 9
"""One vertex in so many is looked at for which is the lowest."""
HANDS = BODY_JOINT_COUNT, BODY_JOINT_COUNT + 1
HELD, HELD_WEIGHT = (HEAD, *ELBOWS, *WRISTS, *HANDS), 0.3
"""Joints whose skin is where trackers have it, in the floor or not, and the weight from which skin is theirs."""
EVERY_SKIN = 3
"""One vertex in so many of the others."""
MEASURED = 0.2
"""Seconds between the moments at which somebody who stays low is measured."""
Angles = dict[str, tuple[float, float, float]]


def both(joint: str, angles: tuple[float, float, float]) -> Angles:
    """The same of a left and a right joint, mirrored."""
    x, y, z = angles
    return {f"left_{joint}": (x, y, z), f"right_{joint}": (x, -y, -z)}


POSES: dict[str, Angles] = {
    "kneels upright": ARMS_DOWN | both("knee", (1.6, 0.0, 0.0)) | both("ankle", (0.7, 0.0, 0.0)),
    "sits on the heels": ARMS_DOWN | both("hip", (-1.1, 0.0, 0.1)) | both("knee", (2.4, 0.0, 0.0))
    | both("ankle", (0.8, 0.0, 0.0)),
    "sits on the floor": ARMS_DOWN | {"pelvis": (-0.2, 0.0, 0.0)} | both("hip", (-1.4, 0.0, 0.2))
    | both("knee", (0.2, 0.0, 0.0)),
    "is on all fours": ON_HANDS | {"pelvis": (1.45, 0.0, 0.0)} | both("hip", (-1.45, 0.0, 0.0))
    | both("knee", (1.5, 0.0, 0.0)) | both("ankle", (0.7, 0.0, 0.0)),
    "lies on the back": ARMS_DOWN | {"pelvis": (-1.57, 0.0, 0.0)} | both("ankle", (0.5, 0.0, 0.0)),
    "lies on the belly": ARMS_DOWN | {"pelvis": (1.57, 0.0, 0.0), "head": (-0.3, 0.9, 0.0)}
    | both("ankle", (1.2, 0.0, 0.0)),
    "lies on a side": {"left_shoulder": (0.0, -1.9, 0.0), "right_shoulder": (0.0, 2.3, 0.0)}
    | {"pelvis": (0.0, 0.0, -1.57)} | both("hip", (-0.9, 0.0, 0.0)) | both("knee", (1.3, 0.0, 0.0)),
}  # fmt: skip


def going_down(body: Body, pose: Angles) -> tuple[Observation, np.ndarray, np.ndarray]:
    """What is seen of the mean person who takes a pose; true local rotations (T, 22, 3, 3) and pelvis (T, 3)."""
    count = round((2 * STANDS + 2 * GOES + STAYS) * FPS)
    time = np.arange(count) / FPS
    down = smoothstep(np.clip((time - STANDS) / GOES, 0, 1))
    down = down - smoothstep(np.clip((time - STANDS - GOES - STAYS) / GOES, 0, 1))
    standing, low = _matrices(ARMS_DOWN), _matrices(pose)
    rotations = slerp_matrices(np.tile(standing, (count, 1, 1, 1)), np.tile(low, (count, 1, 1, 1)), down[:, None])
    rotations[:, JOINT_NAMES.index("spine3")] = axis_angle_to_matrix(
        np.stack([0.04 * np.sin(1.3 * time), 0.1 * np.sin(0.9 * time), 0 * time], 1)
    )
    betas, nowhere = np.zeros(10), np.zeros((count, 3))
    lowest = skin(body, rotations, nowhere, betas, np.arange(0, len(body.template), EVERY))[..., 1].min(1)
    translation = np.stack([0 * time, -lowest, 0.2 * down], 1)
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    world, joints = forward_kinematics(rotations, translation, rest)
    tracked = list(TRACKED_JOINTS)
    seen = Observation(
        world[:, tracked].astype(np.float32), joints[:, tracked].astype(np.float32), np.ones((count, 3), bool),
        betas.astype(np.float32),
    )  # fmt: skip
    return seen, rotations, translation


@dataclass(frozen=True)
class LowPose:
    """How somebody lies: the mean ``error`` of their joints, and by how much their skin is below the floor at most, as
    the networks predict it (``predicted``) and at the end (``refined``); metres."""

    error: float
    predicted: float
    refined: float


def measure(body: Body, pose: Angles, networks: Networks) -> LowPose:
    """How the mean person who takes a pose is solved from head and wrists, while they stay."""
    seen, rotations, translation = going_down(body, pose)
    rest = body.rest_joints(np.zeros(10))[:BODY_JOINT_COUNT]
    stays = np.arange(round((STANDS + GOES) * FPS), round((STANDS + GOES + STAYS) * FPS), round(MEASURED * FPS))
    truth = forward_kinematics(rotations[stays], translation[stays], rest)[1]
    depths = []
    for refinement in (0.0, 1.0):
        options = Options(refinement=refinement, uncertainty=False, device="cpu")
        solved = solve_pose(seen, rest, options, networks)
        found = solved.rotations.cpu().double().numpy()[stays], solved.translation.cpu().double().numpy()[stays]
        depths.append(max(0.0, -float(lowest_skin(body, *found).min())))
    error = np.linalg.norm(forward_kinematics(*found, rest)[1] - truth, axis=-1).mean()
    return LowPose(float(error), *depths)


def lowest_skin(body: Body, rotations: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """Height (T,) in metres of the mean person's lowest skin, but that of head and forearms, which trackers hold."""
    some = np.flatnonzero(body.weights[:, list(HELD)].sum(1) < HELD_WEIGHT)[::EVERY_SKIN]
    return skin(body, rotations, translation, np.zeros(10), some)[..., 1].min(1)


def _matrices(angles: Angles) -> np.ndarray:
    vectors = np.zeros((BODY_JOINT_COUNT, 3))
    for name, vector in angles.items():
        vectors[JOINT_NAMES.index(name)] = vector
    return axis_angle_to_matrix(vectors)
