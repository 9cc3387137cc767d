"""Full float32 on every device, for as long as a network runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


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
