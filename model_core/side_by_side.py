"""Parts of a computation side by side in threads, each on one processor core.

Torch spreads single operations over the cores; those of networks as small as these are too short for that, and most of
the second core is lost. Whole windows side by side use both. Torch is loaded when it is used: Blender imports the files
of this folder without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

Part = TypeVar("Part")
Found = TypeVar("Found")


def side_by_side(
    function: Callable[[Part], Found], parts: Iterable[Part], device: torch.device | str
) -> Generator[Found, None, None]:
    """What ``function`` gives for each part, in their order, as ``map``: on the CPU in as many threads as torch has.

    A single part has all cores, and one that is computed in such a thread is not divided again. An error in a part, or
    one of whoever takes the results, ends the work; parts that have begun are waited for.
    """
    import torch

    parts, threads = list(parts), torch.get_num_threads()
    if torch.device(device).type != "cpu" or threads == 1 or len(parts) < 2:
        yield from map(function, parts)
        return
    inference, gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def compute(part: Part) -> Found:
        # Torch keeps these for each thread.
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return function(part)

    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
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
        torch.set_num_threads(threads)  # What the threads have set holds for those that begin later.
