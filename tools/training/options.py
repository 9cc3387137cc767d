"""What the trainers have in common on the command line: their words, and what these mean."""

import os
from pathlib import Path

import torch

from ...model_core.errors import InputError
from ...model_core.pipeline import choose_device
from .. import prepare
from ..support.arguments import command_parser
from ..support.checkout import ROOT
from .smoke_data import use_smoke_data

CLIPS = ("train.npz", "val.npz")


def training_parser(command, description, configs, stages):
    """A parser of the words that both trainers know; ``resolve_options`` follows it."""
    parser = command_parser(
        command, description, epilog=f"Several GPUs: torchrun --nproc-per-node N -- tools {command}"
    )
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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps-scale", type=float, default=1.0, help="multiply every stage's steps")
    parser.add_argument("--rate-scale", type=float, default=1.0, help="multiply every stage's learning rate")
    parser.add_argument("--stop-after", type=int, metavar="STEPS", help="stop after so many steps, as if killed")
    parser.set_defaults(progress=lambda done, text: print(f"{done:6.1%} {text}", flush=True))
    return parser


def resolve_options(options, run):
    """Fill in what the words leave open (``run`` names the folder below runs/), and make torch ready for it."""
    options.run = options.run or ROOT / "runs" / (f"{run}-smoke" if options.smoke else run)
    if options.smoke:
        use_smoke_data(options)
    options.data = folder_of_clips(options.data, options.run)
    options.device = device_of_process(choose_device(options.device))
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    return options


def folder_of_clips(data, run):
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


def device_of_process(device):
    """The GPU of this process where ``torchrun`` started several."""
    return f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" and "LOCAL_RANK" in os.environ else device
