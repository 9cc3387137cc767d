"""Thousands of recordings to motions, on all cores or GPUs of this machine or of a Ray cluster; killed, it goes on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..model_core.batches import shards
from ..model_core.batches.rows import ERROR, OK
from .batching import distributing, output
from .batching.animating import failed
from .batching.options import parse
from .batching.sources import Source, find_sources
from .batching.units import Unit, alone, units_of
from .batching.worker import NODE, shard_name
from .support.progress import TerminalProgress

SHOWN_ERRORS = 5
"""Errors that are printed at the end; all of them are rows."""
SAID_EVERY = 15.0
"""Seconds from one line of progress to the next where no terminal is."""


def run(arguments: list[str]) -> int:
    """List recordings, leave out those whose rows are there, have the others done, write the index."""
    options = parse(arguments, __doc__)
    shards.arrow()
    found = find_sources(options.inputs, options.player)
    if found.others:
        print(f"{found.others} files are left out: their names end as no recording's does")
    with output.opened(options) as name:
        there = set(shards.stored_ids(options.output))
        units = units_of(found.sources, there, options, options.gpus or distributing.local_workers(options))
        if there:
            print(f"{len(there)} rows are there already")
        if units:
            with distributing.cluster(options) as ray, Said(len(found.sources), len(there)) as said:

                def do(some: Sequence[Unit]) -> None:
                    for first in range(0, len(some), distributing.UNITS_A_WAVE):
                        wave = some[first : first + distributing.UNITS_A_WAVE]
                        distributing.distribute(ray, wave, options, name, said)
                        shards.join_shards(options.output, least=distributing.UNITS_A_WAVE)

                do(units)
                do(alone(found.sources, set(shards.stored_ids(options.output))))
            print(f"{said.text()}, on {len(said.nodes)} machine{'s' * (len(said.nodes) != 1)}")
        give_up(found.sources, options)
        shards.join_shards(options.output)
        shards.write_index(options.output)
    say_what_there_is(options)
    return 0


def give_up(sources: Sequence[Source], options: argparse.Namespace) -> None:
    """Write the rows of recordings at which every worker died."""
    there = set(shards.stored_ids(options.output))
    lost = [source for source in sources if source.id not in there]
    if lost:
        often = 1 + distributing.RETRIES
        rows = [failed(source, f"its worker died {often} times at it: too little memory?") for source in lost]
        shards.write_shard(options.output, shard_name([row.id for row in rows]), rows)


class Said:
    """How far it has come: recordings, and hours of motion, a second. A context that ends its line."""

    def __init__(self, count: int, there: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.count, self.there, self.clock = count, there, clock
        self.begun = clock()
        self.bar = TerminalProgress(clock)
        self.done, self.seconds, self.errors, self.last = 0, 0.0, 0, float("-inf")
        self.nodes: set[str] = set()

    def __enter__(self) -> Said:
        self.bar.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.bar.__exit__(*exception)

    def __call__(self, rows: dict[str, Any]) -> None:
        """Some more rows, by column."""
        self.done += len(rows["id"])
        self.seconds += float(sum(rows["seconds"]))
        self.nodes.update(rows[NODE])
        self.errors += sum(status == ERROR for status in rows["status"])
        now = self.clock()
        if self.bar.terminal or now - self.last >= SAID_EVERY:
            self.last = now
            self.bar(self.done / max(1, self.count - self.there), self.text())

    def text(self) -> str:
        """What is said."""
        elapsed = max(1e-9, self.clock() - self.begun)
        failed = f", {self.errors} with errors" if self.errors else ""
        speed = f"{self.done / elapsed:.2f} recordings and {self.seconds / 3600 / elapsed:.4f} hours of motion a second"
        return f"{self.there + self.done} of {self.count} recordings{failed}; {speed}"


def say_what_there_is(options: argparse.Namespace) -> None:
    """Say how many rows there are, the first errors, and where to find them."""
    count = {OK: 0, ERROR: 0}
    seconds, errors = 0.0, []
    for path in shards.shards_of(options.output):
        for row in shards.said(path, ("id", "status", "seconds", "error")).to_pylist():
            count[row["status"]] += 1
            seconds += row["seconds"]
            if row["status"] == ERROR:
                errors.append(f"{row['id']}: {row['error']}")
    for line in errors[:SHOWN_ERRORS]:
        print(f"  {line}")
    if len(errors) > SHOWN_ERRORS:
        print(f"  and {len(errors) - SHOWN_ERRORS} more: the rows whose status is '{ERROR}'")
    print(f"{options.output}: {count[OK]} motions, {seconds / 3600:.2f} hours; {count[ERROR]} with errors")
