"""A training step on a GPU in which the host waits for nothing: constants that stay there, and one recorded graph.

A step of these small networks is some thousand kernels of a few microseconds each: launched one by one they take
several times as long as they run. Recorded once (``torch.cuda.CUDAGraph``) and replayed, they follow each other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

WARM_UPS = 3
"""Steps before recording: they allocate what optimizers and libraries keep."""
MAKERS = (torch.tensor, torch.as_tensor)
PRODUCTS = (torch.Tensor.__matmul__, torch.Tensor.matmul, torch.matmul)


class StayOnDevice(TorchFunctionMode):
    """Within it, lists and numbers that index or become tensors of a GPU are sent there once, and products of 3 x 3
    matrices are sums of products.

    What is made of the same numbers is the same tensor, so it must not be changed in place. The libraries' batched
    products are made for large matrices: of many tiny ones they are ten times slower than elementwise sums.
    """

    def __init__(self, device: torch.device | str) -> None:
        super().__init__()
        self.device = torch.device(device)
        self.kept: dict[tuple[Any, ...], torch.Tensor] = {}

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is torch.Tensor.__getitem__ and self._ours(args[0]):
            return function(args[0], self._index(args[1]))
        if function is torch.Tensor.__setitem__ and self._ours(args[0]):
            value = args[2] if torch.is_tensor(args[2]) else args[0].new_full((), args[2])
            return function(args[0], self._index(args[1]), value)
        if function in MAKERS and self._device_of(kwargs) == self.device.type and not torch.is_tensor(args[0]):
            return self._constant(args[0], kwargs.get("dtype"))
        if function is torch.Tensor.new_tensor and self._ours(args[0]):
            return self._constant(args[1], kwargs.get("dtype", args[0].dtype))
        if function in PRODUCTS and self._ours(args[0]) and _tiny(args[0], args[1]):
            return tiny_product(args[0], args[1])
        return function(*args, **kwargs)

    def _ours(self, tensor: torch.Tensor) -> bool:
        return tensor.device.type == self.device.type

    def _device_of(self, kwargs: dict[str, Any]) -> str | None:
        device = kwargs.get("device")
        return None if device is None else torch.device(device).type

    def _index(self, index: Any) -> Any:
        if isinstance(index, list):
            return self._constant(index, None)
        if not isinstance(index, tuple):
            return index
        return tuple(self._constant(part, None) if isinstance(part, list | tuple) else part for part in index)

    def _constant(self, values: Any, dtype: torch.dtype | None) -> torch.Tensor:
        array = np.asarray(values)
        key = array.tobytes(), array.shape, str(array.dtype), dtype
        if key not in self.kept:
            self.kept[key] = torch.tensor(values, dtype=dtype, device=self.device)
        return self.kept[key]


def _tiny(first: torch.Tensor, second: Any) -> bool:
    """Whether this is a product of 3 x 3 matrices with such or with vectors, in full precision."""
    return (
        torch.is_tensor(second)
        and first.dtype == second.dtype == torch.float32
        and first.ndim >= 2
        and second.ndim >= 2
        and first.shape[-2:] == (3, 3)
        and second.shape[-2] == 3
        and second.shape[-1] in (1, 3)
    )


def tiny_product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """(..., 3, 3) @ (..., 3, n) as three sums of products."""
    total = first[..., :, 0:1] * second[..., 0:1, :]
    total = torch.addcmul(total, first[..., :, 1:2], second[..., 1:2, :])
    return torch.addcmul(total, first[..., :, 2:3], second[..., 2:3, :])


class RecordedStep:
    """``step()``, which returns tensors, recorded after ``WARM_UPS`` real steps; each call of this replays it.

    The tensors returned are the same ones each time, with the newest numbers in them.
    """

    def __init__(self, step: Callable[[], Any], generator: torch.Generator) -> None:
        """Raises ``RuntimeError`` where the device or the step does not allow recording."""
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                step()
        torch.cuda.current_stream().wait_stream(beside)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(generator)
        with torch.cuda.graph(self.graph):
            self.found = step()

    def __call__(self) -> Any:
        self.graph.replay()
        return self.found


class HostLimiter:
    """Keeps the host a few steps ahead of the device, no more: a schedule by the clock needs to know what is done."""

    AHEAD = 4

    def __init__(self) -> None:
        self.events: list[torch.cuda.Event] = []

    def step(self) -> None:
        event = torch.cuda.Event()
        event.record()
        self.events.append(event)
        if len(self.events) > self.AHEAD:
            self.events.pop(0).synchronize()
