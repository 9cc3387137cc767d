"""Made-up recordings of people on ground that is no flat floor: somebody climbs stairs, somebody sits down on a chair.

Feet step from spot to spot, the pelvis is carried between them, legs follow by inverse kinematics; head and wrists give
what a headset's trackers would have reported. They are samples to try things on, not data.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ...model_core.body import Body
from ...model_core.calibration import preset_offsets
from ...model_core.calibration.person import head_offset
from ...model_core.direction.ground import Ground
from ...model_core.direction.seats import PELVIS_OVER_SEAT
from ...model_core.geometry.filters import gaussian_smooth, smoothstep
from ...model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import matrix_to_quaternion
from ...model_core.geometry.skeleton import ANKLES, BODY_JOINT_COUNT, JOINT_NAMES, ROLES, TRACKED_JOINTS
from ...model_core.recordings.recording import Recording, Track
from ...model_core.refinement.closed_form.legs import move_feet
from ..support.made_up_walk import about, bump, tracker_pose

FPS, DEVICE = 90.0, "touch"
X, Y, Z = np.eye(3)
RISE, RUN, TREADS = 0.17, 0.29, 5
"""Metres of a tread's height and depth, and how many there are; the last one is a landing."""
FIRST_RISER, WIDTH, LANDING = 1.0, 1.2, 2.0
"""Metres to the first riser, of the stairs' width, and of the landing's depth."""
STRIDE, STEP_SECONDS, SWING = 0.42, 0.65, 0.75
"""Metres of a step on the flat, seconds of any, and the part of them that the foot is in the air."""
BENT, LIFT, BESIDE = 0.1, 0.09, 0.09
"""Metres by which knees lower a pelvis that walks, by which feet are lifted, and from the middle to either foot."""
SEAT, SEAT_DEPTH, BEHIND = 0.45, 0.45, 0.42
"""Metres of a chair's seat above the floor, from front to back, and of its middle behind where the person stands."""
SITTING, SITTING_END = (1.0, 5.6), 6.8
"""Seconds in which somebody sits down, and stands up again, and the recording's."""


@dataclass(frozen=True)
class Directed:
    """A ``recording`` with the truth: joints (T, 22, 3) at ``FPS`` in the model's frame."""

    recording: Recording
    joints: np.ndarray


def stairs() -> Ground:
    """The stairs in the way of who walks along +Z: a box a tread, from the floor up."""
    vertices: list[tuple[float, float, float]] = []
    triangles: list[tuple[int, int, int]] = []
    for tread in range(TREADS):
        near = FIRST_RISER + tread * RUN
        far = near + (LANDING if tread == TREADS - 1 else RUN)
        _add_box(vertices, triangles, (-WIDTH / 2, 0.0, near), (WIDTH / 2, RISE * (tread + 1), far))
    return Ground(vertices=tuple(vertices), triangles=tuple(triangles)).validate()


def chair() -> Ground:
    """The chair of who sits down. It is no ground that anybody stands on."""
    vertices: list[tuple[float, float, float]] = []
    triangles: list[tuple[int, int, int]] = []
    back, front = -BEHIND - SEAT_DEPTH / 2, -BEHIND + SEAT_DEPTH / 2
    _add_box(vertices, triangles, (-0.25, SEAT - 0.05, back), (0.25, SEAT, front))
    _add_box(vertices, triangles, (-0.25, SEAT, back - 0.05), (0.25, 0.9, back))
    for x in (-0.25, 0.21):
        for z in (back, front - 0.04):
            _add_box(vertices, triangles, (x, 0.0, z), (x + 0.04, SEAT - 0.05, z + 0.04))
    return Ground(vertices=tuple(vertices), triangles=tuple(triangles)).validate()


def _add_box(
    vertices: list[tuple[float, float, float]],
    triangles: list[tuple[int, int, int]],
    least: tuple[float, float, float],
    most: tuple[float, float, float],
) -> None:
    """Add the twelve triangles of a box between two corners."""
    first = len(vertices)
    vertices += [(x, y, z) for x in (least[0], most[0]) for y in (least[1], most[1]) for z in (least[2], most[2])]
    for a, b, c, d in ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)):
        triangles += [(first + a, first + b, first + c), (first + a, first + c, first + d)]


def climbing(body: Body) -> Directed:
    """Who stands, walks to the ``stairs``, climbs them a tread a step, and stands on the landing."""
    spots, sides = [(0.0, 0.0)], 0
    along = 0.0
    while along + STRIDE < FIRST_RISER:
        along += STRIDE
        spots.append((along, 0.0))
    for tread in range(TREADS):
        spots.append((FIRST_RISER + (tread + 0.4) * RUN, RISE * (tread + 1)))
    spots += [(spots[-1][0] + 0.4, spots[-1][1]), (spots[-1][0] + 0.4, spots[-1][1])]
    begin = 1.2
    time = np.arange(round((begin + len(spots) * STEP_SECONDS + 1.8) * FPS) + 1) / FPS
    feet = np.zeros((len(time), 2, 3))
    feet[:, 0, 0], feet[:, 1, 0] = BESIDE, -BESIDE
    place = [np.array([BESIDE, 0.0, 0.0]), np.array([-BESIDE, 0.0, 0.0])]
    for number, (forward, height) in enumerate(spots[1:]):
        start = begin + number * STEP_SECONDS
        goal = np.array([place[sides][0], height, forward])
        way = np.clip((time - start) / (SWING * STEP_SECONDS), 0, 1)
        after, risen, gone = way > 0, smoothstep(np.clip(1.6 * way, 0, 1)), smoothstep(np.clip(1.25 * way - 0.2, 0, 1))
        between = np.stack([gone, risen, gone], 1)
        feet[after, sides] = (place[sides] + between * (goal - place[sides]))[after]
        feet[:, sides, 1] += LIFT * np.sin(np.pi * way) ** 2
        place[sides], sides = goal, 1 - sides
    walking = bump(time, begin - 0.3, begin + (len(spots) - 1) * STEP_SECONDS + 0.6)
    middle = gaussian_smooth(feet.mean(1), 0.12 * FPS)
    phase = np.pi * (time - begin) / STEP_SECONDS
    return _recorded(body, time, middle, feet, BENT * walking, 0.1 * walking, 0 * time, np.sin(phase) * walking)


def sitting(body: Body) -> Directed:
    """Who stands before a chair, sits down on it for some seconds, and stands up again; it is behind them."""
    time = np.arange(round(SITTING_END * FPS) + 1) / FPS
    seated = bump(time, *SITTING, 1.1)
    feet = np.zeros((len(time), 2, 3))
    feet[:, 0, 0], feet[:, 1, 0] = BESIDE, -BESIDE
    middle = feet.mean(1) - seated[:, None] * np.array([0.0, 0.0, BEHIND])
    leaning = 0.55 * np.sin(np.pi * seated)
    return _recorded(body, time, middle, feet, 0.02 + 0 * time, leaning, seated, 0 * time)


def _recorded(
    body: Body,
    time: np.ndarray,
    middle: np.ndarray,
    feet: np.ndarray,
    bent: np.ndarray,
    leaning: np.ndarray,
    seated: np.ndarray,
    swing: np.ndarray,
) -> Directed:
    """The person whose pelvis is over ``middle`` (T, 3), ground included, and whose soles are at ``feet`` (T, 2, 3)."""
    betas = np.zeros(10)
    rest, sole = body.rest_joints(betas)[:BODY_JOINT_COUNT], float(body.sole(betas))
    rotations = np.broadcast_to(np.eye(3), (len(time), BODY_JOINT_COUNT, 3, 3)).copy()
    angles = {
        "pelvis": about(X, 0.5 * leaning - 0.15 * seated), "spine1": about(X, 0.3 * leaning + 0.1 * seated),
        "spine3": about(X, 0.2 * leaning), "head": about(X, 0.1 - 0.6 * leaning) @ about(Y, 0.1 * np.sin(0.9 * time)),
    }  # fmt: skip
    for side, sign in (("left", 1), ("right", -1)):
        forward, down = -0.2 - 0.3 * sign * swing - 0.3 * seated, np.full(len(time), -1.2 * sign)
        angles[f"{side}_shoulder"] = about(X, forward) @ about(Z, down)
        angles[f"{side}_elbow"] = about(Y, -sign * (0.35 + 0.5 * seated))
        angles[f"{side}_hip"], angles[f"{side}_knee"] = about(X, -0.3 - 1.2 * seated), about(X, 0.5 + 1.0 * seated)
    for name, rotation in angles.items():
        rotations[:, JOINT_NAMES.index(name)] = rotation
    standing = rest[0, 1] - sole - bent
    sat = SEAT + PELVIS_OVER_SEAT
    translation = middle.copy()
    translation[:, 1] += (1 - seated) * standing + seated * sat
    ankle_height = rest[list(ANKLES), 1] - sole
    ankles = feet + np.stack([0 * ankle_height, ankle_height, 0 * ankle_height], 1)
    turned = np.broadcast_to(np.eye(3), (len(time), 2, 3, 3))
    local, pelvis, goals, flat, bones = (
        torch.as_tensor(np.ascontiguousarray(part)).double() for part in (rotations, translation, ankles, turned, rest)
    )
    rotations = move_feet(local, pelvis, goals, flat, bones).numpy()
    world, joints = forward_kinematics(rotations, translation, rest)
    size = float(body.size(betas))
    offsets = {"head": head_offset(size), **preset_offsets(DEVICE, size)}
    tracks = {}
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        rotation, position = tracker_pose(matrix_to_quaternion(world[:, joint]), joints[:, joint], offsets[role])
        tracks[role] = Track(
            convert_positions(position, OPENXR_TO_MODEL.T), convert_quaternions(rotation, OPENXR_TO_MODEL.T),
            np.ones(len(time), bool),
        )  # fmt: skip
    return Directed(Recording(time, tracks, "made up", DEVICE).validate(), joints)
