"""Refuses what would make a GPU and its host wait for each other, on the CPU: nothing of it fits in a graph."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

READS_NUMBERS = {"_local_scalar_dense", "nonzero", "masked_select", "bincount", "_unique2", "unique_dim", "multinomial"}
"""Operations whose result, or the size of it, the host has to fetch."""
SENDS_NUMBERS = {"lift_fresh"}
"""Numbers of Python's that become a tensor: on a GPU, a copy that is waited for."""


class NoWaiting(TorchDispatchMode):
    """Within it, such operations raise."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.overloadpacket.__name__
        if name in READS_NUMBERS | SENDS_NUMBERS:
            raise AssertionError(f"{name}: host and device would wait for each other")
        if name in ("index", "index_put", "index_put_"):
            masks = [index for index in tree_leaves(args[1]) if index is not None and index.dtype == torch.bool]
            assert not masks, f"{name} by a mask: host and device would wait for each other"
        return operation(*args, **(kwargs or {}))
