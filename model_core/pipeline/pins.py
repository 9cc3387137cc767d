"""From pins as somebody gives them to what refinement takes of them, and what there is to say of those it missed."""

from collections.abc import Sequence

import numpy as np
import torch

from ..errors import InputError
from ..geometry.rotations import quaternion_to_matrix
from ..notes import Note
from ..observation import FPS
from ..pins import PIN_JOINTS, Pin
from ..refinement.pinning.held_joints import HeldJoint, out_of_reach

MISSED = 0.01
"""Metres by which a joint is off its hard pin from which that is said."""


def held_joints(pins: Sequence[Pin], origin: np.ndarray, joints: torch.Tensor) -> list[HeldJoint]:
    """The pins on the frames of a motion with ``joints`` (T, 22, 3), by joint; where two pin a joint at a frame, the
    later one counts.

    ``origin`` (3,) or (T, 3) is what brings the joints to the room, where pins are. Raises ``InputError`` of pins
    outside the motion.
    """
    places = joints.cpu().double().numpy()
    origins = np.broadcast_to(origin, (len(places), 3))
    found: dict[int, dict[int, tuple[np.ndarray, np.ndarray | None, bool, int]]] = {}
    for pin in pins:
        joint = PIN_JOINTS[pin.role]
        for frame, position, rotation in _samples(pin, places[:, joint] + origins):
            sample = position - origins[frame], rotation, pin.hard, max(1, round(pin.reach * FPS))
            found.setdefault(joint, {})[frame] = sample
    return [_held(joint, samples, joints) for joint, samples in sorted(found.items())]


def missed_notes(
    pins: Sequence[HeldJoint], rotations: torch.Tensor, translation: torch.Tensor, rest_joints: np.ndarray
) -> tuple[Note, ...]:
    """What to say of hard pins that a motion does not meet: where it is farthest off, a note a joint."""
    notes, roles = [], {joint: role for role, joint in PIN_JOINTS.items()}
    for held in pins:
        off = out_of_reach(rotations, translation, torch.as_tensor(rest_joints), held) * held.hard
        worst = int(off.argmax())
        if float(off[worst]) > MISSED:
            values = {"role": roles[held.joint].replace("_", " "), "cm": 100 * float(off[worst]),
                      "second": float(held.frames[worst]) / FPS}  # fmt: skip
            notes.append(Note("pin_out_of_reach", values))
    return tuple(notes)


def _samples(pin: Pin, path: np.ndarray) -> list[tuple[int, np.ndarray, np.ndarray | None]]:
    """Frame, place in the room and rotation of each moment of a pin, whose joint goes on a ``path`` (T, 3) there.

    A moment lies between two frames: at the nearer one the joint is to be as far ahead or behind as on its path. Raises
    ``InputError``.
    """
    seconds, positions = np.array(pin.seconds, np.float64), np.array(pin.positions, np.float64)
    count, last = len(path), (len(path) - 1) / FPS
    outside = seconds[seconds > last + 0.5 / FPS]
    if len(outside):
        raise InputError(f"the pin of the {pin.role.replace('_', ' ')} at {outside[0]:.2f} s is outside the motion; "
                         f"expected a second between 0 and {last:.2f}")  # fmt: skip
    frames, moments = np.minimum(np.round(seconds * FPS).astype(int), count - 1), seconds * FPS
    if pin.between:
        frames = np.arange(frames[0], frames[-1] + 1)
        moments = np.clip(frames, *moments[[0, -1]])
        positions = _between(moments / FPS, seconds, positions)
    positions = positions + path[frames] - _between(moments, np.arange(count), path)
    rotations = [None] * len(frames) if pin.rotations is None else _rotations(pin.rotations, seconds, frames)
    return list(zip(frames.tolist(), positions, rotations, strict=True))


def _between(where: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (n, 3) at ``where`` (n,), on the straight way from each of those that are ``known`` (m,) to the next."""
    return np.stack([np.interp(where, known, column) for column in values.T], 1)


def _rotations(
    rotations: tuple[tuple[float, float, float, float], ...], seconds: np.ndarray, frames: np.ndarray
) -> list[np.ndarray]:
    """World rotations (3, 3) at frames, on the shortest way from one to the next."""
    quaternions = np.array(rotations, np.float64)
    for index in range(1, len(quaternions)):
        if quaternions[index] @ quaternions[index - 1] < 0:
            quaternions[index] = -quaternions[index]
    between = np.stack([np.interp(frames / FPS, seconds, quaternions[:, part]) for part in range(4)], 1)
    between /= np.linalg.norm(between, axis=1, keepdims=True).clip(1e-6)
    return list(quaternion_to_matrix(between))


def _held(
    joint: int, samples: dict[int, tuple[np.ndarray, np.ndarray | None, bool, int]], like: torch.Tensor
) -> HeldJoint:
    frames = sorted(samples)
    positions, rotations, hard, reach = zip(*(samples[frame] for frame in frames), strict=True)
    turned = torch.tensor([rotation is not None for rotation in rotations], device=like.device)
    matrices = np.stack([np.eye(3) if rotation is None else rotation for rotation in rotations])
    return HeldJoint(
        joint, np.array(frames), torch.as_tensor(np.stack(positions)).to(like), torch.as_tensor(matrices).to(like),
        turned, torch.tensor(hard, device=like.device), np.array(reach),
    )  # fmt: skip
