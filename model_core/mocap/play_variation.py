"""What players do and motion capture holds little of, added to training windows: other arms, planted weight shifts.

Arms of other motion, played faster, go onto any legs. The pelvis ducks, leans and sways over feet that stay where they
are: the legs follow by two-bone inverse kinematics. Nothing here makes the host wait for the device.
"""

import math
from dataclasses import dataclass

import torch

from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import axis_angle_to_matrix, normalize, rotation_about_y, transpose
from ..observation import FPS, heading
from .augmentation import Augmentation, Dice

ARMS = (13, 14, 16, 17, 18, 19, 20, 21)
"""Collars to wrists: the joints of ``swap_arms``."""
LEGS = ((1, 4, 7), (2, 5, 8))
"""Hip, knee and ankle of each side."""
NECK, HEAD = 12, 15
GREATEST_REACH = 0.999
"""Of a leg's length: a leg is never quite straight."""


@dataclass(frozen=True)
class PelvisMotion:
    """How far pelvises move over planted feet: ``drop`` (B, T), ``aside`` (B, T, 2) metres, ``pitch`` (B, T) radians.

    ``aside`` is along the person's left and along the front.
    """

    drop: torch.Tensor
    aside: torch.Tensor
    pitch: torch.Tensor


def swap_arms(local: torch.Tensor, arms: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Local rotations (B, T, 22, 3, 3) with the arms (B, T, 8, 3, 3) of other windows where ``chosen`` (B,)."""
    first = ARMS[0]
    ours = local[:, :, first:]
    # Joint 15, the head, lies between collars and shoulders and stays as it is.
    theirs = torch.cat([arms[:, :, :2], local[:, :, 15:16], arms[:, :, 2:]], 2)
    return torch.cat([local[:, :, :first], torch.where(chosen[:, None, None, None, None], theirs, ours)], 2)


def draw_pelvis_motion(
    draw: Dice, count: int, frames: int, leg_height: torch.Tensor, augmentation: Augmentation
) -> PelvisMotion:
    """A ``PelvisMotion`` of ``count`` windows: one duck each, somewhere in the window or beside it, and slow sways."""
    seconds = torch.arange(frames, device=draw.device) / FPS
    length = frames / FPS
    centre, width = draw.between(-0.5, 1.5, count) * length, draw.between(0.25, 1.0, count)
    during = torch.exp(-(((seconds - centre[:, None]) / width[:, None]) ** 4))
    ducks = draw.chance(augmentation.duck, count)
    drop = ducks * draw.between(0.05, 1.0, count) * augmentation.duck_fraction * leg_height
    pitch = ducks * draw.between(0.0, 1.0, count) * math.radians(augmentation.duck_degrees)
    sway = [_waves(draw, count, seconds, sigma) for sigma in augmentation.sway_metres]
    aside = torch.stack(sway, -1)
    # Legs that reach sideways are longer: the pelvis sinks by what keeps them from being stretched.
    sunk = (aside**2).sum(-1).sqrt() * 0.25
    return PelvisMotion(drop[:, None] * during + sunk, aside, pitch[:, None] * during)


def _waves(draw: Dice, count: int, seconds: torch.Tensor, sigma: float) -> torch.Tensor:
    """Displacements (count, T) in metres: slow sine waves about zero, of amplitude ``sigma``."""
    rate, phase = draw.between(0.15, 0.8, count, 1), draw.between(0.0, 2 * math.pi, count, 1)
    return draw.normal(sigma, count, 1) * torch.sin(2 * math.pi * rate * seconds + phase)


def move_pelvis(
    local: torch.Tensor,
    translation: torch.Tensor,
    rest_joints: torch.Tensor,
    moved: PelvisMotion,
    chosen: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local rotations and translation with pelvises moved over feet that stay, where ``chosen`` (B,).

    ``local`` (B, T, 22, 3, 3), ``translation`` (B, T, 3), ``rest_joints`` (B, 22, 3), ``moved`` a ``PelvisMotion``.
    A foot out of its leg's reach follows.
    """
    world, joints = forward_kinematics(local, translation, rest_joints[:, None])
    facing = rotation_about_y(heading(world[:, :, 0]))
    pitch = facing @ axis_angle_to_matrix(_along_x(moved.pitch)) @ transpose(facing)
    root = pitch @ world[:, :, 0]
    # Who bends forward takes the pelvis back, or would fall.
    forward = moved.aside[..., 1] - 0.3 * torch.sin(moved.pitch)
    shift = torch.stack([moved.aside[..., 0], -moved.drop, forward], -1)
    position = translation + (facing @ shift[..., None])[..., 0]
    turned = {0: root}
    for leg in LEGS:
        turned |= _bend_leg(leg, root, position, world, joints, rest_joints)
    upright = axis_angle_to_matrix(_along_x(-0.4 * moved.pitch))  # Neck and head look ahead.
    turned |= {joint: upright @ local[:, :, joint] for joint in (NECK, HEAD)}
    found = torch.stack([turned.get(joint, local[:, :, joint]) for joint in range(local.shape[2])], 2)
    chosen = chosen[:, None, None]
    return torch.where(chosen[..., None, None], found, local), torch.where(chosen, position, translation)


def _along_x(angle: torch.Tensor) -> torch.Tensor:
    return torch.stack([angle, torch.zeros_like(angle), torch.zeros_like(angle)], -1)


def _bend_leg(
    leg: tuple[int, int, int],
    root: torch.Tensor,
    position: torch.Tensor,
    world: torch.Tensor,
    joints: torch.Tensor,
    rest_joints: torch.Tensor,
) -> dict[int, torch.Tensor]:
    """Local rotations (dict joint -> (B, T, 3, 3)) that bring a leg's ankle to where it was, below a moved root.

    The knee bends about the thigh's own side axis (the law of cosines, exact for any bones); then the leg as a whole
    turns by the least angle. The foot keeps its orientation in the world.
    """
    hip, knee, ankle = leg
    below = root @ transpose(world[:, :, 0])
    thigh, shin = below @ world[:, :, hip], below @ world[:, :, knee]
    at_hip = position + (root @ (rest_joints[:, hip] - rest_joints[:, 0])[:, None, :, None])[..., 0]
    up = -(thigh @ (rest_joints[:, knee] - rest_joints[:, hip])[:, None, :, None])[..., 0]
    down = (shin @ (rest_joints[:, ankle] - rest_joints[:, knee])[:, None, :, None])[..., 0]
    target = joints[:, :, ankle] - at_hip
    reach = (up.norm(dim=-1) + down.norm(dim=-1)) * GREATEST_REACH
    distance = torch.minimum(target.norm(dim=-1), reach)
    bend = axis_angle_to_matrix(thigh[..., 0] * _knee_angle(thigh[..., 0], up, down, distance)[..., None])
    whole = rotation_between((bend @ down[..., None])[..., 0] - up, target)
    thigh, shin = whole @ thigh, whole @ bend @ shin
    return {
        hip: transpose(root) @ thigh,
        knee: transpose(thigh) @ shin,
        ankle: transpose(shin) @ world[:, :, ankle],
    }


def _knee_angle(axis: torch.Tensor, up: torch.Tensor, down: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
    """Angle (...) about ``axis`` by which to turn the shin ``down`` so that hip and ankle are ``distance`` apart.

    ``up`` (..., 3) leads from knee to hip, ``down`` (..., 3) from knee to ankle.
    """
    along = (up * axis).sum(-1) * (down * axis).sum(-1)
    cosine = (up * down).sum(-1) - along
    sine = (up * torch.linalg.cross(axis, down)).sum(-1)
    wanted = 0.5 * ((up * up).sum(-1) + (down * down).sum(-1) - distance * distance) - along
    size = torch.sqrt(cosine * cosine + sine * sine).clamp_min(1e-9)
    turn = torch.atan2(sine, cosine) - torch.acos((wanted / size).clamp(-1, 1))
    return torch.remainder(turn + math.pi, 2 * math.pi) - math.pi


def rotation_between(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Rotations (..., 3, 3) of least angle that turn vectors (..., 3) into the direction of others."""
    a, b = normalize(source), normalize(target)
    axis = torch.linalg.cross(a, b)
    sine = axis.norm(dim=-1, keepdim=True)
    angle = torch.atan2(sine, (a * b).sum(-1, keepdim=True))
    return axis_angle_to_matrix(axis * (angle / sine.clamp_min(1e-9)))
