"""FLAG's flow f: a conditional RealNVP between latent codes z and poses x (paper, section 4.2).

``x = T_K(... T_1(z))``; every T_i is an affine coupling that changes half of the numbers by amounts computed from the
other half and the condition. Neighbouring couplings swap the halves; nothing else is permuted, so that what comes out
of any T_i can be read as a pose.
"""

import math
from typing import cast

import torch
from torch import nn

LOG_SCALE_BOUND = 2.0
"""One coupling stretches or shrinks a number at most by e to this power."""


class Coupling(nn.Module):
    """One transformation T_i: (a, b) -> (a, b * exp(s) + t) with s, t = net(a, context) (Dinh et al. 2017, eq 7)."""

    def __init__(self, count: int, hidden: int) -> None:
        super().__init__()
        self.enter = nn.Linear(count // 2, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.leave = nn.Linear(hidden, count)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def _scale_and_shift(self, kept: torch.Tensor, context: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        act = nn.functional.silu
        hidden = act(self.enter(kept) + context)
        raw = self.leave(act(self.middle(hidden)))
        log_scale, shift = raw.to(kept.dtype).chunk(2, -1)
        return LOG_SCALE_BOUND * torch.tanh(log_scale / LOG_SCALE_BOUND), shift

    def forward(self, kept: torch.Tensor, changed: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Both halves of z (..., D / 2) -> the half of T(z) that is not ``kept``."""
        log_scale, shift = self._scale_and_shift(kept, context)
        return changed * torch.exp(log_scale) + shift

    def inverse(
        self, kept: torch.Tensor, changed: torch.Tensor, context: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Both halves of x (..., D / 2) -> the half of T^-1(x) that is not ``kept``, and log abs det of its Jacobian
        (...)."""
        log_scale, shift = self._scale_and_shift(kept, context)
        return (changed - shift) * torch.exp(-log_scale), -log_scale.sum(-1)


def _halves(values: torch.Tensor) -> list[torch.Tensor]:
    """Even and odd numbers (..., D / 2) of (..., D): coupling T_i keeps those of half i modulo 2."""
    return list(values.unflatten(-1, (-1, 2)).movedim(-1, 0).contiguous())


def _join(halves: list[torch.Tensor]) -> torch.Tensor:
    """The inverse of ``_halves``."""
    return torch.stack(halves, -1).flatten(-2)


class Flow(nn.Module):
    """The conditional flow over poses: K couplings and an encoder of the condition."""

    def __init__(
        self, count: int, condition_count: int, couplings: int = 8, hidden: int = 512, context: int = 128
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(condition_count, 2 * context), nn.SiLU(), nn.Linear(2 * context, context)
        )
        self.to_coupling = nn.ModuleList(nn.Linear(context, hidden, bias=False) for _ in range(couplings))
        self.couplings = nn.ModuleList(Coupling(count, hidden) for _ in range(couplings))

    def context(self, condition: torch.Tensor) -> list[torch.Tensor]:
        """The couplings' embeddings of a condition (..., C): (..., hidden) each. Compute once while z is optimised."""
        encoded = nn.functional.silu(self.encoder(condition))
        return [layer(encoded) for layer in self.to_coupling]

    def forward(self, z: torch.Tensor, context: list[torch.Tensor], depth: int | None = None) -> torch.Tensor:
        """Latent z (..., D) -> pose x = T_depth(... T_1(z)) (..., D); the whole flow without ``depth``."""
        halves = _halves(z)
        for number, (coupling, own) in enumerate(list(zip(self.couplings, context, strict=True))[:depth]):
            kept, changed = number % 2, 1 - number % 2
            halves[changed] = coupling(halves[kept], halves[changed], own)
        return _join(halves)

    def inverse(
        self, x: torch.Tensor, context: list[torch.Tensor], depth: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pose x (..., D) -> its oracle latent code z (..., D) and log abs det dz/dx (...) (paper, section 4.3)."""
        halves, log_det = _halves(x), x.new_zeros(x.shape[:-1])
        for number, (coupling, own) in reversed(list(enumerate(zip(self.couplings, context, strict=True)))[:depth]):
            kept, changed = number % 2, 1 - number % 2
            halves[changed], own_log_det = cast(Coupling, coupling).inverse(halves[kept], halves[changed], own)
            log_det = log_det + own_log_det
        return _join(halves), log_det

    def log_prob(self, x: torch.Tensor, context: list[torch.Tensor], depth: int | None = None) -> torch.Tensor:
        """log p(x | condition) (...) by change of variables (paper, eq 3), under T_depth ... T_1 if given."""
        z, log_det = self.inverse(x, context, depth)
        return standard_log_prob(z) + log_det

    def log_prob_of_depths(
        self, x: torch.Tensor, context: list[torch.Tensor], depths: torch.Tensor | int
    ) -> torch.Tensor:
        """log p_depth(x | condition) (B,) of poses x (B, D), each under a sub-flow of its own ``depths`` (B,).

        A coupling beyond a pose's depth leaves it as it is.
        """
        halves, log_det = _halves(x), x.new_zeros(x.shape[:-1])
        depths = torch.as_tensor(depths, device=x.device).expand(len(x))
        for number in reversed(range(len(self.couplings))):
            within, kept, changed = depths > number, number % 2, 1 - number % 2
            coupling = cast(Coupling, self.couplings[number])
            found, own_log_det = coupling.inverse(halves[kept], halves[changed], context[number])
            halves[changed] = torch.where(within[:, None], found, halves[changed])
            log_det = log_det + torch.where(within, own_log_det, 0.0)
        return standard_log_prob(_join(halves)) + log_det


def standard_log_prob(z: torch.Tensor) -> torch.Tensor:
    """log N(z; 0, I) (...) of (..., D)."""
    return -0.5 * (z * z).sum(-1) - 0.5 * z.shape[-1] * math.log(2 * math.pi)
