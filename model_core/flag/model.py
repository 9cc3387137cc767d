"""FLAG as a whole: the flow, its latent region and what it takes to use them on a person in a room."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from ..errors import InputError
from ..geometry.skeleton import BODY_JOINT_COUNT
from .condition import CONDITION_COUNT, split_condition
from .flow import Flow
from .pose import POSE_COUNT, PoseNormalizer
from .region import LatentRegionModel, place_tracked

DEFAULT_WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights" / "flag.safetensors"
FORMAT = "threepoint-flag-2"
HAND_STATES = 4
"""Both hands seen, the left one lost, the right one, both."""
MEASURES = ("pose.", "uncertainty_")
"""Tensors that are measured rather than trained: kept in float32."""


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
    """Conditional flow f, region approximator f_LRA, the coding of poses, and how spread becomes an error to expect.

    ``uncertainty_gain`` and ``uncertainty_offset`` (``HAND_STATES``, 22) turn the spread of samples at a joint into the
    error to expect, in metres, by which hands are lost (``uncertainty.hand_states``); ``uncertainty_interval`` (2,)
    times that error covers half and nine tenths of the true ones.
    """

    def __init__(self, config=CONFIGS["small"]):
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

    def latent_region(self, condition):
        """mu_H and log sigma_H (B, 66) of a condition (B, C)."""
        joints, valid, proportions = split_condition(condition)
        return self.region(*place_tracked(joints, valid), proportions)

    def predict(self, condition, z=None):
        """Poses x = f(z) (B, 66); with z = mu_H, the paper's generation without optimisation, unless ``z`` is given."""
        z = self.latent_region(condition)[0] if z is None else z
        return self.flow(z, self.flow.context(condition))


def save_flag(path, model, note=""):
    """Write weights and configuration; what is trained as float16, ``MEASURES`` as float32."""
    tensors = {
        name: (value if name.startswith(MEASURES) else value.half()).contiguous()
        for name, value in model.state_dict().items()
    }
    metadata = {"format": FORMAT, "config": json.dumps(asdict(model.config)), "note": note}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, str(path), metadata=metadata)


def load_flag(path=None, device="cpu"):
    """FLAG with trained weights, in float32, for inference. Raises ``InputError`` where the file holds no FLAG."""
    path = DEFAULT_WEIGHTS if path is None else Path(path)
    try:
        with safe_open(str(path), framework="pt", device=str(device)) as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as FLAG's weights: {error}") from error
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: holds {metadata.get('format', 'unnamed weights')}, expected {FORMAT}")
    model = Flag(FlagConfig(**json.loads(metadata["config"])))
    model.load_state_dict(tensors)
    return model.to(device).eval().requires_grad_(False)
