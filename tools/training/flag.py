"""Train FLAG: the conditional flow, then its latent region (the paper's two stages); resumes where it stopped."""

import argparse
import json
from dataclasses import replace

from ...model_core.evaluation.methods import METHODS
from ...model_core.flag.model import CONFIGS, DEFAULT_WEIGHTS, Flag, save_flag
from .flag_calibration import calibrate_weights
from .flag_comparisons import train_comparisons
from .flag_stages import FlagTraining
from .loop import Run
from .options import resolve_options, train_stages, training_parser


def run(arguments: list[str]) -> int:
    options = _parse(arguments)
    if options.stage == "comparisons":
        options.config, options.mode = "comparison", "pelvis"
    resolve_options(options, "flag_comparisons" if options.stage == "comparisons" else "flag")
    if options.stage == "calibration":
        return _calibrate(options)
    if options.stage == "comparisons":
        train_comparisons(options)
        return 0
    flag = Flag(replace(CONFIGS[options.config], mode=options.mode)).to(options.device)
    record = Run(
        options.run, flag, options.seed, options.resume, options.device, options.minutes, recorded=not options.eager
    )
    training = FlagTraining(flag, options, record)
    if not record.finished and not record.pending:
        training.measure()
    if not train_stages(record, record.choose(training.stages(), options.stage), options):
        return 0
    if options.output:
        save_flag(options.output, flag)
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    """The stage after both models are trained: make FLAG's uncertainty mean metres."""
    path = options.output or DEFAULT_WEIGHTS
    numbers = calibrate_weights(path, options.data, options.calibrate_on, options.every, options.progress)
    options.run.mkdir(parents=True, exist_ok=True)
    with open(options.run / "log.jsonl", "a") as file:
        file.write(json.dumps({"stage": "calibration"} | numbers) + "\n")
    for name, value in numbers.items():
        print(f"{name:24} {value if isinstance(value, str) else format(value, '.3f')}")
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    stages = ["flow", "region", "calibration", "comparisons"]
    parser = training_parser("train flag", __doc__, CONFIGS, stages)
    parser.add_argument("--mode", choices=["head", "pelvis"], default="head", help="pelvis: the root at the origin")
    parser.add_argument("--no-intermediate", action="store_true", help="without intermediate supervision (table 2)")
    parser.add_argument("--calibrate-on", choices=METHODS, default="SAGE, refined", help="whose errors count")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="calibrate on every N-th clip")
    return parser.parse_args(arguments)
