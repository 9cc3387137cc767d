"""In what precision networks compute, on every device: full float32, or half where it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

HALF = {"cpu": torch.bfloat16}
"""Half precision of kinds of devices: processors multiply matrices in bfloat16, GPUs in float16."""


@cache
def fast_in_half(kind: str) -> bool:
    """Whether a kind of device multiplies faster in half precision: of processors those with matrix units (AMX).

    Predictions are in full precision all the same unless asked for: rounded, they depend on where a recording lies and
    on what shares its batch, by a quarter of a millimetre, and by a centimetre once refined.
    """
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)  # Private: a torch of the user's may lack it.
    return kind == "cuda" or (kind == "cpu" and supported is not None and supported())


def reduced(device: torch.device, half: bool) -> torch.autocast:
    """A context in which, if ``half``, products of matrices are in half precision."""
    return torch.autocast(device.type, HALF.get(device.type, torch.float16), enabled=half)


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
