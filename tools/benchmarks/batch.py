"""Many recordings by ``batch``, beside the plain road: the same files, one after the other, with as many threads."""

import argparse
import importlib.util
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...model_core.body import load_body
from ...model_core.observation import FPS
from ...model_core.pipeline import Options, animate, choose_device, load_networks
from ...model_core.recordings import read
from ..batching import distributing, output
from ..batching.options import parse
from ..batching.sources import find_sources, opened
from ..batching.units import units_of
from ..batching.worker import BEGAN
from ..simulation.recordings import write_recordings
from ..support.made_up_walk import walk_recording

RECORDINGS, SECONDS = 16, (3.0, 5.0)
"""How many recordings, and how long each is, at least and at most."""


def measure(options: argparse.Namespace) -> dict[str, tuple[float, str]]:
    """Throughput of both; that of ``batch`` without the seconds in which Ray and the workers start, which are said."""
    if importlib.util.find_spec("ray") is None:
        print("batch: left out, for it needs Ray Data: pip install 'threepoint[batch]'", flush=True)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        takes = Path(folder) / "takes"
        sources = [walk_recording(load_body(), np.zeros(10))]
        write_recordings(takes, sources, RECORDINGS, 0, SECONDS, 0, lambda fraction, stage: None)
        words = [str(takes), "-o", str(Path(folder) / "out"), "--workers", str(options.threads)]
        gpus = ["--gpus", "1"] if choose_device(options.device) == "cuda" else []
        chosen = parse([*words, "--device", options.device, *gpus], None)
        plain, seconds = _plain(takes, options)
        batched, start = _batched(chosen)
    return {
        "batch: plain road, hours of motion an hour": (seconds / plain, "x"),
        "batch: the same by Ray Data": (batched, "x"),
        "batch: ratio of the second to the first": (batched * plain / seconds, "x"),
        "batch: Ray and workers start": (start, "s"),
    }


def _plain(takes: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds that the plain road takes, after the networks are loaded, and seconds of motion."""
    torch.set_num_threads(options.threads)
    choices, networks = _choices(options.device), load_networks(options.device)
    sources = find_sources([str(takes)]).sources
    begin, seconds = time.perf_counter(), 0.0
    for source in sources:
        with opened(source) as path:
            seconds += animate(read(path), choices, networks=networks).frame_count / FPS
    return time.perf_counter() - begin, seconds


def _batched(chosen: argparse.Namespace) -> tuple[float, float]:
    """Seconds of motion a second once workers work, and the seconds until they do."""
    began: list[float] = []
    seconds: list[float] = []

    def tell(rows: dict[str, Any]) -> None:
        began.extend(rows[BEGAN])
        seconds.extend(rows["seconds"])

    begin = time.time()
    with output.opened(chosen) as run, distributing.cluster(chosen) as ray:
        units = units_of(find_sources(chosen.inputs).sources, set(), chosen, distributing.local_workers(chosen))
        distributing.distribute(ray, units, chosen, run, tell)
        end = time.time()
    return sum(seconds) / (end - min(began)), min(began) - begin


def _choices(device: str) -> Options:
    return Options(body=load_body(), uncertainty=False, device=device)
