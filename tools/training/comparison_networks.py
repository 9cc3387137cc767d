"""What FLAG is compared with, in one file of weights: FLAG itself, small, and others of the same size and schooling."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count as count_from
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from ...model_core.errors import InputError
from ...model_core.flag.condition import CONDITION_COUNT
from ...model_core.flag.losses import gaussian_log_prob
from ...model_core.flag.model import CONFIGS, Flag
from ...model_core.flag.pose import POSE_COUNT
from ...model_core.flag.region import soft_clamp
from ...model_core.safetensor_files import load_tensors, save_tensors
from ..support.checkout import WORK

FOLDER = WORK / "runs" / "flag_comparisons"
FILE_NAME = "networks.safetensors"
FORMAT = "threepoint-flag-comparisons-1"
COMMAND = "python3 tools train flag --stage comparisons"
CODE_COUNT = 32
"""Numbers of a variational autoencoder's code, as VPoser's."""
HIDDEN_LAYERS = 3
POSTERIOR_RANGE = (-6.0, 1.0)
"""Bounds of the log standard deviation of a code."""
DIVERGENCE_WEIGHT = 0.005
"""Of the KL term in training, as VPoser's; with 1 the bound is one."""


class ConditionalVae(nn.Module):
    """A conditional variational autoencoder of poses x (B, 66) given FLAG's condition (B, C); prior N(0, I).

    ``log_sigma`` (66,) is the log standard deviation of a pose around what the decoder says, learned, so that ``bound``
    is a bound of the likelihood.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = _network(POSE_COUNT + CONDITION_COUNT, width, 2 * CODE_COUNT)
        self.decoder = _network(CODE_COUNT + CONDITION_COUNT, width, POSE_COUNT)
        self.log_sigma = nn.Parameter(torch.zeros(POSE_COUNT))

    def decode(self, z: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Poses (B, 66) of codes (B, ``CODE_COUNT``)."""
        return self.decoder(torch.cat([z, condition], -1))

    def bound(
        self, x: torch.Tensor, condition: torch.Tensor, noise: torch.Tensor, weight: float = 1.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-likelihood of poses less ``weight`` times the KL divergence, (B,) nats; and the poses decoded (B, 66).

        ``noise`` (B, ``CODE_COUNT``) is standard normal. With ``weight`` 1 it is the evidence lower bound.
        """
        mean, log_sigma = self.encoder(torch.cat([x, condition], -1)).chunk(2, -1)
        log_sigma = soft_clamp(log_sigma, *POSTERIOR_RANGE)
        decoded = self.decode(mean + torch.exp(log_sigma) * noise, condition)
        divergence = 0.5 * (mean**2 + torch.exp(2 * log_sigma) - 1 - 2 * log_sigma).sum(-1)
        return gaussian_log_prob(x, decoded, self.log_sigma) - weight * divergence, decoded


class LatentMlp(nn.Module):
    """The paper's MLP_H (table 4): a plain network from the condition (B, C) to a latent code (B, 66)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = _network(CONDITION_COUNT, width, POSE_COUNT)

    def forward(self, condition: torch.Tensor) -> torch.Tensor:
        return self.layers(condition)


class Comparisons(nn.Module):
    """All of them, in the paper's mode: the root at the origin.

    ``supervised`` is FLAG with intermediate supervision and its latent region; ``plain`` FLAG's flow without, which is
    ProHMR's; ``vae`` an autoencoder of the flow's size, which stands for the paper's others; ``mlp`` is as large as the
    latent region.
    """

    def __init__(self, size: str) -> None:
        """``size``: a name in ``flag.model.CONFIGS``."""
        super().__init__()
        self.size = size
        config = replace(CONFIGS[size], mode="pelvis")
        self.supervised, self.plain = Flag(config), Flag(config)
        self.vae = ConditionalVae(_width(ConditionalVae, count(self.supervised.flow)))
        self.mlp = LatentMlp(_width(LatentMlp, count(self.supervised.region)))


def count(network: nn.Module) -> int:
    """Numbers that training sets."""
    return sum(parameter.numel() for parameter in network.parameters())


def save_comparisons(path: Path, networks: Comparisons) -> None:
    """Write the trained networks of a ``Comparisons``."""
    metadata = {"format": FORMAT, "size": networks.size}
    save_tensors(path, networks.state_dict(), metadata, full_precision=("",))


def load_comparisons(folder: Path | str, device: torch.device | str = "cpu") -> Comparisons:
    """The ``Comparisons`` that were trained into a folder. Raises ``InputError``, which names what would train them."""
    path = Path(folder) / FILE_NAME
    if not path.is_file():
        raise InputError(f"{path}: the networks that FLAG is compared with are not there; `{COMMAND}` trains them")
    tensors, metadata = load_tensors(path, "networks to compare with", FORMAT)
    networks = Comparisons(metadata["size"])
    networks.load_state_dict(tensors)
    return networks.to(device).eval().requires_grad_(False)


def _network(entering: int, width: int, leaving: int) -> nn.Sequential:
    sizes = (entering, *(width,) * HIDDEN_LAYERS)
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
    return nn.Sequential(*hidden, nn.Linear(width, leaving))


def _width(network: Callable[[int], nn.Module], target: int) -> int:
    """The least width, in eights, at which a network is no smaller than ``target`` parameters."""
    with torch.device("meta"):
        return next(width for width in count_from(8, 8) if count(network(width)) >= target)
