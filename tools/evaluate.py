"""Score SAGE and FLAG, before and after refinement, on clips whose truth is known."""

import json
from pathlib import Path

import numpy as np

from threepoint.model_core.clips import load_clips
from threepoint.model_core.errors import InputError
from threepoint.model_core.metrics import METRICS, aggregate, aggregate_by, format_table, score_clip
from threepoint.model_core.rotations import axis_angle_to_matrix
from threepoint.model_core.skeleton import BODY_JOINT_COUNT

from .arguments import CommandParser
from .checkout import ROOT, SHARED
from .outputs import Outputs, check_target
from .progress import TerminalProgress

PREPARED = [ROOT / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
BASELINES = SHARED / "baselines" / "valtest.npz"
PUBLISHED = {"knn8": "nearest neighbour", "avatarposer": "AvatarPoser's network"}
"""Predictions that lie in the baselines' file, by the names of their rows."""
WORST_CLIPS = 5
"""Clips on a sheet of those that a method does worst."""


def run(arguments):
    """Print a table a file, and one by activity; write rows and pictures where ``--json`` and ``--pictures`` say."""
    options = _parse(arguments)
    import torch

    from threepoint.model_core.evaluation import evaluate
    from threepoint.model_core.pipeline import load_networks

    torch.set_num_threads(options.threads)
    networks = load_networks(options.device)
    results = {}
    with Outputs() as outputs, TerminalProgress() as progress:
        for path in options.clips:
            clips = load_clips(path)
            chosen = list(clips)[:: options.every]
            rows, predictions = {}, {}
            for method in options.methods:
                rows[method], predictions[method] = evaluate(networks, chosen, method, progress, options.hands)
            results[path.name] = rows
            # The baselines saw both hands.
            baselines = _baselines(path, clips, options.every) if options.hands == "both" else {}
            print(f"\n{path.name}: {len(chosen)} clips, hands seen: {options.hands}")
            print(_tables(rows, baselines, options.activities), flush=True)
            if options.pictures:
                _draw(options.pictures, path.stem, chosen, rows, predictions, outputs)
        if options.json:
            outputs.path_for(options.json).write_text(json.dumps(_summary(results, options.hands), indent=1))
    return 0


def _parse(arguments):
    from threepoint.model_core.evaluation import HANDS, METHODS

    parser = CommandParser("evaluate", __doc__)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS.npz",
                        help="files that `prepare` wrote; by default val, test and the baselines' clips")  # fmt: skip
    parser.add_argument("--method", action="append", dest="methods", choices=METHODS, metavar="NAME",
                        help=f"one of: {'; '.join(METHODS)}; may be given for each; all unless given")  # fmt: skip
    parser.add_argument("--hands", choices=HANDS, default="both", help="the hands that the methods are shown")
    parser.add_argument("--activities", action="store_true", help="a table by activity too")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip, for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER",
                        help="draw error over time, error of each joint, and each method's worst clips")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.every < 1:
        raise InputError(f"evaluate: --every {options.every} should be 1 or more")
    if options.json:
        check_target(options.json, (".json",))
    if options.pictures and not options.pictures.is_dir():
        raise InputError(f"evaluate: --pictures {options.pictures} is no folder; make it first")
    options.methods = options.methods or list(METHODS)
    options.clips = options.clips or [path for path in (*PREPARED, BASELINES) if path.is_file()]
    if not options.clips:
        raise InputError(f"evaluate: no clips at {PREPARED[0].parent}; `python3 tools prepare` makes them")
    if len({path.stem for path in options.clips}) < len(options.clips):
        raise InputError("evaluate: two files of clips have the same name, by which results are told apart")
    return options


def _baselines(path, clips, every):
    """Rows of predictions that came with a file of clips."""
    rows = {}
    with np.load(path) as data:
        for key, name in PUBLISHED.items():
            if key not in data:
                continue
            poses = axis_angle_to_matrix(data[key].reshape(-1, BODY_JOINT_COUNT, 3).astype(np.float64))
            parts = np.split(poses, clips.starts[1:])
            pairs = list(zip(parts, clips, strict=True))[::every]
            rows[name] = [{"name": clip.name} | score_clip(part, clip) for part, clip in pairs]
    return rows


def _tables(rows, baselines, activities):
    text = [format_table({name: aggregate(some) for name, some in {**baselines, **rows}.items()})]
    if activities:
        for name, some in rows.items():
            text += [f"\n{name}, by activity", format_table(aggregate_by(some, "activity"))]
    return "\n".join(text)


def _draw(folder, stem, clips, rows, predictions, outputs):
    """``STEM_errors.png``, and ``STEM_worst_METHOD.png`` with the clips that a method does worst, the worst first."""
    from threepoint.model_core.evaluation import scored_joints
    from threepoint.model_core.metrics import joint_errors

    from .evaluation_pictures import draw_clips, draw_errors

    true = [clip.world() for clip in clips]
    errors = {}
    for method, of_method in predictions.items():
        found = [scored_joints(method, predicted, clip) for predicted, clip in zip(of_method, clips, strict=True)]
        errors[method] = np.concatenate([joint_errors(a, b) for a, (_, b) in zip(found, true, strict=True)])
        worst = np.argsort([-row["mpjpe"] for row in rows[method]])[:WORST_CLIPS]
        sheet = outputs.path_for(folder / f"{stem}_worst_{_file_name(method)}.png")
        draw_clips(sheet, [(clips[i].name, *true[i], found[i]) for i in worst])
    cuts = np.cumsum([len(clip) for clip in clips])[:-1]
    draw_errors(outputs.path_for(folder / f"{stem}_errors.png"), errors, f"{stem}: {len(clips)} clips", cuts)


def _file_name(method):
    return method.lower().replace(", ", "_")


def _summary(results, hands):
    return {
        "units": METRICS,
        "hands": hands,
        "files": {
            path: {name: {"mean": aggregate(rows), "clips": rows} for name, rows in methods.items()}
            for path, methods in results.items()
        },
    }
