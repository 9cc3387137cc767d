"""Measure speed: networks, the whole pipeline, L-BFGS, reading, baking; ratios beside absolute figures."""

import argparse
import importlib
import json
from pathlib import Path

import torch

from ..model_core.command_line.parser import argument
from ..model_core.errors import InputError
from ..model_core.untrusted.values import SECONDS, number, typed
from ..model_core.whole_files import Outputs, check_target
from .support.arguments import add_threads, command_parser

SECTIONS = ("networks", "pipeline", "devices", "lbfgs", "recordings", "blender", "characters", "window", "batch",
            "live")  # fmt: skip
"""Modules of ``benchmarks``. Each is loaded when its turn comes: Blender's alone takes 250 MB, which is none of the
pipeline's."""


def run(arguments: list[str]) -> int:
    """Print a line a figure; write them all where ``--json`` says."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    figures = {}
    for section in options.sections or SECTIONS:
        measure = importlib.import_module(f".benchmarks.{section}", __package__).measure
        for label, (value, unit) in measure(options).items():
            figures[label] = {"value": value, "unit": unit}
            print(f"{label:<62} {value:10.2f} {unit}", flush=True)
    if options.json:
        report = {"threads": options.threads, "device": options.device, "figures": figures}
        with Outputs() as outputs:
            outputs.path_for(options.json).write_text(json.dumps(report, indent=1))
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = command_parser("bench", __doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of: {', '.join(SECTIONS)}; default all")
    add_threads(parser)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="cpu", help="where networks run")
    parser.add_argument("--seconds", type=argument(typed(number, "it", SECONDS)), default=20.0, metavar="N",
                        help="how long live is measured (20)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        raise InputError(f"bench: no section '{unknown[0]}'; there are: {', '.join(SECTIONS)}")
    if options.json:
        check_target(options.json, (".json",))
    return options
