"""FLAG's latent region approximator: from head and hands to N(mu_H, Sigma_H) in the flow's base space (section 4.3)."""

import torch
from torch import nn

from ..geometry.skeleton import BODY_JOINT_COUNT, TRACKED_JOINTS
from ..safetensor_files import rename_former_keys
from .condition import JOINT_FEATURES, PROPORTIONS

MASKING_ORDER = ((10, 11), (7, 8), (4, 5), (1, 2), (3, 6, 9, 12), (18, 19), (16, 17), (13, 14), (0,))
"""Joints in the order in which training hides them, along the tree (paper, footnote 1); head and hands never."""

LOG_SIGMA_RANGE = (-4.0, 1.0)
"""Bounds of log sigma_H: the flow's own base distribution is 0."""


def visible_joints(stage: int | torch.Tensor, device: torch.device | None = None) -> torch.Tensor:
    """(22,) bool: the joints still shown when the first ``stage`` groups of ``MASKING_ORDER`` are hidden.

    ``stage`` may be a tensor.
    """
    hidden_from = [len(MASKING_ORDER) + 1] * BODY_JOINT_COUNT
    for number, group in enumerate(MASKING_ORDER, 1):
        for joint in group:
            hidden_from[joint] = number
    hidden = torch.as_tensor(stage, device=device).clamp_max(len(MASKING_ORDER))
    return torch.tensor(hidden_from, device=device) > hidden


def scatter_tracked(joints: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Head and hands (B, 3, 9), valid (B, 3) -> all joints (B, 22, 9) and which of them are visible (B, 22) bool."""
    everything = joints.new_zeros(len(joints), BODY_JOINT_COUNT, JOINT_FEATURES)
    everything[:, list(TRACKED_JOINTS)] = joints
    visible = torch.zeros(everything.shape[:2], dtype=torch.bool, device=joints.device)
    visible[:, list(TRACKED_JOINTS)] = valid > 0
    return everything, visible


class Attention(nn.Module):
    """One encoder layer: self-attention over the joints, then a two-layer network, both residual and pre-normalised."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.to_qkv = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, N, width) -> (B, N, width)."""
        qkv = self.to_qkv(self.norms[0](tokens)).unflatten(-1, (3, self.heads, -1))
        query, key, value = (part.transpose(1, 2) for part in qkv.unbind(2))
        # Tokens are two dozen: plain attention is faster there than the fused kernels.
        scores = (query @ key.transpose(-1, -2)) * query.shape[-1] ** -0.5
        attended = scores.softmax(-1).to(value.dtype) @ value
        tokens = tokens + self.out_proj(attended.transpose(1, 2).flatten(2))
        return tokens + self.mlp(self.norms[1](tokens))


class LatentRegionModel(nn.Module):
    """Transformer f_LRA over joint tokens with a G x M categorical latent space (paper, figure 4)."""

    def __init__(
        self, pose_count: int, width: int = 128, layers: int = 3, heads: int = 4, groups: int = 32, modes: int = 32
    ) -> None:
        super().__init__()
        self.groups, self.modes = groups, modes
        self.register_load_state_dict_pre_hook(rename_former_keys)
        self.embed = nn.Linear(JOINT_FEATURES, width)
        self.embed_person = nn.Linear(PROPORTIONS, width)
        self.hidden_joint = nn.Parameter(torch.randn(width) * 0.02)
        self.identity = nn.Parameter(torch.randn(BODY_JOINT_COUNT + 1, width) * 0.02)
        self.encoder = nn.Sequential(*(Attention(width, heads) for _ in range(layers)), nn.LayerNorm(width))
        self.masked_joint_predictor = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, JOINT_FEATURES)
        )
        self.to_latent_space = nn.Linear(len(TRACKED_JOINTS) * width, groups * modes)
        latent = groups * modes
        self.to_pose_space = nn.Sequential(nn.Linear(latent, 256), nn.GELU(), nn.Linear(256, pose_count))
        self.latent_region_approximator = nn.Sequential(
            nn.Linear(latent, 512), nn.GELU(), nn.Linear(512, 2 * pose_count)
        )

    def encode(self, joints: torch.Tensor, visible: torch.Tensor, proportions: torch.Tensor) -> torch.Tensor:
        """Joint tokens after attention.

        ``joints`` (B, 22, 9) as ``condition.joint_features`` gives them, ``visible`` (B, 22) bool (values of hidden
        joints are ignored), ``proportions`` (B, 3). Returns (B, 22, width).
        """
        shown = torch.where(visible[..., None], self.embed(joints), self.hidden_joint)
        tokens = torch.cat([shown, self.embed_person(proportions)[:, None]], 1) + self.identity
        return self.encoder(tokens)[:, :-1]

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """Pool_H, then ToLatentSpace: the head's and hands' tokens -> logits (B, G, M) of the categorical latent."""
        pooled = tokens[:, list(TRACKED_JOINTS)].flatten(1)
        return self.to_latent_space(pooled).unflatten(-1, (self.groups, self.modes)).to(self.identity.dtype)

    def approximate(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """LatentRegionApproximator: the whole categorical distribution (B, G, M) -> mu_H, log sigma_H, each (B, D)."""
        centred = logits - logits.mean(-1, keepdim=True)
        mean, log_sigma = self.latent_region_approximator(centred.flatten(1)).to(self.identity.dtype).chunk(2, -1)
        return mean, soft_clamp(log_sigma, *LOG_SIGMA_RANGE)

    def forward(
        self, joints: torch.Tensor, visible: torch.Tensor, proportions: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """mu_H and log sigma_H (B, D) from what is visible of a body."""
        return self.approximate(self.logits(self.encode(joints, visible, proportions)))


def soft_clamp(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Values squeezed smoothly between two bounds; 0, when it lies between them, stays nearly 0."""
    middle, half = (high + low) / 2, (high - low) / 2
    return middle + half * torch.tanh((values - middle) / half)


def gumbel_softmax(
    logits: torch.Tensor, temperature: float | torch.Tensor, generator: torch.Generator | None = None
) -> torch.Tensor:
    """One-hot samples (B, G, M) of the categoricals, with the soft sample's gradient (Jang et al. 2017, eq 2)."""
    uniform = torch.rand(logits.shape, generator=generator, device=logits.device).clamp(1e-9, 1 - 1e-7)
    soft = torch.softmax((logits - torch.log(-torch.log(uniform))) / temperature, -1)
    hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)
    return hard + soft - soft.detach()
