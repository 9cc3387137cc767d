"""Put made-up trackers on waist and feet of mocap of known truth, and show how much better the body is found.

Each clip's person wears headset and hand trackers as in ``simulate devices``, and one more tracker on each of the
joints of a set, anyhow. Where they sit follows from the T-pose that the person holds at first, or fitted.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ...model_core.body import Body, load_body
from ...model_core.body.foot_contacts import STANDING_SPEED
from ...model_core.calibration import Offset
from ...model_core.calibration.calibration import BODY_TRACKER_JOINTS
from ...model_core.geometry.frames import OPENXR_TO_MODEL
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import axis_angle_to_quaternion, matrix_to_quaternion, quaternion_to_matrix
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, LOWER_HALF, ROLES
from ...model_core.mocap.clips import load_clips
from ...model_core.pipeline import (
    KnownPose,
    Networks,
    Options,
    calibrate,
    load_networks,
    model_frame,
    observe,
    solve_pose,
)
from ...model_core.recordings import Recording, Track
from ..support.arguments import command_parser
from ..support.checkout import WORK
from .devices import FARTHEST, FPS, LARGEST_ANGLE, T_POSE_SECONDS, Simulation, random_within, simulate

SETS = {
    "head and hands": (),
    "and waist": ("waist",),
    "and feet": ("left_foot", "right_foot"),
    "and waist and feet": ("waist", "left_foot", "right_foot"),
}
SHAKE, TWIST = 0.004, np.radians(1.0)
"""Standard deviation in metres and radians by which straps shake."""
CM = 100.0


def run(arguments: list[str]) -> int:
    """Simulate, predict with each set of trackers, print a table."""
    parser = command_parser("simulate trackers", __doc__)
    parser.add_argument("clips", nargs="?", type=Path, default=WORK / "data" / "motion" / "val.npz",
                        metavar="CLIPS.npz", help="by default val")  # fmt: skip
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="of each clip, 10; shorter clips are left out"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    body, networks, rng = load_body(), load_networks(), np.random.default_rng(options.seed)
    rows = {}
    clips = [clip for clip in load_clips(options.clips) if len(clip) >= options.seconds * FPS][:: options.every]
    for number, clip in enumerate(clips, start=1):
        simulation = simulate(clip, body, rng)
        simulation = replace(simulation, recording=wear(simulation, SETS["and waist and feet"], rng))
        for name, row in errors(simulation, options.seconds, body, networks).items():
            rows.setdefault(name, []).append(row)
        print(f"{number} of {len(clips)} clips, cm: all joints, lower joints, ankles and toes; cm/s: feet that stand")
        for name, values in rows.items():
            print(f"  {name:<36}" + "".join(f"{value:8.2f}" for value in np.mean(values, 0)), flush=True)
    return 0


def moving_part(simulation: Simulation, seconds: float) -> Simulation:
    """The simulation without its T-pose, ``seconds`` of it."""
    first, last = np.searchsorted(
        simulation.recording.time, [simulation.moves_from, simulation.moves_from + seconds - 0.5 / FPS]
    )
    part = slice(first, last)
    recording = simulation.recording.at(part)
    return replace(simulation, recording=recording, rotations=simulation.rotations[part],
                   positions=simulation.positions[part])  # fmt: skip


def wear(simulation: Simulation, roles: Sequence[str], rng: np.random.Generator) -> Recording:
    """The simulation's recording with a tracker more on each of the joints of ``roles``, its strap a little loose."""
    tracks = dict(simulation.recording.tracks)
    for role in roles:
        joint, count = BODY_TRACKER_JOINTS[role], len(simulation.positions)
        offset_rotation = quaternion_to_matrix(axis_angle_to_quaternion(random_within(rng, LARGEST_ANGLE)))
        offset = Offset(offset_rotation, random_within(rng, FARTHEST))
        loose = quaternion_to_matrix(axis_angle_to_quaternion(rng.normal(0, TWIST, (count, 3))))
        rotation = simulation.rotations[:, joint] @ offset.rotation.T @ loose
        position = simulation.positions[:, joint] - rotation @ offset.position + rng.normal(0, SHAKE, (count, 3))
        quaternion = matrix_to_quaternion(OPENXR_TO_MODEL.T @ rotation @ OPENXR_TO_MODEL)
        tracks[role] = Track(position @ OPENXR_TO_MODEL, quaternion, np.ones(count, bool))
    return replace(simulation.recording, tracks=tracks).validate()


def errors(simulation: Simulation, seconds: float, body: Body, networks: Networks) -> dict[str, tuple[float, ...]]:
    """Errors of the first seconds after the T-pose, by set of trackers and by how their offsets are known."""
    pose = KnownPose("t", T_POSE_SECONDS / 2)
    measured = calibrate(model_frame(simulation.recording), Options(body=body, pose=pose))
    bare = replace(measured, offsets={role: measured.offsets[role] for role in ROLES})
    simulation = moving_part(simulation, seconds)
    rest, rows = body.rest_joints(measured.betas), {}
    for name, roles in SETS.items():
        some = model_frame(simulation.recording.only((*ROLES, *roles)))
        for how, calibration in ((", T-pose", measured), (", fitted", bare)) if roles else (("", measured),):
            found = solve_pose(observe(some, calibration), rest, Options(body=body), networks, calibration)
            translation = found.translation.cpu().double() + torch.as_tensor(some.origin)
            rows[name + how] = _row(found.rotations, translation, rest, simulation.positions)
    return rows


def _row(rotations: torch.Tensor, translation: torch.Tensor, rest: np.ndarray, truth: np.ndarray) -> tuple[float, ...]:
    """Mean errors in cm of all joints, of the lower ones and of the feet; speed in cm/s of feet that truly stand."""
    rest_joints = torch.as_tensor(rest[:BODY_JOINT_COUNT]).double()
    joints = forward_kinematics(rotations.cpu().double(), translation.cpu().double(), rest_joints)[1].numpy()
    off, feet = CM * np.linalg.norm(joints - truth, axis=-1), list(FEET)
    speed, true_speed = (
        np.linalg.norm(np.diff(positions[:, feet][..., [0, 2]], axis=0), axis=-1) * FPS for positions in (joints, truth)
    )
    return (
        off.mean(),
        off[:, LOWER_HALF].mean(),
        off[:, feet].mean(),
        CM * speed[true_speed < STANDING_SPEED].mean(),
    )
