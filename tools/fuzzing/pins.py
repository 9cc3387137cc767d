"""Random pins, also such as nobody can meet: the body stays a body, or the pins are refused in one line."""

from collections import Counter

import numpy as np

from ...model_core.body import load_body
from ...model_core.errors import InputError
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import axis_angle_to_quaternion, matrix_to_axis_angle
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, HEAD, KNEES
from ...model_core.observation import FPS, Observation
from ...model_core.pins import PIN_JOINTS, Pin, validate_pins
from ...model_core.pipeline import Options, calibrate, load_networks, model_frame, observe, solve_pose
from ...model_core.pipeline.pins import held_joints, missed_notes
from ...model_core.refinement.initial_motion import Unrefined
from ...model_core.refinement.pinning.bring import bring_to_pins
from ..support.made_up_walk import walk_recording
from .other_inputs import REFUSED, TAKEN

MOST_PINS, FRAMES = 4, 150
"""Pins of a set at most, and frames of the motion."""
FARTHEST_HEAD = 0.05
"""Metres by which a head may leave its tracker for pins that nobody can meet."""
FARTHEST_BACK = -0.35
"""Radians by which a knee may be bent; straight is 0."""
FASTEST = 0.26
"""Metres by which no joint moves in one frame, 15 m/s, unless it did so before."""


def random_pins(rng: np.random.Generator, joints: np.ndarray) -> tuple[Pin, ...]:
    """Pins of joints near where a motion (T, 22, 3) has them, some far away, turned anyhow or after its end."""
    pins = []
    for role in rng.choice(list(PIN_JOINTS), rng.integers(1, MOST_PINS + 1)):
        frames = np.unique(rng.integers(0, len(joints), rng.integers(1, 4)))
        far = rng.choice([0.03, 0.2, 2.0, 100.0], p=[0.4, 0.3, 0.25, 0.05])
        positions = joints[frames, PIN_JOINTS[role]] + rng.normal(0, far, 3)
        turned = axis_angle_to_quaternion(rng.normal(0, 1.5, (len(frames), 3)))
        late = 1000.0 if rng.random() < 0.03 else 0.0
        pins.append(
            Pin(
                str(role),
                tuple((frames / FPS + late).tolist()),
                tuple(map(tuple, positions.tolist())),
                tuple(map(tuple, turned.tolist())) if rng.random() < 0.3 else None,
                bool(rng.random() < 0.3),
                bool(rng.random() < 0.7),
                float(rng.uniform(0.1, 1.0)),
            )
        )
    return tuple(pins)


def outcome_of(observation: Observation, motion: Unrefined, rest_joints: np.ndarray, pins: tuple[Pin, ...]) -> str:
    """``TAKEN`` where the pins leave a whole body, ``REFUSED`` where they are refused, else what is wrong."""
    begun = forward_kinematics(motion.rotations, motion.translation, motion.translation.new_tensor(rest_joints))[1]
    try:
        held = held_joints(validate_pins(pins), np.zeros(3), begun)
    except InputError as error:
        return REFUSED if str(error).isprintable() else f"message is not a line: {str(error)!r}"
    found = bring_to_pins(motion, rest_joints, held)
    missed_notes(held, found.rotations, found.translation, rest_joints)
    rest = motion.translation.new_tensor(rest_joints).double()
    joints, before = (
        forward_kinematics(body.rotations.double(), body.translation.double(), rest)[1].cpu().numpy()
        for body in (found, motion)
    )
    if not np.isfinite(joints).all():
        return "the body is not finite"
    off = np.linalg.norm(joints[:, HEAD] - observation.positions[:, 0], axis=-1).max()
    if off > FARTHEST_HEAD:
        return f"the head is {100 * off:.0f} cm from its tracker"
    bent = float((matrix_to_axis_angle(found.rotations[:, list(KNEES)])[..., 0]).min())
    if bent < FARTHEST_BACK:
        return f"a knee is bent backwards by {-np.degrees(bent):.0f} degrees"
    steps, usual = (np.linalg.norm(np.diff(positions, axis=0), axis=-1) for positions in (joints, before))
    jumps = steps[steps > np.maximum(usual, FASTEST)]
    return f"a joint jumps by {100 * jumps.max():.0f} cm in one frame" if len(jumps) else TAKEN


def fuzz_pins(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` sets of random pins on a motion that the networks find."""
    body = load_body()
    placed = model_frame(walk_recording(body, np.zeros(10)))
    networks, options = load_networks("cpu"), Options(body=body)
    calibration = calibrate(placed, options, networks)
    observation = observe(placed, calibration).first(FRAMES)
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))[:BODY_JOINT_COUNT]
    found = solve_pose(observation, rest, options, networks)
    motion = Unrefined(found.rotations, found.translation, found.contacts)
    joints = forward_kinematics(found.rotations, found.translation, found.translation.new_tensor(rest))[1].cpu().numpy()
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        pins = random_pins(np.random.default_rng(number), joints)
        try:
            outcome = outcome_of(observation, motion, rest, pins)
        except Exception as error:
            outcome = f"{type(error).__name__}: {str(error)[:200]}"
        outcomes[outcome if outcome in (TAKEN, REFUSED) else f"seed {number}: {outcome}"] += 1
    return outcomes
