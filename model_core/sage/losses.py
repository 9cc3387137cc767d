"""What each stage of SAGE's training asks for (paper, sections 3.2 to 3.4, and the geometric terms of its refiner)."""

from torch.nn import functional as F

from ..geometry.skeleton import FEET, HEAD, LEFT_WRIST, LOWER_HALF, RIGHT_WRIST, UPPER_HALF
from ..observation import FPS
from .diffusion import TRAINING_STEPS, add_noise

COMMITMENT = 0.25
JOINT_HIDING = 0.5
"""Share of joints that are hidden from a VQ-VAE's encoder; the root never is (paper, section 3.2)."""

LATENT, CONTACT = 0.2, 0.05
"""Weights of the latents' and the contacts' terms in the body stage."""
BODY_WEIGHTS = {"rotation": 1.0, "position": 3.0, "hands": 0.5, "velocity": 0.15, "skate": 0.05, "smooth": 0.02}
"""Weights of ``pose_loss``'s parts: 6D rotations, metres, metres a second."""
REFINER_WEIGHTS = BODY_WEIGHTS | {"hands": 1.5, "smooth": 0.15}
"""The refiner sees by how much wrists are missed, and is where a motion becomes smooth."""


def half_pose(sixd, half):
    """6D rotations (B, T, 22, 6), the root turned by the heading -> one half's (B, T, J * 6)."""
    return sixd[:, :, list(half)].flatten(2)


def vqvae_loss(vqvae, pose, generator):
    """Reconstruction of pose and speed from half-hidden joints, and commitment. Returns the loss and the codes."""
    joints = vqvae.joints
    visible = pose.new_empty(*pose.shape[:2], joints).uniform_(generator=generator) > JOINT_HIDING
    visible[..., 0] = True
    rebuilt, commitment, codes = vqvae(pose, visible.to(pose.dtype))
    rebuilt = rebuilt.float()
    loss = F.smooth_l1_loss(rebuilt, pose, beta=0.1) + F.l1_loss(rebuilt.diff(dim=1), pose.diff(dim=1))
    return loss + COMMITMENT * commitment, codes


def denoising_loss(diffusion, clean, observation, generator, condition=None):
    """x0 prediction at random steps, smooth L1."""
    step = clean.new_empty(len(clean)).uniform_(generator=generator).mul_(TRAINING_STEPS).long()
    noise = clean.new_empty(clean.shape).normal_(generator=generator)
    predicted = diffusion(add_noise(clean, step, noise), step, observation, condition).float()
    return F.smooth_l1_loss(predicted, clean)


def true_latents(sage, windows_sixd):
    """Normalised latents of the true upper and lower half."""
    return (
        sage.upper_vqvae.normalised_latents(half_pose(windows_sixd, UPPER_HALF)),
        sage.lower_vqvae.normalised_latents(half_pose(windows_sixd, LOWER_HALF)),
    )


def pose_loss(sixd, true_sixd, joints, windows, weights):
    """Rotations, head-aligned joint positions, speeds, smoothness, standing feet. Returns the sum and its parts."""
    true = windows.joints - windows.joints[:, :, HEAD, None]
    ours = joints - joints[:, :, HEAD, None]
    moved, truly_moved = joints.diff(dim=1), windows.joints.diff(dim=1)
    standing = windows.standing[:, 1:, :, None].to(joints.dtype)
    missed = (ours - true).norm(dim=-1)
    parts = {
        "rotation": F.l1_loss(sixd, true_sixd),
        "position": missed.mean(),
        "hands": missed[..., [LEFT_WRIST, RIGHT_WRIST]].mean(),
        "velocity": (moved - truly_moved).norm(dim=-1).mean() * FPS,
        "skate": (moved[:, :, FEET, ::2] * standing).norm(dim=-1).mean() * FPS,
        "smooth": (moved.diff(dim=1) - truly_moved.diff(dim=1)).norm(dim=-1).mean() * FPS,
    }
    return sum(weights[name] * part for name, part in parts.items()), parts
