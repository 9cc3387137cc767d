"""What a worker does with a unit of recordings: make their rows and write them as shards of its own.

A shard's name follows from the recordings in it. Whoever does a unit again, because a worker was killed at it, leaves
what is there already and writes the rest; motions stay where they were made, and a few words go back.
"""

import argparse
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ...model_core.batches.rows import BatchRow
from ...model_core.batches.shards import SHARD_FOLDER, said, write_shard
from .animating import Animator
from .output import current_run
from .units import Unit

SAID = ("id", "status", "error", "seconds")
"""What goes back of a row."""
BEGAN = "began"
"""The column of when its unit was begun, in seconds of the machine's clock."""
NODE = "node"
"""The column of Ray's name of the machine."""
UNIT = "unit"
"""The column of what a worker is given."""


class Worker:
    """One process: both networks loaded once. ``run`` is the name of the run that it writes for."""

    def __init__(self, options: argparse.Namespace, run: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.options, self.run = options, run
        self.animator = Animator(options)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list]:
        """Do units, a column of their texts; ``SAID``, ``BEGAN`` and ``NODE`` of each recording whose row is stored."""
        import ray  # pyright: ignore[reportMissingImports]

        found: dict[str, list] = {name: [] for name in (*SAID, BEGAN, NODE)}
        for text in batch[UNIT]:
            began = time.time()
            for row in self.do(Unit.of(str(text))):
                for name in SAID:
                    found[name].append(getattr(row, name))
                found[BEGAN].append(began)
                found[NODE].append(ray.get_runtime_context().get_node_id())
        return found

    def do(self, unit: Unit) -> Iterator[BatchRow]:
        """The rows of one unit, stored."""
        left = [source for source in unit.sources if source.id not in unit.done]
        player = self.animator.player(unit.sources)
        for first in range(0, len(left), self.options.together):
            part = left[first : first + self.options.together]
            name = shard_name([source.id for source in part])
            path = self.options.output / SHARD_FOLDER / f"{name}.parquet"
            if path.exists():
                yield from (BatchRow(**row) for row in said(path, SAID).to_pylist())
                continue
            rows = list(self.animator.rows(part, player))
            if current_run(self.options.output) != self.run:
                os._exit(1)  # The run that this worker belongs to was killed, and another goes on.
            write_shard(self.options.output, name, rows, self.animator.body)
            yield from rows


def shard_name(ids: Sequence[str]) -> str:
    """The name of the shard with the rows of these ids."""
    return "rows-" + hashlib.sha256("\0".join(ids).encode("utf-8", "surrogateescape")).hexdigest()[:24]
