"""What each part of SAGE as it ships is worth: parts left out, given the truth, sampled otherwise, or shown less."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch

from ...model_core.evaluation.methods import Predicted, score
from ...model_core.geometry.rotations import matrix_to_sixd, rotation_about_y, transpose
from ...model_core.geometry.skeleton import LOWER_HALF, UPPER_HALF
from ...model_core.mocap.clips import Clip
from ...model_core.observation import Observation, heading
from ...model_core.pipeline import Networks
from ...model_core.progress import Progress, part_of
from ...model_core.sage.diffusion import ddim_sample
from ...model_core.sage.ensemble import SageEnsemble, members_of
from ...model_core.sage.inference import (
    Prediction,
    observed_features,
    predict,
)
from ...model_core.sage.losses import true_latents
from ...model_core.sage.model import MEAN, Sage, Sampling, to_world
from ...model_core.sage.precision import without_tf32
from ...model_core.sage.vqvae import HalfBodyVQVAE
from ...model_core.window_blending import Places, blend_sequences

WINDOW, WINDOWS_PER_BATCH = 88, 32
"""Frames of windows in which SAGE is taken apart, which overlap by half: half decoders attend to a whole window."""
PoseOf = Callable[[Sage, torch.Tensor, torch.Tensor], torch.Tensor]


def shipped(networks: Networks, clip: Clip, observation: Observation, **choices: Any) -> Prediction:
    """SAGE by ``predict``, with ``choices`` for it."""
    return predict(networks.sage, observation, clip.rest_joints, **choices)


def first_alone(networks: Networks, clip: Clip, observation: Observation) -> Prediction:
    """The ensemble's first network, as it sees the clip."""
    return predict(members_of(networks.sage)[0], observation, clip.rest_joints)


def first_and_mirror_image(networks: Networks, clip: Clip, observation: Observation) -> Prediction:
    """The first, averaged with what it makes of the mirror image."""
    return predict(SageEnsemble(members_of(networks.sage)[:1]), observation, clip.rest_joints)


def last_alone(networks: Networks, clip: Clip, observation: Observation) -> Prediction:
    """The ensemble's last network, its companion, alone."""
    return predict(members_of(networks.sage)[-1], observation, clip.rest_joints)


def taken_apart(networks: Networks, clip: Clip, observation: Observation, pose_of: PoseOf) -> Predicted:
    """The first network without its refiner, its middle replaced: 6D poses (B, T, 132) are what ``pose_of`` says.

    ``pose_of(sage, seen, true)`` is given windows of features and of true 6D poses (B, T, 22, 6).
    """
    sage = members_of(networks.sage)[0]
    seen, rotations, positions, rest = observed_features(observation, clip.rest_joints, sage.decoder.mean_pose.device)
    local = torch.as_tensor(clip.rotations(), dtype=seen.dtype, device=seen.device)
    root = transpose(rotation_about_y(heading(rotations[:, 0]))) @ local[:, 0]
    true = matrix_to_sixd(torch.cat([root[:, None], local[:, 1:]], 1))
    odd = len(seen) % 2
    seen = torch.cat([seen, seen[-1:].expand(odd, -1)])
    true = torch.cat([true, true[-1:].expand(odd, -1, -1)])

    def forward(places: Places, window: int) -> torch.Tensor:
        windows = (torch.stack([values[start : start + window] for _, start in places]) for values in (seen, true))
        return pose_of(sage, *windows)

    with torch.inference_mode(), without_tf32():
        (pose,) = blend_sequences([len(seen)], WINDOW, WINDOW // 2, forward, WINDOWS_PER_BATCH)
        local, translation, _, _ = to_world(pose[: len(clip)], rotations[:, 0], positions[:, 0], rest)
    return Predicted(local, translation)


def upper_alone(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """The upper diffusion and the decoder of its VQ-VAE; legs of the mean pose."""
    legs = half(sage.decoder.mean_pose.expand(*seen.shape[:2], -1), LOWER_HALF)
    return put_together(decode(sage.upper_vqvae, sage.sample_upper(seen)), legs)


def by_halves(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Both diffusions, decoded by the VQ-VAE of each half."""
    upper, lower = sage.latents(seen)
    return put_together(decode(sage.upper_vqvae, upper), decode(sage.lower_vqvae, lower))


def by_halves_of_truth(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """What the VQ-VAEs make of the true motion."""
    upper, lower = true_latents(sage, true)
    return put_together(decode(sage.upper_vqvae, upper), decode(sage.lower_vqvae, lower))


def true_upper_latent(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """The lower diffusion given the true upper latent; decoded with it."""
    upper, _ = true_latents(sage, true)
    return sage.decoder(upper, lower_given(sage, seen, upper), seen)[0]


def both_true_latents(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """What the full-body decoder makes of the true latents."""
    return sage.decoder(*true_latents(sage, true), seen)[0]


def no_upper_latent(sage: Sage, seen: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """The lower diffusion given no upper latent (zeros, its mean): how much it listens."""
    upper = sage.sample_upper(seen)
    return sage.decoder(upper, lower_given(sage, seen, torch.zeros_like(upper)), seen)[0]


def lower_given(sage: Sage, seen: torch.Tensor, upper: torch.Tensor) -> torch.Tensor:
    """The mean lower latent (B, S, latent) given an upper one."""
    return ddim_sample(sage.lower_diffusion, seen, torch.zeros_like(upper), MEAN.steps, condition=upper)


def decode(vqvae: HalfBodyVQVAE, latents: torch.Tensor) -> torch.Tensor:
    """6D poses (B, T, J * 6) of latents of unit deviation."""
    return vqvae.decode(latents * vqvae.latent_std + vqvae.latent_mean)


def half(pose: torch.Tensor, joints: Iterable[int]) -> torch.Tensor:
    """The part (B, T, J * 6) of 6D poses (B, T, 132)."""
    return pose.unflatten(-1, (-1, 6))[..., list(joints), :].flatten(-2)


def put_together(upper: torch.Tensor, lower: torch.Tensor) -> torch.Tensor:
    """6D poses (B, T, 132) of two halves; the root, which both have, is the upper one's."""
    joints = len(set(UPPER_HALF) | set(LOWER_HALF))
    pose = upper.new_empty(*upper.shape[:2], joints, 6)
    pose[:, :, list(LOWER_HALF)] = lower.unflatten(-1, (-1, 6))
    pose[:, :, list(UPPER_HALF)] = upper.unflatten(-1, (-1, 6))
    return pose.flatten(2)


def part(pose_of: PoseOf) -> Callable[..., Predicted]:
    """A row's method that takes SAGE apart."""
    return partial(taken_apart, pose_of=pose_of)


ROWS = {
    "SAGE": (shipped, "both"),
    "the first alone": (first_alone, "both"),
    "the first and its mirror image": (first_and_mirror_image, "both"),
    "the companion alone": (last_alone, "both"),
    "without the refiner": (partial(shipped, refine=False), "both"),
    "lower diffusion given the true upper latent *": (part(true_upper_latent), "both"),
    "lower diffusion given no upper latent *": (part(no_upper_latent), "both"),
    "half decoders instead of the full-body one *": (part(by_halves), "both"),
    "upper diffusion alone, legs of the mean pose *": (part(upper_alone), "both"),
    "true latents, full-body decoder *": (part(both_true_latents), "both"),
    "true latents, half decoders *": (part(by_halves_of_truth), "both"),
    "2 sampling steps": (partial(shipped, sampling=Sampling(2)), "both"),
    "5 sampling steps": (partial(shipped, sampling=Sampling(5)), "both"),
    "unit noise, 1 step": (partial(shipped, sampling=Sampling(1, 1.0)), "both"),
    "unit noise, 2 steps": (partial(shipped, sampling=Sampling(2, 1.0)), "both"),
    "unit noise, 5 steps": (partial(shipped, sampling=Sampling(5, 1.0)), "both"),
    "contexts of 20 frames": (partial(shipped, context=20), "both"),
    "contexts of 40 frames": (partial(shipped, context=40), "both"),
    "contexts of 60 frames": (partial(shipped, context=60), "both"),
    "contexts of 120 frames": (partial(shipped, context=120), "both"),
    "half precision": (partial(shipped, half=True), "both"),
    "left hand only": (shipped, "left"),
    "right hand only": (shipped, "right"),
    "no hands": (shipped, "none"),
}
"""Label -> method, and the hands that it is shown."""
NOTE = "ablations of SAGE; placed by the true head; rows with a star are of the first network, without the refiner"


def ablate(
    networks: Networks, clips: Sequence[Clip], progress: Progress | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Rows of ``metrics``, one a clip, by the labels of ``ROWS``; all placed by the true head."""
    rows = {}
    for number, (label, (method, hands)) in enumerate(ROWS.items()):
        report = part_of(progress, number / len(ROWS), (number + 1) / len(ROWS)) if progress else None
        rows[label] = score(method, networks, clips, label, report, hands)[0]
    return rows
