"""What each stage of SAGE's training asks for (paper, sections 3.2 to 3.4, and the geometric terms of its refiner)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional as F

from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import sixd_to_matrix, transpose
from ..geometry.skeleton import FEET, HEAD, LEFT_WRIST, LOWER_HALF, RIGHT_WRIST, UPPER_HALF
from ..observation import FPS
from .diffusion import TRAINING_STEPS, LatentDiffusion, add_noise
from .vqvae import HalfBodyVQVAE

if TYPE_CHECKING:
    from .model import Sage

COMMITMENT = 0.25
JOINT_HIDING = 0.5
"""Fraction of joints that are hidden from a VQ-VAE's encoder; the root never is (paper, section 3.2)."""
HIDING_WINDOWS = 0.5
"""Fraction of the windows in which joints are hidden: without whole poses in training none is rebuilt well."""
VQVAE_POSITION, VQVAE_VELOCITY = 4.0, 0.15
"""Weights of a VQ-VAE's joint positions (metres) and of their speeds (metres a second)."""

LATENT, CONTACT = 0.2, 0.05
"""Weights of the latents' and the contacts' terms in the body stage."""
BODY_WEIGHTS = {
    "rotation": 1.0, "position": 3.0, "hands": 0.5, "velocity": 0.15, "skate": 0.05, "smooth": 0.02, "spin": 0.02,
}  # fmt: skip
"""Weights of ``pose_loss``'s parts: 6D rotations, metres, metres a second, radians a second."""
REFINER_WEIGHTS = BODY_WEIGHTS | {"hands": 1.5, "smooth": 0.15}
"""The refiner sees the distance to the tracked wrists, and is where a motion becomes smooth."""


class TrueMotion(Protocol):
    """What ``pose_loss`` needs of true windows: ``joints`` (B, T, 22, 3) metres and ``standing`` (B, T, 4) bool."""

    @property
    def joints(self) -> torch.Tensor: ...

    @property
    def standing(self) -> torch.Tensor: ...


def half_pose(sixd: torch.Tensor, half: Sequence[int]) -> torch.Tensor:
    """6D rotations (B, T, 22, 6), the root turned by the heading -> one half's (B, T, J * 6)."""
    return sixd[:, :, list(half)].flatten(2)


def vqvae_loss(
    vqvae: HalfBodyVQVAE,
    sixd: torch.Tensor,
    half: Sequence[int],
    rest_joints: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Reconstruction of one half's pose, positions and speeds, some joints hidden, and commitment.

    ``sixd`` (B, T, 22, 6) is the whole body's, ``rest_joints`` (B, 22, 3). Returns the loss, the codes, and the mean
    distance of the half's joints in metres, the pelvis at the origin.
    """
    pose = half_pose(sixd, half)
    visible = pose.new_empty(*pose.shape[:2], vqvae.joints).uniform_(generator=generator) > JOINT_HIDING
    whole = pose.new_empty(len(pose), 1, 1).uniform_(generator=generator) > HIDING_WINDOWS
    visible = visible | whole
    visible[..., 0] = True
    with torch.autocast(pose.device.type, torch.bfloat16):
        rebuilt, commitment, codes = vqvae(pose, visible.to(pose.dtype))
    rebuilt = rebuilt.float()
    ours, true = (half_joints(values, half, sixd, rest_joints) for values in (rebuilt, pose))
    distance = (ours - true).norm(dim=-1).mean()
    loss = F.smooth_l1_loss(rebuilt, pose, beta=0.1) + F.l1_loss(rebuilt.diff(dim=1), pose.diff(dim=1))
    loss = loss + VQVAE_VELOCITY * FPS * (ours.diff(dim=1) - true.diff(dim=1)).norm(dim=-1).mean()
    return loss + VQVAE_POSITION * distance + COMMITMENT * commitment, codes, distance


def half_joints(pose: torch.Tensor, half: Sequence[int], sixd: torch.Tensor, rest_joints: torch.Tensor) -> torch.Tensor:
    """Positions (B, T, J, 3) of one half's joints of its 6D rotations (B, T, J * 6), the pelvis at the origin.

    The joints of the other half are posed as in ``sixd`` (B, T, 22, 6).
    """
    parts = dict(zip(half, pose.unflatten(-1, (len(half), 6)).unbind(2), strict=True))
    whole = torch.stack([parts.get(joint, sixd[:, :, joint]) for joint in range(sixd.shape[2])], 2)
    joints = forward_kinematics(sixd_to_matrix(whole), torch.zeros_like(whole[:, :, 0, :3]), rest_joints[:, None])[1]
    return joints[:, :, list(half)]


def denoising_loss(
    diffusion: LatentDiffusion,
    clean: torch.Tensor,
    observation: torch.Tensor,
    generator: torch.Generator,
    condition: torch.Tensor | None = None,
) -> torch.Tensor:
    """x0 prediction at random steps, smooth L1."""
    step = clean.new_empty(len(clean)).uniform_(generator=generator).mul_(TRAINING_STEPS).long()
    noise = clean.new_empty(clean.shape).normal_(generator=generator)
    predicted = diffusion(add_noise(clean, step, noise), step, observation, condition).float()
    return F.smooth_l1_loss(predicted, clean)


def true_latents(sage: "Sage", windows_sixd: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised latents of the true upper and lower half."""
    return (
        sage.upper_vqvae.normalised_latents(half_pose(windows_sixd, UPPER_HALF)),
        sage.lower_vqvae.normalised_latents(half_pose(windows_sixd, LOWER_HALF)),
    )


def pose_loss(
    sixd: torch.Tensor,
    true_sixd: torch.Tensor,
    joints: torch.Tensor,
    windows: TrueMotion,
    weights: Mapping[str, float],
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Rotations, head-aligned joint positions, speeds, smoothness, standing feet. Returns the sum and its parts.

    ``sixd`` and ``true_sixd`` (B, T, 22 * 6); ``spin`` is by how much joints turn otherwise than they do, from frame to
    frame (KineST's angular-velocity loss).
    """
    spin, true_spin = (_frame_rotations(values.unflatten(-1, (-1, 6))) for values in (sixd, true_sixd))
    true = windows.joints - windows.joints[:, :, HEAD, None]
    ours = joints - joints[:, :, HEAD, None]
    step, true_step = joints.diff(dim=1), windows.joints.diff(dim=1)
    standing = windows.standing[:, 1:, :, None].to(joints.dtype)
    distance = (ours - true).norm(dim=-1)
    parts = {
        "rotation": F.l1_loss(sixd, true_sixd),
        "position": distance.mean(),
        "hands": distance[..., [LEFT_WRIST, RIGHT_WRIST]].mean(),
        "velocity": (step - true_step).norm(dim=-1).mean() * FPS,
        "skate": (step[:, :, FEET, ::2] * standing).norm(dim=-1).mean() * FPS,
        "smooth": (step.diff(dim=1) - true_step.diff(dim=1)).norm(dim=-1).mean() * FPS,
        "spin": (spin - true_spin).flatten(-2).norm(dim=-1).mean() * (FPS * 0.5**0.5),
    }
    return torch.stack([weights[name] * part for name, part in parts.items()]).sum(), parts


def _frame_rotations(sixd: torch.Tensor) -> torch.Tensor:
    """By what each joint turns from one frame to the next: 6D rotations (B, T, J, 6) -> (B, T - 1, J, 3, 3)."""
    local = sixd_to_matrix(sixd)
    return transpose(local[:, :-1]) @ local[:, 1:]
