"""Parts of a computation side by side in threads, each on a processor core of its own.

Torch spreads single operations over the cores; those of networks as small as these are too short for that, and most of
the second core is lost. Whole windows side by side use both. Torch is loaded when it is used: Blender imports the files
of this folder without it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

Part = TypeVar("Part")
Found = TypeVar("Found")


MOST = 4
"""Parts at a time, each of which holds some 40 MB; of more cores than that each part has several."""
_thread = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch from dividing operations that are too short for it; a context manager, or a decorator of functions."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side_by_side(
    function: Callable[[Part], Found], parts: Iterable[Part], device: torch.device | str
) -> Generator[Found, None, None]:
    """What ``function`` gives for each part, in their order, as ``map``: on the CPU in as many threads as torch has, at
    most ``MOST``.

    A single part has all cores, and one that is computed in such a thread is not divided again. An error in a part, or
    one of whoever takes the results, ends the work; parts that have begun are waited for.
    """
    import torch

    parts, cores = list(parts), torch.get_num_threads()
    threads = min(cores, len(parts), MOST)
    if torch.device(device).type != "cpu" or threads < 2 or hasattr(_thread, "is_part"):
        yield from map(function, parts)
        return
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def begin() -> None:
        _thread.is_part = True
        torch.set_num_threads(cores // threads)

    def compute(part: Part) -> Found:
        # Torch keeps these for each thread.
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return function(part)

    pool = ThreadPoolExecutor(threads, initializer=begin)
    waiting: deque[Future[Found]] = deque()
    try:
        for part in parts:
            waiting.append(pool.submit(compute, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)  # What the threads have set holds for those that begin later.
