"""A second device where there is none: what a GPU refuses, mixing its tensors with the processor's, is refused here.

Tensors "on" it are computed on the processor, yet every operation that mixes them with tensors left there raises, as it
would with CUDA. Its name is "meta", a device that every build of torch knows.
"""

from contextlib import contextmanager, nullcontext

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

DEVICE = torch.device("meta")
CROSSING = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}
"""The operations by which tensors go from one device to another."""
INDEXING = {torch.ops.aten.index.Tensor, torch.ops.aten.index_put.default, torch.ops.aten.index_put_.default}
"""The operations whose second argument, an index, may lie on the processor."""


class Elsewhere(torch.Tensor):
    """A tensor of the pretended device; ``here`` is the processor's that holds its numbers."""

    @staticmethod
    def __new__(cls, here):
        return torch.Tensor._make_wrapper_subclass(
            cls, here.shape, here.stride(), here.storage_offset(), dtype=here.dtype, device=DEVICE
        )

    def __init__(self, here):
        self.here = here

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _compute(operation, args, kwargs or {})


class _Pretend(TorchDispatchMode):
    """Sees the operations that make tensors, too."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _compute(operation, args, kwargs or {})


class _PretendNumbers(TorchFunctionMode):
    """Numbers become tensors below the level that ``_Pretend`` sees: they are made on the processor, then moved."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            args = (args[0], _index(args[1]), *args[2:])
        if function is torch.Tensor.new_tensor and isinstance(args[0], Elsewhere):
            return torch.tensor(args[1], dtype=args[0].dtype).to(DEVICE)
        if function in (torch.tensor, torch.as_tensor) and kwargs.get("device") is not None:
            device = kwargs.pop("device")
            return function(*args, **kwargs).to(device)
        return function(*args, **kwargs)


def _compute(operation, args, kwargs):
    meeting = (args[0], *args[2:]) if operation in INDEXING else args
    tensors = [value for value in tree_leaves((meeting, kwargs)) if isinstance(value, torch.Tensor)]
    away = any(isinstance(value, Elsewhere) for value in tensors)
    stray = [value for value in tensors if not isinstance(value, Elsewhere) and value.ndim > 0]
    if away and stray and operation not in CROSSING:
        raise RuntimeError(f"{operation}: a tensor {tuple(stray[0].shape)} was left on the processor")
    asked = [value for value in tree_leaves((args, kwargs)) if isinstance(value, torch.device)]
    away = asked[0] == DEVICE if asked else away
    here = tree_map_only((Elsewhere, torch.device), _here, (args, kwargs))
    found = operation(*here[0], **here[1])
    if operation._schema.is_mutable:
        return args[0] if isinstance(found, torch.Tensor) and found is _here(args[0]) else found
    return tree_map_only(torch.Tensor, Elsewhere, found) if away else found


def _index(index):
    """An index with the numbers that it lists as tensors on the processor."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(torch.tensor(part) if isinstance(part, list | tuple) else part for part in parts)


def _here(value):
    """The processor for a device, the numbers for a tensor of the pretended one."""
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.here if isinstance(value, Elsewhere) else value


@contextmanager
def pretend(monkeypatch):
    """Within it, ``to(DEVICE)`` and ``device=DEVICE`` make tensors of the pretended device."""
    # Half precision is decided by the device's name, and this one's knows none.
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    with _PretendNumbers(), _Pretend():
        yield DEVICE
