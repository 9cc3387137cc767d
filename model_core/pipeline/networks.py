"""The two models, loaded once, and the device that they run on."""

from dataclasses import dataclass

import torch

from ..errors import InputError
from ..flag.model import Flag, load_flag
from ..options import DEVICES
from ..sage.ensemble import SageEnsemble, load_ensemble
from ..sage.model import Sage


@dataclass(frozen=True)
class Networks:
    """Both models on one ``device``."""

    sage: Sage | SageEnsemble
    flag: Flag
    device: str


def choose_device(wish: str = "auto") -> str:
    """The torch device for one of ``options.DEVICES``; "auto" prefers a GPU.

    Raises ``InputError`` where the wish cannot be had.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return next(name for name, there in available.items() if there)
    if wish not in available:
        raise InputError(f"device '{wish}' is unknown; choose {', '.join(DEVICES)}")
    if not available[wish]:
        raise InputError(f"device '{wish}' is not available here; choose auto or cpu")
    return wish


def load_networks(device: str = "auto") -> Networks:
    """Both models with the weights that come with Threepoint."""
    device = choose_device(device)
    return Networks(load_ensemble(device=device), load_flag(device=device), device)
