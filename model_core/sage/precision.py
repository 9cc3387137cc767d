"""In what precision networks compute, on every device: full float32, or half where that is as good and faster."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

HALF = {"cpu": torch.bfloat16}
"""Half precision of kinds of devices: processors multiply matrices in bfloat16, GPUs in float16."""


@cache
def fast_in_half(kind: str) -> bool:
    """Whether predictions are made in half precision on a kind of device unless told otherwise.

    They are on processors with matrix units for it (Intel's AMX): with vector instructions alone little is gained.
    """
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)  # Private: a torch of the user's may lack it.
    return kind == "cpu" and supported is not None and supported()


def reduced(device: torch.device, half: bool | None = None) -> torch.autocast:
    """A context in which products of matrices are in half precision: if ``half``, or, None, where ``fast_in_half``."""
    enabled = fast_in_half(device.type) if half is None else half
    return torch.autocast(device.type, HALF.get(device.type, torch.float16), enabled=enabled)


@contextmanager
def without_tf32() -> Iterator[None]:
    """Keep cuDNN from TF32, and leave its flag as it was; a context manager, or a decorator of functions.

    TF32, on by default in CUDA's convolutions and recurrent nets, rounds to a thousandth: other motion than a CPU's.
    """
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
