"""Attention among the tokens of a window, or of each token to those near it."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class Span:
    """The tokens that a token attends to: itself, so many ``before`` it and so many ``after``."""

    before: int
    after: int

    @property
    def streamed(self) -> bool:
        """Whether nothing that comes later is seen."""
        return self.after == 0


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, span: Span | None = None) -> torch.Tensor:
    """Softmax attention of (B, heads, T, channels) each, to all tokens or to those of a ``span``.

    A query times a key is a score.

    With a span, tokens go by blocks as long as it reaches, each with the keys that its tokens may see: work grows with
    the window's length, not with its square.
    """
    if span is None:
        return _attended(query @ key.mT, value)
    heads, tokens, block = query.shape[1], query.shape[2], max(span.before, span.after)
    blocks = -(-tokens // block)
    rest, keys = blocks * block - tokens, span.before + block + span.after
    query = F.pad(query, (0, 0, 0, rest)).unflatten(2, (blocks, block)).flatten(0, 1)
    key, value = (
        F.pad(part, (0, 0, span.before, span.after + rest)).unfold(2, keys, block).mT.flatten(0, 1)
        for part in (key, value)
    )
    scores = (query @ key.mT).masked_fill(_unseen_by_blocks(query.device, tokens, span, block), -torch.inf)
    return _attended(scores, value).flatten(1, 2).unflatten(0, (-1, heads))[:, :, :tokens]


def _attended(scores: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The fused kernels exponentiate to six digits alone, and processors half precision slower than single."""
    return scores.float().softmax(-1).to(value.dtype) @ value


@lru_cache(maxsize=64)
def _unseen_by_blocks(device: torch.device, tokens: int, span: Span, block: int) -> torch.Tensor:
    """Which keys the tokens of each block do not see: (blocks, block, keys)."""
    with torch.inference_mode(False):  # What was made for inference alone could not train later.
        first = torch.arange(0, tokens, block, device=device)[:, None, None]
        token = torch.arange(block, device=device)[:, None]
        key = torch.arange(-span.before, block + span.after, device=device)
        near = (key - token >= -span.before) & (key - token <= span.after)
        seen = near & (first + key >= 0) & (first + key < tokens)
        return ~(seen | (first + token >= tokens))  # What fills the last block up sees all: no softmax of nothing.
