"""What ``ablations`` trains beside SAGE as it is: other networks, other windows, other augmentation, less motion."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from ...model_core.geometry.rotations import rotation_about_y, transpose
from ...model_core.geometry.skeleton import LOWER_HALF, PELVIS
from ...model_core.mocap.augmentation import Augmentation
from ...model_core.mocap.windows import WindowSampler
from ...model_core.observation import FEATURE_COUNT, heading
from ...model_core.sage.attention import Span
from ...model_core.sage.diffusion import LatentDiffusion, ddim_sample
from ...model_core.sage.losses import denoising_loss
from ...model_core.sage.model import MEAN, Sage, SageConfig, Sampling

MIXED_FRACTION = 0.3
"""Fraction of windows that get the legs of another one."""
LEGS = [joint for joint in LOWER_HALF if joint != PELVIS]


class StratifiedSage(Sage):
    """SAGE as it is: the upper latent first, the lower one given it."""

    def denoising(
        self,
        true: Sequence[torch.Tensor],
        latents: Sequence[torch.Tensor],
        observation: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        """What diffusion at random steps costs; ``true`` and sampled ``latents`` are (upper, lower)."""
        upper = denoising_loss(self.upper_diffusion, true[0], observation, generator)
        return upper + denoising_loss(self.lower_diffusion, true[1], observation, generator, latents[0].detach())


class ParallelSage(StratifiedSage):
    """The lower diffusion knows nothing of the upper latent."""

    def __init__(self, config: SageConfig) -> None:
        super().__init__(config)
        sizes = dict(width=config.width, layers=config.diffusion_layers, heads=config.heads)
        self.lower_diffusion = LatentDiffusion(self.latent_size, FEATURE_COUNT, 0, **sizes)

    def latents(
        self, observation: torch.Tensor, sampling: Sampling = MEAN, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start = self.zero_noise(observation) if noise is None else noise[1]
        lower = ddim_sample(self.lower_diffusion, observation, start, sampling.steps)
        return self.sample_upper(observation, sampling, noise), lower

    def denoising(
        self,
        true: Sequence[torch.Tensor],
        latents: Sequence[torch.Tensor],
        observation: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        upper = denoising_loss(self.upper_diffusion, true[0], observation, generator)
        return upper + denoising_loss(self.lower_diffusion, true[1], observation, generator)


class JointSage(StratifiedSage):
    """One diffusion of both latents at once, as deep as the two together."""

    def __init__(self, config: SageConfig) -> None:
        super().__init__(config)
        del self.lower_diffusion
        sizes = dict(width=config.width, layers=2 * config.diffusion_layers, heads=config.heads)
        self.upper_diffusion = LatentDiffusion(2 * self.latent_size, FEATURE_COUNT, 0, **sizes)

    def latents(
        self,
        observation: torch.Tensor,
        sampling: Sampling = MEAN,
        noise: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        halves = [self.zero_noise(observation)] * 2 if noise is None else list(noise)
        diffusion = partial(self.upper_diffusion, span=span)
        both = ddim_sample(diffusion, observation, torch.cat(halves, -1), sampling.steps)
        upper, lower = both.split(self.latent_size, -1)
        return upper, lower

    def denoising(
        self,
        true: Sequence[torch.Tensor],
        latents: Sequence[torch.Tensor],
        observation: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        return 2 * denoising_loss(self.upper_diffusion, torch.cat(list(true), -1), observation, generator)


class MixingSampler(WindowSampler):
    """Gives some windows the legs of the window whose pelvis moves most like theirs."""

    pool = 8
    """So many windows are drawn to choose one pair of legs from."""

    def _motion(self, count: int, draw: Any, augmentation: Augmentation) -> tuple[torch.Tensor, torch.Tensor]:
        local, translation = super()._motion(count, draw, augmentation)
        legs, pelvis = super()._motion(self.pool * count, draw, augmentation)
        nearest = torch.cdist(root_motion(local, translation), root_motion(legs, pelvis)).argmin(-1)
        mixed = local.clone()
        mixed[:, :, LEGS] = legs[nearest][:, :, LEGS]
        chosen = draw.chance(MIXED_FRACTION, count)
        return torch.where(chosen[:, None, None, None, None], mixed, local), translation


def root_motion(local: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
    """Numbers (B, n) that are alike where pelvises (B, T, 3) and local rotations (B, T, 22, 3, 3) move alike.

    Height in metres, tilt, and velocity in metres a quarter second as the pelvis itself sees it.
    """
    root = local[:, :, PELVIS]
    facing = transpose(rotation_about_y(heading(root)))
    tilt = (facing @ root)[..., 1]
    moved = (facing[:, 1:] @ translation.diff(dim=1)[..., None])[..., 0] * 15
    return torch.cat([translation[..., 1], tilt.flatten(1), F.pad(moved, (0, 0, 1, 0)).flatten(1)], -1)


@dataclass(frozen=True)
class Variant:
    """One training: ``label`` is its row's name; ``fraction`` of the clips are trained on."""

    label: str
    network: type[StratifiedSage] = StratifiedSage
    sampler: type[WindowSampler] = WindowSampler
    window: int = 40
    augmentation: Augmentation = field(default_factory=Augmentation)
    fraction: float = 1.0
    seed: int = 0


def _without(**parts: Any) -> Augmentation:
    return replace(Augmentation(), **parts)


VARIANTS = {
    "reference": Variant("SAGE"),
    "parallel": Variant("lower diffusion without the upper latent", ParallelSage),
    "joint": Variant("one diffusion of both latents", JointSage),
    "other-seed": Variant("SAGE, another seed", seed=1),
    "clips-25": Variant("a quarter of the clips", fraction=0.25),
    "clips-50": Variant("half of the clips", fraction=0.5),
    "no-dropouts": Variant("hands never lost", augmentation=_without(out_of_view=0.0, hand_lost=0.0, head_lost=0.0)),
    "mixed-halves": Variant("legs of windows with like roots", sampler=MixingSampler),
    "window-80": Variant("windows of 80 frames", window=80),
    "window-20": Variant("windows of 20 frames", window=20),
    "no-mirror": Variant("not mirrored", augmentation=_without(mirror=0.0)),
    "no-sizes": Variant("one body", augmentation=_without(stature_sigma=0.0, shape_sigma=0.0)),
    "no-retime": Variant("not retimed", augmentation=_without(retime=0.0)),
    "no-wrist-bend": Variant(
        "wrists as captured", augmentation=_without(wrist_degrees=(0.0, 0.0, 0.0), bent_wrists=0.0)
    ),
}
"""By the names that the command takes; the most telling first."""
