"""Several SAGEs whose predictions are averaged: what one training gets wrong by chance, another does not.

That holds for the mirror image too, which the first sees as well: nothing makes a network its own mirror.

Their sizes and training motion may differ. Streams, and takes, which draw one motion of many, are the first's alone.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from .model import COMPANION, WEIGHTS, Sage, load_sage


class SageEnsemble(nn.Module):
    """The ``members`` side by side; ``inference.predict`` takes it in place of one SAGE."""

    def __init__(self, members: Sequence[Sage]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(members)
        self.members = tuple(members)

    @property
    def first(self) -> Sage:
        return self.members[0]


def members_of(sage: Sage | SageEnsemble) -> tuple[Sage, ...]:
    """One SAGE, or those of an ensemble."""
    return sage.members if isinstance(sage, SageEnsemble) else (sage,)


def load_ensemble(folder: Path | str | None = None, device: torch.device | str = "cpu") -> SageEnsemble:
    """The SAGEs whose weights lie in a folder; without a folder, those that come with Threepoint."""
    folder = Path(folder or WEIGHTS)
    return SageEnsemble([load_sage(folder, device), load_sage(folder, device, COMPANION)])
