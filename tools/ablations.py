"""Train variants of SAGE on one small budget each, and print what each part is worth."""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from ..model_core.errors import InputError
from ..model_core.evaluation.scores import format_table
from ..model_core.pipeline import choose_device
from ..model_core.progress import Progress
from ..model_core.whole_files import Outputs, check_target
from .evaluation.ablation_training import AblationTraining
from .evaluation.ablation_variants import VARIANTS
from .support.arguments import add_threads, command_parser
from .support.checkout import SHARED, WORK
from .support.progress import TerminalProgress

RUNS = WORK / "runs" / "ablations"
BASELINES = SHARED / "baselines" / "valtest.npz"
PREPARED = [WORK / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
STEPS = 250
VARIED = "varied"
SCORES = "scores.json"
COLUMNS = ("mpjpe", "upperpe", "lowerpe", "handpe", "rootpe", "mpjve", "jitter", "mpjre_geo", "skate")


def run(arguments: list[str]) -> int:
    """``ablations train`` trains what is not trained yet and scores it; ``ablations table`` prints what is there."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    if options.action == "train":
        with TerminalProgress() as progress:
            for name in options.variants or VARIANTS:
                _train(name, options, progress)
    scores = {name: _folder(name, options) / SCORES for name in VARIANTS}
    results = {name: json.loads(path.read_text()) for name, path in scores.items() if path.is_file()}
    if not results:
        raise InputError(f"ablations: nothing is trained in {options.runs} yet; `ablations train` does it")
    print(_tables(results))
    if options.json:
        with Outputs() as outputs:
            outputs.path_for(options.json).write_text(json.dumps(results, indent=1))
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = command_parser("ablations", __doc__)
    parser.add_argument("action", choices=("train", "table"), help="train variants, or only print what was trained")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"some of: {', '.join(VARIANTS)}; default all")
    parser.add_argument(
        "--steps", type=int, default=STEPS, help=f"of each training ({STEPS}); tables are of one budget"
    )
    parser.add_argument("--data", type=Path, default=WORK / "data" / "motion", help="folder of train.npz and val.npz")
    parser.add_argument("--score", type=Path, action="append", metavar="CLIPS.npz",
                        help="clips to score on; by default the baselines' clips, else val and test")  # fmt: skip
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the trainings, which resume there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    add_threads(parser)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.variants if name not in VARIANTS]
    if unknown:
        raise InputError(f"ablations: no variant '{unknown[0]}'; there are: {', '.join(VARIANTS)}")
    if options.steps < 1:
        raise InputError(f"ablations: --steps {options.steps} should be 1 or more")
    if options.json:
        check_target(options.json, (".json",))
    options.score = options.score or ([BASELINES] if BASELINES.is_file() else PREPARED)
    options.device = choose_device(options.device)
    return options


def _folder(name: str, options: argparse.Namespace) -> Path:
    """Where a variant's training lies: a budget's beside another's."""
    return options.runs / f"{name}_{options.steps}_steps"


def _train(name: str, options: argparse.Namespace, progress: Progress) -> None:
    """Train and score a variant, unless that is done."""
    folder = _folder(name, options)
    if (folder / SCORES).is_file():
        return
    variant = VARIANTS[name]
    training = AblationTraining(variant, options.data, options.device)
    training.fit(folder, options.steps, lambda done, text: progress(done, f"{name}: {text}"))
    files = training.score(options.score)
    result = {
        "says": variant.label,
        "steps": options.steps,
        "minutes": training.minutes,
        VARIED: training.varied_error(),
        "files": files,
    }
    with Outputs() as outputs:
        outputs.path_for(folder / SCORES).write_text(json.dumps(result, indent=1))


def _tables(results: dict[str, dict[str, Any]]) -> str:
    """A table for each file of clips, and the error on varied windows."""
    text = []
    for file in next(iter(results.values()))["files"]:
        rows = {result["says"]: result["files"][file] for result in results.values() if file in result["files"]}
        text += [f"\n{file}", format_table(rows, COLUMNS)]
    text.append("\nval's windows under all of the augmentation: mean distance of 22 joints, cm")
    text += [f"{result['says']:<42} {result[VARIED]:6.2f}   ({result['steps']} steps, "
             f"{result['minutes']:.0f} minutes of motion)" for result in results.values()]  # fmt: skip
    return "\n".join(text)
