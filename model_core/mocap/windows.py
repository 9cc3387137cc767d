"""Motion windows for training: drawn from clips, varied, and seen as a headset would see them. All on one device."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from ..body.foot_contacts import foot_rest_heights, stands
from ..body.proportions import body_size, proportions
from ..geometry.kinematics import forward_kinematics, mirror_motion
from ..geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    normalize,
    quaternion_to_matrix,
    rotation_about_y,
    transpose,
)
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, LEFT_WRIST, MIRRORED, RIGHT_WRIST, TRACKED_JOINTS
from ..observation import FPS, features, heading


@dataclass(frozen=True)
class Augmentation:
    """How training windows are varied; each share is a probability, each spread a standard deviation."""

    mirror: float = 0.5
    retime: float = 0.5
    slowest: float = 0.8
    fastest: float = 1.2
    stature_spread: float = 1.2
    shape_spread: float = 0.7
    wrist_degrees: tuple[float, float, float] = (4.0, 9.0, 16.0)
    head_degrees: float = 2.0
    head_metres: float = 0.006
    floor_metres: float = 0.012
    out_of_view: float = 0.12
    hand_lost: float = 0.15
    head_lost: float = 0.02
    view_degrees: float = 55.0


NO_AUGMENTATION = Augmentation(
    mirror=0.0, retime=0.0, stature_spread=0.0, shape_spread=0.0, wrist_degrees=(0.0, 0.0, 0.0), head_degrees=0.0,
    head_metres=0.0, floor_metres=0.0, out_of_view=0.0, hand_lost=0.0, head_lost=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class Windows:
    """A batch of true motion and its observation, in the model's frame and in metres.

    ``local`` (B, T, 22, 3, 3), ``world`` (B, T, 22, 3, 3), ``joints`` (B, T, 22, 3), ``rest_joints`` (B, 22, 3),
    ``standing`` (B, T, 4) for ``skeleton.FEET``; ``seen_rotations`` (B, T, 3, 3, 3), ``seen_positions`` (B, T, 3, 3)
    and ``seen_valid`` (B, T, 3) for ``skeleton.TRACKED_JOINTS``.
    """

    local: torch.Tensor
    world: torch.Tensor
    joints: torch.Tensor
    rest_joints: torch.Tensor
    standing: torch.Tensor
    seen_rotations: torch.Tensor
    seen_positions: torch.Tensor
    seen_valid: torch.Tensor

    @property
    def features(self):
        """The networks' view of the observation (B, T, ``observation.FEATURE_COUNT``)."""
        size = body_size(self.rest_joints)
        valid = self.seen_valid.float()
        return features(self.seen_rotations, self.seen_positions, valid, size, proportions(self.rest_joints, size))

    @property
    def canonical_root(self):
        """Global orient (B, T, 3, 3) turned by the heading of the observed head."""
        return transpose(rotation_about_y(heading(self.seen_rotations[:, :, 0]))) @ self.local[:, :, 0]


def shape_basis(body):
    """What one unit of each beta moves the rest joints by: (10, 22, 3) metres."""
    return body.joint_directions[:BODY_JOINT_COUNT].transpose(2, 0, 1)


class WindowSampler:
    """Draws windows of ``frames`` frames from clips, in proportion to their length."""

    def __init__(self, clips, frames, shape_basis, device="cpu"):
        """``clips`` a list of ``clips.Clips``; ``shape_basis`` (10, 22, 3): what one unit of each beta moves."""
        self.frames = frames
        poses = torch.from_numpy(np.concatenate([c.poses for c in clips])).to(device, torch.float32)
        self.quaternions = axis_angle_to_quaternion(poses.view(-1, BODY_JOINT_COUNT, 3))
        self.translation = torch.from_numpy(np.concatenate([c.translation for c in clips])).to(device, torch.float32)
        first_frames = np.cumsum([0] + [len(c.poses) for c in clips])
        starts = np.concatenate([c.starts + first for c, first in zip(clips, first_frames, strict=False)])
        lengths = np.diff(np.append(starts, first_frames[-1]))
        self.starts, self.lengths = torch.from_numpy(starts).to(device), torch.from_numpy(lengths).to(device)
        self.rest_joints = torch.from_numpy(clips[0].rest_joints[:BODY_JOINT_COUNT]).to(device, torch.float32)
        self.shape_basis = torch.from_numpy(shape_basis[:, :BODY_JOINT_COUNT]).to(device, torch.float32)
        self.device = device

    def sample(self, count, generator, augmentation):
        """Draw ``count`` windows (``Windows``)."""
        draw = _Dice(generator, self.device)
        local, translation = self._motion(count, draw, augmentation)
        rest_joints = self._bodies(count, draw, augmentation)
        translation = translation * (_leg_height(rest_joints) / _leg_height(self.rest_joints))[:, None, None]
        local = self._bend_wrists(local, draw, augmentation)
        world, joints = forward_kinematics(local, translation, rest_joints[:, None])
        rotations, positions = self._devices(world, joints, draw, augmentation)
        valid = self._dropouts(rotations, positions, draw, augmentation)
        rotations, positions = _bridge_lost_heads(rotations, positions, valid[:, :, 0])
        standing = self._standing(joints, rest_joints)
        return Windows(local, world, joints, rest_joints, standing, rotations, positions, valid)

    def _motion(self, count, draw, augmentation):
        clip = torch.multinomial(self.lengths.float(), count, replacement=True, generator=draw.generator)
        rate = torch.where(
            draw.chance(augmentation.retime, count),
            draw.between(augmentation.slowest, augmentation.fastest, count),
            torch.ones(count, device=self.device),
        )
        room = (self.lengths[clip] - 1 - rate * (self.frames - 1)).clamp_min(0)
        place = room * draw.between(0, 1, count)
        times = place[:, None] + rate[:, None] * torch.arange(self.frames, device=self.device)
        times = torch.minimum(times, (self.lengths[clip] - 1)[:, None].float())
        before = times.floor().long()
        after = torch.minimum(before + 1, (self.lengths[clip] - 1)[:, None])
        weight = (times - before)[..., None]
        before, after = self.starts[clip, None] + before, self.starts[clip, None] + after
        first, second = self.quaternions[before], self.quaternions[after]
        second = torch.where((first * second).sum(-1, keepdim=True) < 0, -second, second)
        local = quaternion_to_matrix(normalize(torch.lerp(first, second, weight[..., None])))
        translation = torch.lerp(self.translation[before], self.translation[after], weight)
        mirrored = mirror_motion(local, translation, MIRRORED)
        chosen = draw.chance(augmentation.mirror, count)
        local = torch.where(chosen[:, None, None, None, None], mirrored[0], local)
        return local, torch.where(chosen[:, None, None], mirrored[1], translation)

    def _bodies(self, count, draw, augmentation):
        betas = draw.normal(augmentation.shape_spread, count, len(self.shape_basis))
        betas[:, 0] = draw.normal(augmentation.stature_spread, count)
        return self.rest_joints + torch.einsum("bk,kjc->bjc", betas, self.shape_basis)

    def _bend_wrists(self, local, draw, augmentation):
        """Motion capture often has rigid wrists; a wrist that gives away its forearm is not what a headset shows."""
        spread = torch.tensor(augmentation.wrist_degrees, device=self.device) * (math.pi / 180)
        bend = axis_angle_to_matrix(draw.normal(1.0, len(local), 2, 3) * spread)[:, None]
        wrists = local[:, :, [LEFT_WRIST, RIGHT_WRIST]] @ bend
        return torch.cat([local[:, :, :LEFT_WRIST], wrists], 2)

    def _devices(self, world, joints, draw, augmentation):
        """What the calibrated trackers report: a head tilted and shifted a little, a floor known to a centimetre."""
        rotations, positions = world[:, :, TRACKED_JOINTS], joints[:, :, TRACKED_JOINTS]
        tilt = axis_angle_to_matrix(draw.normal(augmentation.head_degrees * math.pi / 180, len(world), 3))[:, None]
        rotations = torch.cat([(rotations[:, :, 0] @ tilt)[:, :, None], rotations[:, :, 1:]], 2)
        shift = torch.zeros(len(world), 1, 3, 3, device=self.device)
        shift[:, 0, 0] = draw.normal(augmentation.head_metres, len(world), 3)
        shift[:, 0, :, 1] += draw.normal(augmentation.floor_metres, len(world), 1)
        return rotations, positions + shift

    def _dropouts(self, rotations, positions, draw, augmentation):
        count, frames = rotations.shape[:2]
        towards = normalize(positions[:, :, 1:] - positions[:, :, :1])
        cosine = (towards * rotations[:, :, :1, :, 2]).sum(-1)
        inside_out = draw.chance(augmentation.out_of_view, count)[:, None, None]
        hands = ~(inside_out & (cosine < math.cos(math.radians(augmentation.view_degrees))))
        hands = hands & ~self._stretch(draw, draw.chance(augmentation.hand_lost, count, 2), frames)
        head = ~self._stretch(draw, draw.chance(augmentation.head_lost, count, 1), frames)
        return torch.cat([head, hands], -1)

    def _stretch(self, draw, affected, frames):
        """(B, T, n) true over one random stretch, of up to the whole window, where ``affected`` (B, n)."""
        ends = draw.between(-0.5, 1.5, *affected.shape, 2).sort(-1).values * frames
        time = torch.arange(frames, device=self.device)[None, :, None]
        return affected[:, None] & (time >= ends[:, None, :, 0]) & (time < ends[:, None, :, 1])

    def _standing(self, joints, rest_joints):
        feet = joints[:, :, FEET]
        moved = feet[:, 1:] - feet[:, :-1]
        speed = torch.cat([moved[:, :1], moved], 1).norm(dim=-1) * FPS
        return stands(feet[..., 1], speed, foot_rest_heights(rest_joints)[:, None])


def _bridge_lost_heads(rotations, positions, seen):
    """Carry a head that is not ``seen`` (B, T) along between the frames around the gap, as ``resample`` does.

    Observations are told relative to the head: one that was lost but stood where it truly was would tell of itself.
    """
    if seen.all():
        return rotations, positions
    count, frames = seen.shape
    time = torch.arange(frames, device=seen.device).expand(count, -1)
    before = torch.where(seen, time, -1).cummax(1).values
    after = torch.where(seen, time, frames).flip(1).cummin(1).values.flip(1)
    before, after = torch.where(before < 0, after, before), torch.where(after == frames, before, after)
    before, after = before.clamp(0, frames - 1), after.clamp(0, frames - 1)
    weight = ((time - before) / (after - before).clamp_min(1))[..., None]
    window = torch.arange(count, device=seen.device)[:, None]
    head = positions[:, :, 0]
    bridged = torch.lerp(head[window, before], head[window, after], weight)
    turn = matrix_to_quaternion(rotations[:, :, 0])
    first, second = turn[window, before], turn[window, after]
    second = torch.where((first * second).sum(-1, keepdim=True) < 0, -second, second)
    turned = quaternion_to_matrix(normalize(torch.lerp(first, second, weight)))
    known = seen[..., None, None]
    return (
        torch.cat([torch.where(known, rotations[:, :, 0], turned)[:, :, None], rotations[:, :, 1:]], 2),
        torch.cat([torch.where(known[..., 0], head, bridged)[:, :, None], positions[:, :, 1:]], 2),
    )


def _leg_height(rest_joints):
    return rest_joints[..., 0, 1] - rest_joints[..., 7, 1]


class _Dice:
    """Random tensors of one generator on one device."""

    def __init__(self, generator, device):
        self.generator, self.device = generator, device

    def between(self, low, high, *shape):
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, spread, *shape):
        return spread * torch.randn(*shape, generator=self.generator, device=self.device)

    def chance(self, probability, *shape):
        return torch.rand(*shape, generator=self.generator, device=self.device) < probability
