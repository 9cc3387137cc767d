"""Hands' offsets of devices that nobody knows, fitted to their motion.

Of first guesses, which are all the presets, devices on the wrists, and wrists that are natural on average above
forearms that geometry suggests, the one is taken under which FLAG finds head and hands likeliest
(``refinement.device_offsets``). A preset is kept as it is. From any other guess the devices are turned so that wrists
are straight on the forearms that SAGE predicts; then FLAG's likelihood is maximized, and what that finds is kept where
frames that it has not seen become likelier.
"""

from dataclasses import replace

import numpy as np
import torch

from ..body import Body
from ..calibration import PRESETS, Calibration, Offset, fit_each_hand, fit_to_forearms, preset_offsets
from ..calibration.calibration import NO_OFFSET, joint_pose
from ..flag.model import Flag
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES
from ..notes import Note
from ..observation import FPS
from ..progress import Progress
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.resample import resample
from ..refinement.device_offsets import Devices, fit_offsets, offset_costs
from ..sage.inference import predict
from .networks import Networks
from .observe import observe, seen_with_head

ELBOWS = (18, 19)
FITTED_SECONDS = 30.0
"""From the middle of a recording: longer ones say hardly more of a constant."""
LIKELIHOOD_FRAMES = 96
"""Frames of them that FLAG looks at: every other one is fitted to, the rest judge the fit."""
GUESSING_STRIDE = 4
"""Of these frames, from one that first guesses are judged by to the next."""
PRESET_ADVANTAGE = 2.0
"""Nats a frame by which another guess must be likelier than a preset: people bend their wrists around controllers, and
in real recordings the presets are right more often than wrists are straight."""
STAGE = "calibrating"
LEAST_FRAMES = 60
"""With fewer frames in which head and a hand are seen nothing is fitted."""
OTHER_GUESSES = ("devices_on_wrists", "natural_wrists")
"""First guesses beside the presets, by the codes of their notes."""


def fit_unknown(
    recording: ModelFrameRecording,
    calibration: Calibration,
    body: Body,
    networks: Networks,
    progress: Progress | None = None,
    likelihood: bool = True,
) -> Calibration:
    """The calibration with hands' offsets fitted to the motion in the middle of the recording.

    Person, floor and head are left as they are. Without ``likelihood`` FLAG is not asked. Hands of which hardly
    anything is seen keep the offsets that they have.
    """
    report = progress or (lambda fraction, stage: None)
    part = _middle(recording)
    hands = [role for role in ROLES[1:] if seen_with_head(part, role).sum() >= LEAST_FRAMES]
    if not hands:
        return replace(calibration, notes=(*calibration.notes, Note("unknown_device_hardly_seen")))
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))
    joints = torch.as_tensor(rest[:BODY_JOINT_COUNT]).to(next(networks.sage.parameters()))
    devices = _devices(part, calibration, joints)
    guess, fitted = _first_guess(part, calibration, body, networks.flag, devices, joints)
    report(0.4, STAGE)
    if guess in PRESETS:
        report(1.0, STAGE)
        return replace(fitted, notes=(*calibration.notes, Note("unknown_device_preset", {"preset": guess})))
    prediction = predict(networks.sage, observe(part, fitted), rest)
    world, _ = forward_kinematics(prediction.rotations, prediction.translation, joints)
    fitted = fit_to_forearms(part, fitted, world[:, ELBOWS].cpu().numpy().astype(np.float64))
    report(0.7, STAGE)
    how = Note(guess)
    if likelihood:
        found = fit_offsets(networks.flag, devices, joints, *_offsets(fitted, joints))
        how = Note("likelihood_gains_nothing" if found is None else "fitted_by_likelihood", {"start": how})
        fitted = fitted if found is None else _with_offsets(fitted, hands, *found)
    report(1.0, STAGE)
    fitted_hands = Note("both_hands_offsets" if len(hands) == 2 else f"{hands[0]}_offset")
    values = {"hands": fitted_hands, "seconds": part.duration, "start": how}
    return replace(fitted, notes=(*calibration.notes, Note("unknown_device_fitted", values)))


def _first_guess(
    recording: ModelFrameRecording,
    calibration: Calibration,
    body: Body,
    flag: Flag,
    devices: Devices,
    joints: torch.Tensor,
) -> tuple[str, Calibration]:
    """The name of the likeliest first guess, and the calibration with it."""
    size = float(body.size(calibration.betas))
    guesses = {name: _with_hands(calibration, preset_offsets(name, size)) for name in PRESETS}
    guesses["devices_on_wrists"] = _with_hands(calibration, preset_offsets("joints"))
    guesses["natural_wrists"] = fit_each_hand(recording, calibration, body)
    rotations, positions = zip(*(_offsets(guess, joints) for guess in guesses.values()), strict=True)
    some = devices.take(slice(0, None, GUESSING_STRIDE))
    costs = offset_costs(flag, some, joints, torch.stack(rotations), torch.stack(positions))
    handicapped = {
        name: float(cost) - PRESET_ADVANTAGE * (name in PRESETS) for name, cost in zip(guesses, costs, strict=True)
    }
    best = min(handicapped, key=lambda name: handicapped[name])
    return best, guesses[best]


def _with_hands(calibration: Calibration, offsets: dict[str, Offset]) -> Calibration:
    """The calibration with other offsets of the hands."""
    return replace(calibration, offsets={**calibration.offsets, **offsets})


def _middle(recording: ModelFrameRecording) -> ModelFrameRecording:
    """At most ``FITTED_SECONDS`` from the recording's middle, at 60 Hz."""
    first = float(recording.time[0]) + max(0.0, recording.duration - FITTED_SECONDS) / 2
    count = int(min(recording.duration, FITTED_SECONDS) * FPS) + 1
    return resample(recording, FPS, first, max(count, 2))


def _devices(recording: ModelFrameRecording, calibration: Calibration, like: torch.Tensor) -> Devices:
    """``Devices`` of frames, spread over the recording, in which head and a hand are seen."""
    bare = Calibration(calibration.betas, calibration.floor, {"head": calibration.offsets["head"]})
    valid = np.stack([seen_with_head(recording, role) for role in ROLES[1:]], 1)
    frames = np.flatnonzero(valid.any(1))
    frames = frames[np.unique(np.linspace(0, len(frames) - 1, LIKELIHOOD_FRAMES).astype(int))]
    poses = []
    for role in ROLES:
        track = recording.tracks.get(role, recording.tracks["head"]).at(frames)
        quaternions, positions = joint_pose(track, bare, role)
        poses.append((quaternion_to_matrix(quaternions), positions))
    rotations, positions = (torch.as_tensor(np.stack(values, 1)).to(like) for values in zip(*poses, strict=True))
    seen = torch.as_tensor(valid[frames]).to(like)
    return Devices(rotations[:, 0], positions[:, 0], rotations[:, 1:], positions[:, 1:], seen)


def _offsets(calibration: Calibration, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The hands' offsets as tensors: rotations (2, 3, 3) and positions (2, 3)."""
    given = [calibration.offsets.get(role, NO_OFFSET) for role in ROLES[1:]]
    rotations = np.stack([quaternion_to_matrix(offset.rotation) for offset in given])
    positions = np.stack([offset.position for offset in given])
    return torch.as_tensor(rotations).to(like), torch.as_tensor(positions).to(like)


def _with_offsets(
    calibration: Calibration, hands: list[str], rotations: torch.Tensor, positions: torch.Tensor
) -> Calibration:
    """The calibration with these offsets, rotations (2, 3, 3) and positions (2, 3), of the ``hands`` that are seen."""
    quaternions = matrix_to_quaternion(rotations.cpu().double().numpy())
    metres = positions.cpu().double().numpy()
    found = {role: Offset(quaternions[side], metres[side]) for side, role in enumerate(ROLES[1:]) if role in hands}
    return _with_hands(calibration, found)
