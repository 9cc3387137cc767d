"""FLAG whole: its configuration, the flow and the latent region together, and their weights on disk."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from ..geometry.skeleton import BODY_JOINT_COUNT
from ..safetensor_files import load_tensors, save_tensors
from .condition import CONDITION_COUNT, split_condition
from .flow import Flow
from .pose import POSE_COUNT, PoseNormalizer
from .region import LatentRegionModel, scatter_tracked

DEFAULT_WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights" / "flag.safetensors"
FORMAT = "threepoint-flag-2"
HAND_STATES = 4
"""Both hands seen, the left one lost, the right one, both."""
CALIBRATED = ("pose.", "uncertainty_")
"""First parts of the names of tensors that are measured rather than trained: kept in float32."""


@dataclass(frozen=True)
class FlagConfig:
    """Sizes of the networks. ``mode`` "head" is the deployable condition, "pelvis" the paper's root-at-origin."""

    mode: str = "head"
    couplings: int = 8
    hidden: int = 512
    context: int = 128
    width: int = 128
    layers: int = 3
    heads: int = 4
    groups: int = 32
    modes: int = 32


CONFIGS = {
    "small": FlagConfig(),
    "comparison": FlagConfig(hidden=256, width=96, layers=2),
    "large": FlagConfig(couplings=12, hidden=768, context=256, width=256, layers=4, heads=8),
    "smoke": FlagConfig(couplings=4, hidden=32, context=16, width=32, layers=1, heads=2, groups=4, modes=4),
}


class Flag(nn.Module):
    """Conditional flow f, region approximator f_LRA, the normalization of poses, and the calibration of uncertainty.

    ``uncertainty_gain`` and ``uncertainty_offset`` (``HAND_STATES``, 22) turn the standard deviation of samples at a
    joint into an expected error in metres, by which hands are lost (``uncertainty.hand_states``);
    ``uncertainty_interval`` (2,) times that error covers half and nine tenths of the true ones.
    """

    uncertainty_gain: torch.Tensor
    uncertainty_offset: torch.Tensor
    uncertainty_interval: torch.Tensor

    def __init__(self, config: FlagConfig = CONFIGS["small"]) -> None:
        super().__init__()
        self.config = config
        self.pose = PoseNormalizer()
        self.flow = Flow(POSE_COUNT, CONDITION_COUNT, config.couplings, config.hidden, config.context)
        self.region = LatentRegionModel(
            POSE_COUNT, config.width, config.layers, config.heads, config.groups, config.modes
        )
        self.register_buffer("uncertainty_gain", torch.ones(HAND_STATES, BODY_JOINT_COUNT))
        self.register_buffer("uncertainty_offset", torch.zeros(HAND_STATES, BODY_JOINT_COUNT))
        self.register_buffer("uncertainty_interval", torch.ones(2))

    def latent_region(self, condition: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """mu_H and log sigma_H (B, 66) of a condition (B, C)."""
        joints, valid, proportions = split_condition(condition)
        return self.region(*scatter_tracked(joints, valid), proportions)

    def predict(self, condition: torch.Tensor, z: torch.Tensor | None = None) -> torch.Tensor:
        """Poses x = f(z) (B, 66); with z = mu_H, the paper's generation without optimisation, unless ``z`` is given."""
        z = self.latent_region(condition)[0] if z is None else z
        return self.flow(z, self.flow.context(condition))


def save_flag(path: Path | str, model: Flag, note: str = "") -> None:
    """Write weights and configuration: trained tensors as float16, ``CALIBRATED`` ones as float32."""
    metadata = {"format": FORMAT, "config": json.dumps(asdict(model.config)), "note": note}
    save_tensors(path, model.state_dict(), metadata, full_precision=CALIBRATED)


def load_flag(path: Path | str | None = None, device: torch.device | str = "cpu") -> Flag:
    """FLAG with trained weights, in float32, for inference. Raises ``InputError`` where the file holds no FLAG."""
    path = DEFAULT_WEIGHTS if path is None else Path(path)
    tensors, metadata = load_tensors(path, "FLAG's weights", FORMAT)
    model = Flag(FlagConfig(**json.loads(metadata["config"])))
    model.load_state_dict(tensors)
    return model.to(device).eval().requires_grad_(False)
