"""Hands' offsets of devices that are known: a preset is where the fit begins, the recording decides.

SAGE predicts bodies for some of the recording, with the devices held as the preset says; under human wrists the offsets
become likeliest on the arms of these bodies (``refinement.hand_offsets``). With the offsets so found SAGE predicts once
more, for hands that are turned wrongly lead elbows astray, and the fit is repeated.
"""

from dataclasses import replace

import numpy as np
import torch

from ..body import Body
from ..calibration import Calibration, Offset, hand_prior
from ..calibration.calibration import joint_pose
from ..calibration.presets import MIRROR
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import geodesic_angle, matrix_to_quaternion, quaternion_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES
from ..notes import Note
from ..observation import FPS
from ..progress import Progress
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.resample import resample
from ..refinement.closed_form.arms import ARMS, HINGES
from ..refinement.hand_offsets import Arms, HeldDevices, fit_hand_offsets
from ..sage.ensemble import members_of
from ..sage.inference import Prediction, predict
from ..side_by_side import side_by_side
from .networks import Networks
from .observe import observe, seen_with_head

STRETCHES, STRETCH_SECONDS = 4, 10.0
"""So many stretches of such a length are looked at, spread over the recording: more change the offsets hardly."""
STRIDE = 10
"""Frames from one that is fitted to to the next."""
LEAST_FRAMES = 20
"""Of these, with head and hand seen, below which a hand says nothing."""
PARTS = (2, 1)
"""One stretch in so many is looked at in the first round, which finds where the second begins, and in that."""
STAGE = "calibrating"


def fit_hands(
    recording: ModelFrameRecording,
    calibration: Calibration,
    preset: str,
    body: Body,
    networks: Networks,
    progress: Progress | None = None,
) -> Calibration:
    """The calibration with the hands' offsets fitted to the recording; ``preset`` is a name of ``PRESETS``.

    Person, floor and head are left as they are. A hand of which hardly anything is seen has the other's offset,
    mirrored; where neither is seen nothing changes.
    """
    report = progress or (lambda fraction, stage: None)
    size, prior = float(body.size(calibration.betas)), hand_prior(preset)
    stretches, fitted, held = _stretches(recording), calibration, None
    for number, part in enumerate(PARTS):
        arms = _arms(stretches[::part], fitted, body, networks)
        if all(arm is None for arm in arms):
            if part > 1:
                continue
            return replace(calibration, notes=(*calibration.notes, Note("hands_hardly_seen", {"preset": preset})))
        held = fit_hand_offsets(arms, prior, size, recording.duration, held)
        fitted = replace(calibration, offsets={**calibration.offsets, **_offsets(held)})
        report((number + 1) / len(PARTS), STAGE)
    assert held is not None
    return replace(fitted, notes=(*calibration.notes, _note(held, prior.rotation, prior.from_palm)))


def _note(held: HeldDevices, rotation: np.ndarray, from_palm: np.ndarray) -> Note:
    """By how much the mean of both hands differs from what the preset says."""
    found = held.rotations.double().cpu().numpy()
    turned = float(np.degrees(np.mean([geodesic_angle(rotation, rotation_of_hand) for rotation_of_hand in found])))
    moved = 100 * float(np.linalg.norm(held.from_palm.mean(0).cpu().double().numpy() - from_palm))
    return Note("hands_fitted", {"degrees": turned, "cm": moved})


def _offsets(held: HeldDevices) -> dict[str, Offset]:
    """The hands' offsets by role; those of the right hand are mirrored back."""
    rotations, positions = held.rotations.double().cpu().numpy(), held.positions.double().cpu().numpy()
    left = Offset(matrix_to_quaternion(rotations[0]), positions[0])
    right = Offset(matrix_to_quaternion(MIRROR @ rotations[1] @ MIRROR), MIRROR @ positions[1])
    return {"left_hand": left, "right_hand": right}


def _stretches(recording: ModelFrameRecording) -> list[ModelFrameRecording]:
    """Stretches at 60 Hz, spread over the recording, that show a hand; all of it where it is short."""
    if recording.duration <= STRETCHES * STRETCH_SECONDS:
        stretches = [resample(recording, FPS)]
    else:
        begins = np.linspace(0, recording.duration - STRETCH_SECONDS, STRETCHES)
        count = int(STRETCH_SECONDS * FPS)
        stretches = [resample(recording, FPS, float(recording.time[0] + begin), count) for begin in begins]
    return [stretch for stretch in stretches if any(seen_with_head(stretch, role).any() for role in ROLES[1:])]


def _arms(
    stretches: list[ModelFrameRecording], calibration: Calibration, body: Body, networks: Networks
) -> list[Arms | None]:
    """The arms that SAGE predicts, left and mirrored right; None of a hand that is hardly seen."""
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))
    joints = torch.as_tensor(rest[:BODY_JOINT_COUNT]).to(next(networks.sage.parameters()))
    parts: list[list[list[torch.Tensor]]] = [[], []]
    first = members_of(networks.sage)[0]

    def predicted(stretch: ModelFrameRecording) -> Prediction:
        return predict(first, observe(stretch, calibration), rest)

    for stretch, prediction in zip(stretches, side_by_side(predicted, stretches, joints.device), strict=True):
        world, positions = forward_kinematics(prediction.rotations, prediction.translation, joints)
        for side, role in enumerate(ROLES[1:]):
            frames = np.flatnonzero(seen_with_head(stretch, role))[::STRIDE]
            if len(frames):
                parts[side].append(_side(stretch, role, side, frames, world, positions, calibration.floor))
    return [_together(part, side, joints) for side, part in enumerate(parts)]


def _side(
    recording: ModelFrameRecording,
    role: str,
    side: int,
    frames: np.ndarray,
    world: torch.Tensor,
    positions: torch.Tensor,
    floor: float,
) -> list[torch.Tensor]:
    """Shoulders, elbows, wrists, hinges, device positions and rotations of some frames, mirrored to the left."""
    _, shoulder, elbow, wrist = ARMS[side]
    bare = Calibration(np.zeros(10), floor, {})
    quaternions, devices = joint_pose(recording.tracks[role].at(frames), bare, role)
    turned = torch.as_tensor(quaternion_to_matrix(quaternions)).to(world)
    hinges = world[frames, shoulder] @ world.new_tensor(HINGES[side])
    joints_of_arm = [positions[frames, joint] for joint in (shoulder, elbow, wrist)]
    vectors = [*joints_of_arm, hinges, torch.as_tensor(devices).to(world)]
    if side == 1:
        mirror = torch.as_tensor(MIRROR).to(world)
        vectors, turned = [vector @ mirror for vector in vectors], mirror @ turned @ mirror
        vectors[3] = -vectors[3]  # A hinge is an axis of rotation.
    return [part.clone() for part in (*vectors, turned)]


def _together(parts: list[list[torch.Tensor]], side: int, joints: torch.Tensor) -> Arms | None:
    """``Arms`` of the frames of all stretches, None where they are too few."""
    if sum(len(part[0]) for part in parts) < LEAST_FRAMES:
        return None
    _, shoulder, elbow, wrist = ARMS[side]
    shoulders, elbows, wrists, hinges, positions, rotations = (torch.cat(values) for values in zip(*parts, strict=True))
    upper, fore = (
        (joints[end] - joints[start]).norm().expand(len(positions), 1)
        for start, end in ((shoulder, elbow), (elbow, wrist))
    )
    return Arms(shoulders, elbows, wrists, hinges, positions, rotations, upper, fore)
