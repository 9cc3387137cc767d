"""SAGE whole: its configuration, its parts together, and their weights on disk."""

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import Array, array_namespace, rotation_about_y, sixd_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD, LOWER_HALF, UPPER_HALF
from ..observation import FEATURE_COUNT, heading
from ..safetensor_files import load_tensors, save_tensors
from .attention import Span
from .decoder import FullBodyDecoder
from .diffusion import LatentDiffusion, ddim_sample
from .refiner import Refiner
from .vqvae import HalfBodyVQVAE

WEIGHTS = Path(__file__).parent.parent.parent / "weights"
FILES = {
    "vqvae.safetensors": ("upper_vqvae", "lower_vqvae"),
    "diffusion.safetensors": ("upper_diffusion", "lower_diffusion"),
    "decoder.safetensors": ("decoder", "refiner"),
}
"""Each file of weights and the parts in it: no file grows too large for a repository. Names begin with those of the
network."""
FIRST, COMPANION = "sage", "sage_companion"
"""Names of the networks whose weights come with Threepoint."""
NOT_FOR_INFERENCE = ("upper_vqvae", "lower_vqvae")
"""Parts that only training needs: of the companion they are left out."""
STREAM_CONTEXT_LENGTH = 30
"""Tokens that a stream attends to at once."""
STREAM_SPAN = Span(STREAM_CONTEXT_LENGTH - 1, 0)


@dataclass(frozen=True)
class SageConfig:
    """Sizes of the parts. ``window`` is in frames at 60 Hz, even; every size is a choice of training."""

    window: int = 40
    width: int = 192
    heads: int = 6
    vqvae_layers: int = 2
    diffusion_layers: int = 5
    decoder_layers: int = 4
    refiner_width: int = 256
    codebooks: int = 8
    codes: int = 64
    code_channels: int = 16

    def __post_init__(self) -> None:
        if self.window < 2 or self.window % 2:
            raise InputError(f"SAGE's window of {self.window} frames: two frames make a token, so it should be even")


CONFIGS = {
    "small": SageConfig(),
    "fast": SageConfig(window=60, diffusion_layers=3, decoder_layers=3, codes=128),
    "medium": SageConfig(window=60, width=240, heads=6, diffusion_layers=4, codes=128),
    "large": SageConfig(
        window=64, width=384, heads=8, vqvae_layers=4, diffusion_layers=8, decoder_layers=6, refiner_width=512,
        code_channels=24,
    ),
    "smoke": SageConfig(
        window=16, width=32, heads=2, vqvae_layers=1, diffusion_layers=1, decoder_layers=1, refiner_width=16,
        codebooks=2, codes=8, code_channels=4,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Sampling:
    """How latents are drawn: DDIM ``steps``, the ``noise`` at the start (0 gives the mean), ``seed``.

    ``smoothing`` tokens, the standard deviation of a Gaussian, is how long the noise goes one way; it is as strong as
    without. Under a still head (``stillness``) it changes at ``still_pace`` times its pace, and is as strong as
    ``still_noise`` times itself."""

    steps: int = 1
    noise: float = 0.0
    seed: int = 0
    smoothing: float = 0.0
    still_pace: float = 1.0
    still_noise: float = 1.0


MEAN = Sampling()
"""The default: one step from zero noise, which predicts the mean of the latents."""


class Sage(nn.Module):
    """The networks. Windows in, poses in the head's heading frame out; ``inference`` serves whole recordings."""

    def __init__(self, config: SageConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        quantizer = dict(groups=c.codebooks, codes=c.codes, channels=c.code_channels)
        self.upper_vqvae = HalfBodyVQVAE(len(UPPER_HALF), c.width, c.vqvae_layers, c.heads, **quantizer)
        self.lower_vqvae = HalfBodyVQVAE(len(LOWER_HALF), c.width, c.vqvae_layers, c.heads, **quantizer)
        latent = c.codebooks * c.code_channels
        sizes = dict(width=c.width, layers=c.diffusion_layers, heads=c.heads)
        self.upper_diffusion = LatentDiffusion(latent, FEATURE_COUNT, 0, **sizes)
        self.lower_diffusion = LatentDiffusion(latent, FEATURE_COUNT, latent, **sizes)
        self.decoder = FullBodyDecoder(latent, FEATURE_COUNT, c.width, c.decoder_layers, c.heads)
        self.refiner = Refiner(FEATURE_COUNT, c.refiner_width)

    @property
    def latent_size(self) -> int:
        return self.config.codebooks * self.config.code_channels

    def sample_upper(
        self,
        observation: torch.Tensor,
        sampling: Sampling = MEAN,
        noise: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> torch.Tensor:
        """The upper latent (B, S, latent) given features (B, 2 S, F)."""
        start = self.zero_noise(observation) if noise is None else noise[0]
        return ddim_sample(partial(self.upper_diffusion, span=span), observation, start, sampling.steps)

    def latents(
        self,
        observation: torch.Tensor,
        sampling: Sampling = MEAN,
        noise: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Stratified sampling (paper, section 3.3): the upper latent, then the lower one given it."""
        upper = self.sample_upper(observation, sampling, noise, span)
        start = self.zero_noise(observation) if noise is None else noise[1]
        lower_diffusion = partial(self.lower_diffusion, span=span)
        return upper, ddim_sample(lower_diffusion, observation, start, sampling.steps, condition=upper)

    def forward(
        self,
        observation: torch.Tensor,
        sampling: Sampling = MEAN,
        noise: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (B, T, F), T even -> 6D rotations (B, T, 22 * 6), turned by the heading, contact logits (B, T, 4).

        ``noise`` (2, B, T / 2, latent) is the sampler's start: without it the latents are the means. With a ``span``
        tokens attend to those in it alone. The refiner, which corrects poses over time, is not applied.
        """
        return self.decoder(*self.latents(observation, sampling, noise, span), observation, span)

    def streamed(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What a stream decodes before the refiner: features (B, T, F), T even -> poses (B, T, 22 * 6), contacts.

        Each frame is decoded from the past alone, by the mean latents of the token that it ends. Tokens that end with
        even and with odd frames are two sequences. ``streaming.SageStream`` does the same, a frame at a time.
        """
        late = torch.cat([observation[:, :1], observation[:, :-1]], 1)
        both = torch.cat([late, observation])
        upper, lower = self.latents(both, span=STREAM_SPAN)
        pose, contacts = (
            torch.stack(found.chunk(2), 2).flatten(1, 2)
            for found in self.decoder.streamed(upper, lower, both, STREAM_SPAN)
        )
        return pose, contacts

    def zero_noise(self, observation: torch.Tensor) -> torch.Tensor:
        return observation.new_zeros(len(observation), observation.shape[1] // 2, self.latent_size)


def to_world(
    sixd: Array, head_rotation: Array, head_position: Array, rest_joints: Array
) -> tuple[Array, Array, Array, Array]:
    """Poses in the heading frame to the model's frame, placed by the observed head; numpy or torch.

    ``sixd`` (..., T, 132), ``head_rotation`` (..., T, 3, 3), ``head_position`` (..., T, 3), ``rest_joints``
    broadcastable to (..., T, 22, 3). Returns local rotations (..., T, 22, 3, 3), pelvis positions (..., T, 3), world
    rotations and joint positions.
    """
    matrices = sixd_to_matrix(sixd.reshape(*sixd.shape[:-1], BODY_JOINT_COUNT, 6))
    return placed_by_head(matrices, head_rotation, head_position, rest_joints)


def placed_by_head(
    local: Array, head_rotation: Array, head_position: Array, rest_joints: Array
) -> tuple[Array, Array, Array, Array]:
    """``to_world`` of local rotations (..., T, 22, 3, 3), the root's turned by the heading."""
    xp = array_namespace(local)
    root: Any = rotation_about_y(heading(head_rotation)) @ local[..., 0, :, :]
    local = xp.concatenate([root[..., None, :, :], local[..., 1:, :, :]], -3)
    joints: Any
    world, joints = forward_kinematics(local, xp.zeros_like(head_position), rest_joints)
    translation: Any = head_position - joints[..., HEAD, :]
    return local, translation, world, joints + translation[..., None, :]


def save_sage(sage: Sage, folder: Path | str) -> None:
    """Write the weights, half precision, one file of ``FILES`` each, with the configuration in their metadata."""
    state, metadata = sage.state_dict(), {"sage": json.dumps(asdict(sage.config))}
    for name, parts in FILES.items():
        own = {key: value for key, value in state.items() if key.split(".")[0] in parts}
        save_tensors(Path(folder) / f"{FIRST}_{name}", own, metadata)


def load_sage(folder: Path | str | None = None, device: torch.device | str = "cpu", network: str = FIRST) -> Sage:
    """Read weights as ``save_sage`` writes them; without a folder, those that come with Threepoint.

    A ``COMPANION`` comes without the parts that are ``NOT_FOR_INFERENCE``, and does not have them.
    """
    folder, tensors, configs = Path(folder or WEIGHTS), {}, set()
    absent = NOT_FOR_INFERENCE if network == COMPANION else ()
    for name in (f"{network}_{name}" for name, parts in FILES.items() if not set(parts) <= set(absent)):
        own, metadata = load_tensors(folder / name, "weights that `python3 tools train sage` wrote")
        if "sage" not in metadata:
            raise InputError(f"{folder / name}: is not one of the files that `python3 tools train sage` writes")
        configs.add(metadata["sage"])
        tensors |= own
    if len(configs) > 1:
        raise InputError(f"{folder}: the files of SAGE's weights are of different trainings; copy all of one")
    sage = Sage(SageConfig(**json.loads(configs.pop())))
    for part in absent:
        delattr(sage, part)
    sage.load_state_dict(tensors)
    return sage.to(device).eval()
