"""What the trainers have in common on the command line: their options, and what these mean."""

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...model_core.errors import InputError
from ...model_core.pipeline import choose_device
from .. import prepare
from ..support.arguments import add_threads, command_parser
from ..support.checkout import ROOT
from .smoke_data import use_smoke_data

if TYPE_CHECKING:
    from .loop import Run, Stage

CLIPS = ("train.npz", "val.npz")


def training_parser(
    command: str, description: str | None, configs: Iterable[str], stages: Iterable[str]
) -> argparse.ArgumentParser:
    """A parser of the options that both trainers have; ``resolve_options`` follows it."""
    epilog = f"Several GPUs: torchrun --nproc-per-node N -- tools {command}"
    parser = command_parser(command, description, epilog=epilog)
    parser.add_argument("--config", choices=configs, default="small")
    parser.add_argument("--stage", choices=[*stages, "all"], default="all")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "motion", metavar="FOLDER",
                        help="of train.npz and val.npz as prepare writes them, or of AMASS npz files in the folders "
                             "they are downloaded in")  # fmt: skip
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="of checkpoint and log (unless given: below runs/)")
    parser.add_argument("--output", type=Path, help="write the weights here at the end")
    parser.add_argument("--smoke", action="store_true", help="a minute's try of every stage on motion made for it")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where networks train")
    add_threads(parser)
    parser.add_argument("--steps-scale", type=float, default=1.0, help="multiply every stage's steps")
    parser.add_argument("--rate-scale", type=float, default=1.0, help="multiply every stage's learning rate")
    parser.add_argument("--minutes", type=float, metavar="N",
                        help="train for so long in all, the stages sharing the time, instead of by steps")  # fmt: skip
    parser.add_argument("--batch", type=int, metavar="N", help="windows or frames a step (unless given: by the device)")
    parser.add_argument("--eager", action="store_true", help="on a GPU: launch each step anew, record no graph of it")
    parser.add_argument("--stop-after", type=int, metavar="STEPS", help="stop after so many steps, as if killed")
    parser.set_defaults(progress=lambda done, text: print(f"{done:6.1%} {text}", flush=True))
    return parser


def resolve_options(options: argparse.Namespace, run: str) -> argparse.Namespace:
    """Fill in what the options leave open (``run`` names the folder below runs/), and make torch ready for it."""
    if options.minutes is not None and not options.minutes > 0:
        raise InputError(f"--minutes {options.minutes:g}: a training lasts more than no time")
    if options.batch is not None and options.batch < 1:
        raise InputError(f"--batch {options.batch}: a step takes at least one window")
    options.run = options.run or ROOT / "runs" / (f"{run}-smoke" if options.smoke else run)
    if options.smoke:
        use_smoke_data(options)
    options.data = folder_of_clips(options.data, options.run)
    options.device = device_of_process(choose_device(options.device))
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    return options


def batch_size(options: argparse.Namespace, on_cpu: int, on_gpu: int) -> int:
    """What ``--batch`` says, or what suits the device; the small try stays small."""
    on_gpu = on_cpu if options.config == "smoke" else on_gpu
    return options.batch or (on_gpu if torch.device(options.device).type == "cuda" else on_cpu)


def train_stages(record: "Run", stages: "Sequence[Stage]", options: argparse.Namespace) -> bool:
    """Fit the chosen stages one after the other; whether all are finished."""
    for number, stage in enumerate(stages):
        later = [other for other in stages[number + 1 :] if other.name not in record.finished]
        if not record.fit(stage, progress=options.progress, stop_after=options.stop_after, later=later):
            return False
    return True


def folder_of_clips(data: Path, run: Path) -> Path:
    """The folder of train.npz and val.npz for ``data``: itself, or what ``prepare`` makes of it below ``run``.

    ``data`` may hold AMASS npz files, BVH or shards in any folders. A second call finds what the first one made.
    Raises ``InputError``.
    """
    if not data.is_dir():
        raise InputError(f"{data}: no such folder; `python3 tools prepare` makes the default one")
    if (data / CLIPS[0]).is_file():
        return data
    made = run / "clips"
    if not all((made / name).is_file() for name in CLIPS):
        prepare.run(["--data", str(data), "-o", str(made)])
    if missing := [name for name in CLIPS if not (made / name).is_file()]:
        raise InputError(f"{data}: gave no {missing[0]}; a training needs motion of two people at the least")
    return made


def device_of_process(device: str) -> str:
    """The GPU of this process where ``torchrun`` started several."""
    return f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" and "LOCAL_RANK" in os.environ else device
