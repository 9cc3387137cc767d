"""Motion windows for training: drawn from clips, varied, and seen as a headset would see them. All on one device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..body import Body
from ..body.foot_contacts import foot_rest_heights, in_contact
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
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, LEFT_WRIST, MIRRORED, TRACKED_JOINTS
from ..observation import FPS, features, heading
from .augmentation import Augmentation, Dice
from .clips import Clips
from .play_variation import ARMS, draw_pelvis_motion, move_pelvis, swap_arms


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
    def features(self) -> torch.Tensor:
        """The networks' view of the observation (B, T, ``observation.FEATURE_COUNT``)."""
        size = body_size(self.rest_joints)
        valid = self.seen_valid.float()
        return features(self.seen_rotations, self.seen_positions, valid, size, proportions(self.rest_joints, size))

    @property
    def canonical_root(self) -> torch.Tensor:
        """Global orient (B, T, 3, 3) turned by the heading of the observed head."""
        return transpose(rotation_about_y(heading(self.seen_rotations[:, :, 0]))) @ self.local[:, :, 0]


def shape_basis(body: Body) -> np.ndarray:
    """What one unit of each beta moves the rest joints by: (10, 22, 3) metres."""
    return body.joint_directions[:BODY_JOINT_COUNT].transpose(2, 0, 1)


class WindowSampler:
    """Draws windows of ``frames`` frames from clips, in proportion to their length (and ``weights``).

    Everything lies on the device, and nothing that is drawn is waited for: a GPU can record ``sample`` as a graph.
    """

    def __init__(
        self,
        clips: Sequence[Clips],
        frames: int,
        shape_basis: np.ndarray,
        device: torch.device | str = "cpu",
        weights: np.ndarray | None = None,
    ) -> None:
        """``shape_basis`` (10, 22, 3): what one unit of each beta moves; ``weights`` (C,) multiply clips' lengths."""
        self.frames = frames
        poses = torch.from_numpy(np.concatenate([c.poses for c in clips])).to(device, torch.float32)
        self.quaternions = axis_angle_to_quaternion(poses.view(-1, BODY_JOINT_COUNT, 3))
        self.arm_quaternions = self.quaternions[:, list(ARMS)].contiguous()
        self.translation = torch.from_numpy(np.concatenate([c.translation for c in clips])).to(device, torch.float32)
        first_frames = np.cumsum([0] + [len(c.poses) for c in clips])
        starts = np.concatenate([c.starts + first for c, first in zip(clips, first_frames, strict=False)])
        lengths = np.diff(np.append(starts, first_frames[-1]))
        self.starts, self.lengths = torch.from_numpy(starts).to(device), torch.from_numpy(lengths).to(device)
        often = lengths if weights is None else lengths * weights
        self.cumulative_fractions = torch.from_numpy(np.cumsum(often) / often.sum()).to(device, torch.float32)
        self.rest_joints = torch.from_numpy(clips[0].rest_joints[:BODY_JOINT_COUNT]).to(device, torch.float32)
        self.shape_basis = torch.from_numpy(shape_basis[:, :BODY_JOINT_COUNT]).to(device, torch.float32)
        self.device = device

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator, augmentation: Augmentation) -> Windows:
        """Draw ``count`` windows (``Windows``)."""
        draw = Dice(generator, self.device)
        local, translation = self._motion(count, draw, augmentation)
        rest_joints = self._bodies(count, draw, augmentation)
        translation = translation * (_leg_height(rest_joints) / _leg_height(self.rest_joints))[:, None, None]
        local = self._bend_wrists(local, draw, augmentation)
        if augmentation.moved_pelvis:
            moved = draw_pelvis_motion(draw, count, self.frames, _leg_height(rest_joints), augmentation)
            chosen = draw.chance(augmentation.moved_pelvis, count)
            local, translation = move_pelvis(local, translation, rest_joints, moved, chosen)
        world, joints = forward_kinematics(local, translation, rest_joints[:, None])
        rotations, positions = self._devices(world, joints, draw, augmentation)
        valid = self._dropouts(rotations, positions, draw, augmentation)
        rotations, positions = _bridge_lost_heads(rotations, positions, valid[:, :, 0])
        standing = self._standing(joints, rest_joints)
        return Windows(local, world, joints, rest_joints, standing, rotations, positions, valid)

    def _motion(self, count: int, draw: Dice, augmentation: Augmentation) -> tuple[torch.Tensor, torch.Tensor]:
        rate = torch.where(
            draw.chance(augmentation.retime, count),
            draw.between(augmentation.slowest, augmentation.fastest, count),
            torch.ones(count, device=self.device),
        )
        before, after, weight = self._moments(count, draw, rate, draw.chance(augmentation.reverse, count))
        local = _blend(self.quaternions, before, after, weight)
        if augmentation.other_arms:
            rate = draw.between(1.0, augmentation.fastest_arms, count)
            moments = self._moments(count, draw, rate, draw.chance(0.5, count))
            chosen = draw.chance(augmentation.other_arms, count)
            local = swap_arms(local, _blend(self.arm_quaternions, *moments), chosen)
        translation = torch.lerp(self.translation[before], self.translation[after], weight)
        mirrored = mirror_motion(local, translation, MIRRORED)
        chosen = draw.chance(augmentation.mirror, count)
        local = torch.where(chosen[:, None, None, None, None], mirrored[0], local)
        return local, torch.where(chosen[:, None, None], mirrored[1], translation)

    def _moments(
        self, count: int, draw: Dice, rate: torch.Tensor, reverse: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Frames before and after (count, frames), and the weight (count, frames, 1) of the later one.

        Windows of random clips, played ``rate`` (count,) times as fast, backward where ``reverse`` (count,).
        """
        clip = torch.searchsorted(self.cumulative_fractions, draw.between(0, 1, count))
        clip = clip.clamp_max(len(self.lengths) - 1)
        last = (self.lengths[clip] - 1)[:, None]
        room = (last[:, 0] - rate * (self.frames - 1)).clamp_min(0)
        steps = torch.arange(self.frames, device=self.device)
        steps = torch.where(reverse[:, None], self.frames - 1 - steps, steps)
        times = (room * draw.between(0, 1, count))[:, None] + rate[:, None] * steps
        times = torch.minimum(times, last.float())
        before = times.floor().long()
        after = torch.minimum(before + 1, last)
        weight = (times - before)[..., None]
        return self.starts[clip, None] + before, self.starts[clip, None] + after, weight

    def _bodies(self, count: int, draw: Dice, augmentation: Augmentation) -> torch.Tensor:
        betas = draw.normal(augmentation.shape_sigma, count, len(self.shape_basis))
        betas[:, 0] = draw.normal(augmentation.stature_sigma, count)
        return self.rest_joints + torch.einsum("bk,kjc->bjc", betas, self.shape_basis)

    def _bend_wrists(self, local: torch.Tensor, draw: Dice, augmentation: Augmentation) -> torch.Tensor:
        """Motion capture often has rigid wrists; a wrist that gives away its forearm is not what a headset shows."""
        little, much = (
            torch.tensor(degrees, device=self.device) * (math.pi / 180)
            for degrees in (augmentation.wrist_degrees, augmentation.bent_wrist_degrees)
        )
        sigma = torch.where(draw.chance(augmentation.bent_wrists, len(local), 1, 1), much, little)
        bend = axis_angle_to_matrix(draw.normal(1.0, len(local), 2, 3) * sigma)[:, None]
        return torch.cat([local[:, :, :LEFT_WRIST], local[:, :, LEFT_WRIST:] @ bend], 2)

    def _devices(
        self, world: torch.Tensor, joints: torch.Tensor, draw: Dice, augmentation: Augmentation
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the calibrated trackers report: a head tilted and shifted a little, a floor known to a centimetre.

        Some controllers are not held as calibration found them, and slip.
        """
        rotations, positions = world[:, :, TRACKED_JOINTS], joints[:, :, TRACKED_JOINTS]
        count = len(world)
        tilt = axis_angle_to_matrix(draw.normal(augmentation.head_degrees * math.pi / 180, count, 3))[:, None]
        head = (rotations[:, :, 0] @ tilt)[:, :, None]
        shift = torch.zeros(count, 1, 3, 3, device=self.device)
        shift[:, 0, 0] = draw.normal(augmentation.head_metres, count, 3)
        shift[:, 0, :, 1] += draw.normal(augmentation.floor_metres, count, 1)
        positions = positions + shift
        if not augmentation.slipping:
            return torch.cat([head, rotations[:, :, 1:]], 2), positions
        slips = draw.chance(augmentation.slipping, count, 1, 1, 1)
        along = torch.linspace(-1, 1, self.frames, device=self.device)[None, :, None, None]

        def slip(sigma: float) -> torch.Tensor:
            return slips * (draw.normal(sigma, count, 1, 2, 3) + along * draw.normal(0.4 * sigma, count, 1, 2, 3))

        turned = rotations[:, :, 1:] @ axis_angle_to_matrix(slip(augmentation.slip_degrees * math.pi / 180))
        moved = (rotations[:, :, 1:] @ slip(augmentation.slip_metres)[..., None])[..., 0]
        hands = positions[:, :, 1:] + moved
        return torch.cat([head, turned], 2), torch.cat([positions[:, :, :1], hands], 2)

    def _dropouts(
        self, rotations: torch.Tensor, positions: torch.Tensor, draw: Dice, augmentation: Augmentation
    ) -> torch.Tensor:
        count, frames = rotations.shape[:2]
        towards = normalize(positions[:, :, 1:] - positions[:, :, :1])
        cosine = (towards * rotations[:, :, :1, :, 2]).sum(-1)
        inside_out = draw.chance(augmentation.out_of_view, count)[:, None, None]
        hands = ~(inside_out & (cosine < math.cos(math.radians(augmentation.view_degrees))))
        hands = hands & ~self._stretch(draw, draw.chance(augmentation.hand_lost, count, 2), frames)
        head = ~self._stretch(draw, draw.chance(augmentation.head_lost, count, 1), frames)
        return torch.cat([head, hands], -1)

    def _stretch(self, draw: Dice, affected: torch.Tensor, frames: int) -> torch.Tensor:
        """(B, T, n) true over one random stretch, of up to the whole window, where ``affected`` (B, n)."""
        ends = draw.between(-0.5, 1.5, *affected.shape, 2).sort(-1).values * frames
        time = torch.arange(frames, device=self.device)[None, :, None]
        return affected[:, None] & (time >= ends[:, None, :, 0]) & (time < ends[:, None, :, 1])

    def _standing(self, joints: torch.Tensor, rest_joints: torch.Tensor) -> torch.Tensor:
        feet = joints[:, :, FEET]
        moved = feet[:, 1:] - feet[:, :-1]
        speed = torch.cat([moved[:, :1], moved], 1).norm(dim=-1) * FPS
        return in_contact(feet[..., 1], speed, foot_rest_heights(rest_joints)[:, None])


def _bridge_lost_heads(
    rotations: torch.Tensor, positions: torch.Tensor, seen: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Carry a head that is not ``seen`` (B, T) along between the frames around the gap, as ``resample`` does.

    Observations are expressed relative to the head: a lost one that stood at its true place would reveal itself.
    """
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


def _blend(quaternions: torch.Tensor, before: torch.Tensor, after: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Rotation matrices (B, T, J, 3, 3) between the frames ``before`` and ``after`` (B, T) of quaternions (N, J, 4)."""
    first, second = quaternions[before], quaternions[after]
    second = torch.where((first * second).sum(-1, keepdim=True) < 0, -second, second)
    return quaternion_to_matrix(normalize(torch.lerp(first, second, weight[..., None])))


def _leg_height(rest_joints: torch.Tensor) -> torch.Tensor:
    return rest_joints[..., 0, 1] - rest_joints[..., 7, 1]
