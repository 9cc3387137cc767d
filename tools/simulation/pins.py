"""Pin true joints of motion capture, and show how much better the rest of the body is found.

Of each clip head and hands are observed as they truly are, and its body is found twice: from these alone, and with a
hard pin a second where a joint truly is; with --always it is pinned at every frame, which is the most that pins of it
bring. Means are over clips, in cm. "Worst" is the part of the body that gained least, "at pins" the worst of all pinned
moments.
"""

from pathlib import Path

import numpy as np
import torch

from ...model_core.evaluation.methods import observe_truth
from ...model_core.evaluation.metrics import mean_jerk
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import matrix_to_quaternion
from ...model_core.geometry.skeleton import ANKLES, BODY_JOINT_COUNT, KNEES, TOES
from ...model_core.mocap.clips import Clip, load_clips
from ...model_core.observation import FPS
from ...model_core.pins import PIN_JOINTS, Pin
from ...model_core.pipeline import Networks, Options, Solution, load_networks, meet_pins, solve_pose
from ..support.arguments import command_parser
from ..support.checkout import WORK

SETS = {
    "an ankle": (("left_ankle",), False),
    "either ankle in turn": (("left_ankle", "right_ankle"), False),
    "the same, turned": (("left_ankle", "right_ankle"), True),
    "the pelvis": (("pelvis",), False),
    "the pelvis, turned": (("pelvis",), True),
}
"""What is pinned once a second: the role, of two of them one after the other, and whether it is turned as truly, too.
The ankle is the left one."""
ALWAYS = {"an ankle": ("left_ankle",), "both ankles": ("left_ankle", "right_ankle"), "the pelvis": ("pelvis",)}
"""The roles that are pinned at every frame."""
LEGS = (*KNEES, *ANKLES, *TOES)
PARTS = {
    "legs": LEGS,
    "left leg": (KNEES[0], ANKLES[0], TOES[0]),
    "right leg": (KNEES[1], ANKLES[1], TOES[1]),
    "all": tuple(range(BODY_JOINT_COUNT)),
    "trunk": (0, 1, 2, 3, 6, 9, 12, 13, 14, 15, 16, 17),
    "arms": (18, 19, 20, 21),
}
"""Joints whose errors are shown."""
CM = 100.0
SHORTEST = 4.0
"""Seconds of a clip at least; shorter ones are left out."""


def run(arguments: list[str]) -> int:
    """Solve each clip with and without pins, print a table."""
    parser = command_parser("simulate pins", __doc__)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS.npz", help="by default val and test")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip")
    parser.add_argument("--count", type=int, metavar="N", help="at most so many clips of each file")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of each clip at most, 10")
    parser.add_argument("--always", action="store_true", help="pin joints at every frame")
    options = parser.parse_args(arguments)
    networks = load_networks()
    paths = options.clips or [WORK / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
    for path in paths:
        clips = [clip for clip in load_clips(path) if len(clip) >= SHORTEST * FPS]
        clips = clips[:: options.every][: options.count]
        rows: dict[str, list[dict[str, float]]] = {}
        for number, clip in enumerate(clips, start=1):
            for name, row in errors(clip, round(options.seconds * FPS), networks, options.always).items():
                rows.setdefault(name, []).append(row)
            print("\n".join([f"{path.name}: {number} of {len(clips)} clips", *table(rows)]), flush=True)
    return 0


def errors(clip: Clip, count: int, networks: Networks, always: bool) -> dict[str, dict[str, float]]:
    """Errors of the first ``count`` frames in cm, before and after, by what is pinned, once a second or ``always``."""
    observation, (world, truth) = observe_truth(clip).first(count), (part[:count] for part in clip.world())
    plain = solve_pose(observation, clip.rest_joints, Options(), networks)
    if always:
        sets = {name: [true_path(truth, role) for role in roles] for name, roles in ALWAYS.items()}
    else:
        sets = {name: true_pins(truth, roles, world if turned else None) for name, (roles, turned) in SETS.items()}
    rows, before = {}, joints_of(plain, clip)
    for name, pins in sets.items():
        met = meet_pins(plain, observation, clip.rest_joints, pins)
        after = joints_of(met, clip)
        rows[name] = {
            "jitter before": mean_jerk(before),
            "jitter after": mean_jerk(after),
            "at pins": off_pins(after, pins),
        }
        for part, joints in PARTS.items():
            for when, found in (("before", before), ("after", after)):
                rows[name][f"{part} {when}"] = CM * float(np.linalg.norm((found - truth)[:, joints], axis=-1).mean())
    return rows


def true_pins(truth: np.ndarray, roles: tuple[str, ...], world: np.ndarray | None = None) -> list[Pin]:
    """Pins of the roles in turn, one a second, where ``truth`` (T, 22, 3) has their joints, turned as in ``world``
    (T, 22, 3, 3), if given."""
    frames = range(round(FPS / 2), len(truth), round(FPS))
    pins = []
    for number, frame in enumerate(frames):
        role = roles[number % len(roles)]
        x, y, z = truth[frame, PIN_JOINTS[role]].tolist()
        rotations = None
        if world is not None:
            rotations = (tuple(matrix_to_quaternion(world[frame, PIN_JOINTS[role]]).tolist()),)
        pins.append(Pin(role, (frame / FPS,), ((x, y, z),), rotations))
    return pins


def true_path(truth: np.ndarray, role: str) -> Pin:
    """A pin of the role at every frame, where ``truth`` (T, 22, 3) has its joint."""
    path = truth[:, PIN_JOINTS[role]].tolist()
    return Pin(role, tuple(frame / FPS for frame in range(len(path))), tuple((x, y, z) for x, y, z in path))


def off_pins(joints: np.ndarray, pins: list[Pin]) -> float:
    """The most in cm by which joints (T, 22, 3) are off their pins."""
    off = [
        joints[np.round(np.array(pin.seconds) * FPS).astype(int), PIN_JOINTS[pin.role]] - np.array(pin.positions)
        for pin in pins
    ]
    return CM * float(np.linalg.norm(np.concatenate(off), axis=-1).max())


def joints_of(solution: Solution, clip: Clip) -> np.ndarray:
    """Joints (T, 22, 3) of a solution, metres."""
    rest = torch.as_tensor(clip.rest_joints).double()
    rotations, translation = solution.rotations.cpu().double(), solution.translation.cpu().double()
    return forward_kinematics(rotations, translation, rest)[1].numpy()


def table(rows: dict[str, list[dict[str, float]]]) -> list[str]:
    """Lines of what was found, a line for each set of pins."""
    heads = "".join(f"{part:>22}" for part in PARTS)
    lines = [f"{'pinned':<22}{heads}{'worst':>17}{'jitter':>8}{'at pins':>9}"]
    for name, found in rows.items():
        mean = {key: float(np.mean([row[key] for row in found])) for key in found[0]}
        gained = {part: 100 * (mean[f"{part} after"] / mean[f"{part} before"] - 1) for part in PARTS}
        shown = [
            f"{mean[f'{part} before']:.2f} -> {mean[f'{part} after']:.2f} ({gained[part]:+.0f}%)" for part in PARTS
        ]
        worst = max(gained, key=lambda part: gained[part])
        jitter, off = mean["jitter after"] / mean["jitter before"], max(row["at pins"] for row in found)
        lines.append(
            f"{name:<22}{''.join(f'{text:>22}' for text in shown)}{f'{worst} {gained[worst]:+.1f}%':>17}"
            f"{jitter:>7.2f}x{off:>7.2f}cm"
        )
    return lines
