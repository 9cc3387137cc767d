"""Ray Data: units of recordings to workers, on this machine or on a cluster; what is lost with a worker is done again.

Motions never pass through Ray: workers write them, and a few words a recording come back. A unit whose worker dies is
done again ``RETRIES`` times; then each of its recordings is, alone; one at which workers still die is an error's row.
"""

import argparse
import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...model_core.errors import InputError
from ...model_core.threads import SPIN_COUNT
from .worker import UNIT, Unit, Worker

RETRIES = 2
"""Times that a unit is done again after the first."""
OBJECT_STORE = 128 << 20
"""Bytes of shared memory on this machine: what passes through it are lists of recordings, and what became of each."""
UNITS_A_WAVE = 4096
"""Units that are handed to Ray together: what it remembers of them is bounded, and between waves shards are joined."""
Told = Callable[[dict[str, Any]], None]
"""Called with what has become of some recordings, by column."""


@contextlib.contextmanager
def cluster(options: argparse.Namespace) -> Iterator[Any]:
    """Ray, on this machine alone unless ``--address`` names a cluster. Raises ``InputError`` without Ray or cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would tell its makers of every run.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("batch: needs Ray Data: pip install 'threepoint[batch]'") from None
    quiet: dict[str, Any] = dict(log_to_driver=False, logging_level=logging.ERROR)
    try:
        if options.address:
            ray.init(address=options.address, **quiet)
        else:
            ray.init(
                address="local", num_cpus=(options.gpus or local_workers(options)) + 1,
                object_store_memory=OBJECT_STORE, include_dashboard=False, **quiet,
            )  # fmt: skip
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"batch: no Ray cluster at {options.address or 'this machine'} ({error})") from None
    for number, handler in before.items():  # Ray's own would end the process without a word to those who wait for it.
        signal.signal(number, handler)
    context = ray.data.DataContext.get_current()
    context.max_errored_blocks = -1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        yield ray
    finally:
        ray.shutdown()


def local_workers(options: argparse.Namespace) -> int:
    """Workers on this machine: as many as asked for, else one a core that this process may use."""
    return options.workers or cores()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count(options: argparse.Namespace, ray: Any) -> int:
    """Workers in all. Raises ``InputError`` where the cluster has fewer GPUs than asked for."""
    there = ray.cluster_resources()
    if options.gpus:
        if there.get("GPU", 0) < options.gpus:
            raise InputError(f"batch: --gpus {options.gpus}, and Ray sees {there.get('GPU', 0):.0f}")
        return options.gpus
    return options.workers or (local_workers(options) if not options.address else max(1, int(there.get("CPU", 1))))


def distribute(ray: Any, units: Sequence[Unit], options: argparse.Namespace, run: str, tell: Told) -> None:
    """Have units done, a wave of them. Returns when all are done or given up."""
    count = min(worker_count(options, ray), len(units))
    arguments = {"options": options, "run": run, "threads": 1 if options.address else max(1, cores() // count)}
    # On this machine workers inherit what this process has settled.
    elsewhere: dict[str, Any] = {"runtime_env": {"env_vars": {"GOMP_SPINCOUNT": SPIN_COUNT}}} if options.address else {}
    rows = ray.data.from_items([{UNIT: unit.text()} for unit in units], override_num_blocks=len(units))
    with warnings.catch_warnings():
        # The Ray that is pinned lets retries be bounded in this way alone, and says that a later one will not.
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        done = rows.map_batches(
            Worker,
            batch_size=1,
            # One unit at a time a worker: none is lost with another that its worker dies at.
            compute=ray.data.ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=1),
            fn_constructor_kwargs=arguments,
            num_cpus=1,
            num_gpus=1 if options.gpus else 0,
            max_restarts=-1,
            max_task_retries=RETRIES,
            **elsewhere,
        )
    for batch in done.iter_batches(batch_size=None, prefetch_batches=0, batch_format="numpy"):
        tell(batch)
