"""Calibration of a recording whose devices nobody knows: by a T-pose that is held in it, else fitted to its motion.

Of first guesses, which are all the presets, devices on the wrists, and wrists that are natural on average above
forearms that geometry suggests, the one is taken under which FLAG finds head and hands likeliest (``flag.offsets``). A
preset is kept as it is. From any other guess the devices are turned so that wrists are straight on the forearms that
SAGE predicts; then FLAG's likelihood is climbed, and what it finds is kept where frames that it has not seen become
likelier.
"""

from dataclasses import replace

import numpy as np
import torch

from ..calibration import (
    PRESETS,
    calibrate,
    calibrate_in_pose,
    find_t_pose,
    fit_each_hand,
    fit_to_forearms,
    is_known,
    preset_offsets,
)
from ..calibration.calibration import NO_OFFSET, Calibration, Offset, joint_pose
from ..refinement.device_offsets import Devices, fit_offsets, offsets_costs
from ..geometry.kinematics import forward_kinematics
from ..observation import FPS
from .observing import observe
from ..recordings.recording import Track
from ..recordings.resample import resample
from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from ..sage.inference import predict
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES

ELBOWS = (18, 19)
FITTED_SECONDS = 30.0
"""From the middle of a recording: longer ones tell hardly more of a constant."""
LIKELIHOOD_FRAMES = 96
"""Frames of them that FLAG looks at: every other one is fitted to, the rest judge the fit."""
GUESSING_STRIDE = 4
"""Of these frames, from one that first guesses are judged by to the next."""
PRESET_ADVANTAGE = 2.0
"""Nats a frame by which another guess must be likelier than a preset: people bend their wrists around controllers, and
in real recordings the presets are right more often than wrists are straight."""
LEAST_FRAMES = 60
"""With fewer frames in which head and a hand are seen nothing is fitted."""


def find_calibration(recording, body, networks, stature=None, floor=None, preset=None, progress=None):
    """The ``Calibration`` of a recording: by preset where its devices are known, else by T-pose, else fitted.

    ``stature``, ``floor`` and ``preset`` as in ``calibrate``; ``networks`` is a ``pipeline.Networks``, which is used
    only where offsets are fitted; ``progress(fraction)``. Its notes say what was done. Raises ``InputError``.
    """
    calibration = calibrate(recording, body, stature, floor, preset)
    if is_known(preset or recording.device):
        return calibration
    moment = find_t_pose(recording, body)
    if moment is None:
        return fit_unknown(recording, calibration, body, networks, progress)
    found = calibrate_in_pose(recording, body, moment, "t", stature, floor)
    return replace(found, notes=("the devices are unknown, but a T-pose is held", *found.notes))


def fit_unknown(recording, calibration, body, networks, progress=None, likelihood=True):
    """The calibration with hands' offsets fitted to the motion in the middle of the recording.

    Person, floor and head are left as they are. Without ``likelihood`` FLAG is not asked. Hands of which hardly
    anything is seen keep the offsets that they have.
    """
    report = progress or (lambda fraction: None)
    part = _middle(recording)
    hands = [role for role in ROLES[1:] if _seen(part, role).sum() >= LEAST_FRAMES]
    if not hands:
        note = "the devices are unknown, and too little is seen of them to fit how they sit: taken for grips"
        return replace(calibration, notes=(*calibration.notes, note))
    rest = body.rest_joints(np.asarray(calibration.betas, np.float32))
    joints = torch.as_tensor(rest[:BODY_JOINT_COUNT]).to(next(networks.sage.parameters()))
    devices = _devices(part, calibration, joints)
    guess, fitted = _first_guess(part, calibration, body, networks.flag, devices, joints)
    report(0.4)
    why = "the devices are unknown and nobody holds a T-pose"
    if guess in PRESETS:
        report(1.0)
        return replace(
            fitted, notes=(*calibration.notes, f"{why}: taken for preset '{guess}', the likeliest under FLAG")
        )
    prediction = predict(networks.sage, observe(part, fitted), rest)
    world, _ = forward_kinematics(prediction.rotations, prediction.translation, joints)
    fitted = fit_to_forearms(part, fitted, world[:, ELBOWS].cpu().numpy().astype(np.float64))
    report(0.7)
    steps = f"from {guess}: wrists straight on SAGE's forearms"
    if likelihood:
        found = fit_offsets(networks.flag, devices, joints, *_offsets(fitted, joints))
        steps += "; FLAG's likelihood gains nothing" if found is None else ", then by FLAG's likelihood"
        fitted = fitted if found is None else _with_offsets(fitted, hands, *found)
    report(1.0)
    named = "both hands' offsets" if len(hands) == 2 else f"the {hands[0].replace('_', ' ')}'s offset"
    note = f"{why}: {named} fitted to {part.duration:.0f} s of motion ({steps})"
    return replace(fitted, notes=(*calibration.notes, note))


def _seen(recording, role):
    """Where the head and the tracker ``role`` are seen, (N,) bool."""
    head = recording.tracks["head"].valid
    return recording.tracks[role].valid & head if role in recording.tracks else np.zeros_like(head)


def _first_guess(recording, calibration, body, flag, devices, joints):
    """The name of the likeliest first guess, and the calibration with it."""
    size = float(body.size(calibration.betas))
    guesses = {name: _with_hands(calibration, preset_offsets(name, size)) for name in PRESETS}
    guesses["devices on the wrists"] = _with_hands(calibration, preset_offsets("joints"))
    guesses["natural wrists"] = fit_each_hand(recording, calibration, body)
    turns, places = zip(*(_offsets(guess, joints) for guess in guesses.values()), strict=True)
    some = devices.take(slice(0, None, GUESSING_STRIDE))
    costs = offsets_costs(flag, some, joints, torch.stack(turns), torch.stack(places))
    costs = {name: float(cost) for name, cost in zip(guesses, costs, strict=True)}
    best = min(costs, key=lambda name: costs[name] - PRESET_ADVANTAGE * (name in PRESETS))
    return best, guesses[best]


def _with_hands(calibration, offsets):
    """The calibration with other offsets of the hands."""
    return replace(calibration, offsets={**calibration.offsets, **offsets})


def _middle(recording):
    """At most ``FITTED_SECONDS`` from the recording's middle, at 60 Hz."""
    first = recording.time[0] + max(0.0, recording.duration - FITTED_SECONDS) / 2
    count = int(min(recording.duration, FITTED_SECONDS) * FPS) + 1
    return resample(recording, FPS, first, max(count, 2))


def _devices(recording, calibration, like):
    """``flag.offsets.Devices`` of frames, spread over the recording, in which head and a hand are seen."""
    bare = Calibration(calibration.betas, calibration.floor, {"head": calibration.offsets["head"]})
    valid = np.stack([_seen(recording, role) for role in ROLES[1:]], 1)
    frames = np.flatnonzero(valid.any(1))
    frames = frames[np.unique(np.linspace(0, len(frames) - 1, LIKELIHOOD_FRAMES).astype(int))]
    poses = []
    for role in ROLES:
        track = recording.tracks.get(role, recording.tracks["head"])
        some = Track(track.position[frames], track.rotation[frames], track.valid[frames])
        turns, places = joint_pose(some, bare, role)
        poses.append((quaternion_to_matrix(turns), places))
    turns, places = (torch.as_tensor(np.stack(values, 1)).to(like) for values in zip(*poses, strict=True))
    return Devices(turns[:, 0], places[:, 0], turns[:, 1:], places[:, 1:], torch.as_tensor(valid[frames]).to(like))


def _offsets(calibration, like):
    """The hands' offsets as tensors: rotations (2, 3, 3) and places (2, 3)."""
    given = [calibration.offsets.get(role, NO_OFFSET) for role in ROLES[1:]]
    turns = np.stack([quaternion_to_matrix(offset.rotation) for offset in given])
    return torch.as_tensor(turns).to(like), torch.as_tensor(np.stack([offset.position for offset in given])).to(like)


def _with_offsets(calibration, hands, turns, places):
    """The calibration with these offsets, rotations (2, 3, 3) and places (2, 3), of the ``hands`` that are seen."""
    turns, places = turns.cpu().double().numpy(), places.cpu().double().numpy()
    found = {
        role: Offset(matrix_to_quaternion(turns[side]), places[side])
        for side, role in enumerate(ROLES[1:])
        if role in hands
    }
    return _with_hands(calibration, found)
