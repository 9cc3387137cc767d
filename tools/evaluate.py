"""Score SAGE and FLAG, before and after refinement, on clips whose truth is known."""

import json
from pathlib import Path

from threepoint.model_core.clips import load_clips
from threepoint.model_core.errors import InputError
from threepoint.model_core.metrics import METRICS, aggregate, aggregate_by, format_table

from .arguments import CommandParser
from .checkout import ROOT, SHARED
from .outputs import Outputs
from .progress import TerminalProgress

PREPARED = [ROOT / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
BASELINES = SHARED / "baselines" / "valtest.npz"
PUBLISHED = {"knn8": "nearest neighbour", "avatarposer": "AvatarPoser's network"}
"""Predictions that lie in the baselines' file, by the names of their rows."""


def run(arguments):
    """Print a table a file, and one by activity; write all rows where ``--json`` says."""
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
            rows = {}
            for method in options.methods:
                rows[method], _ = evaluate(networks, list(clips)[:: options.every], method, progress)
            results[str(path.name)] = rows
            print(_tables(path, rows, _baselines(path, clips, options.every), options.activities), flush=True)
        if options.json:
            outputs.path_for(options.json).write_text(json.dumps(_summary(results), indent=1))
    return 0


def _parse(arguments):
    from threepoint.model_core.evaluation import METHODS

    parser = CommandParser("evaluate", __doc__)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS.npz",
                        help="files that `prepare` wrote; by default val, test and the baselines' clips")  # fmt: skip
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS), metavar="A,B",
                        help=f"some of: {'; '.join(METHODS)}")  # fmt: skip
    parser.add_argument("--activities", action="store_true", help="a table by activity too")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip, for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    unknown = [method for method in options.methods if method not in METHODS]
    if unknown:
        raise InputError(f"evaluate: no method '{unknown[0]}'; there are: {'; '.join(METHODS)}")
    options.clips = options.clips or [path for path in (*PREPARED, BASELINES) if path.is_file()]
    if not options.clips:
        raise InputError(f"evaluate: no clips at {PREPARED[0].parent}; `python3 tools prepare` makes them")
    return options


def _baselines(path, clips, every):
    """Rows of predictions that came with a file of clips."""
    import numpy as np

    from threepoint.model_core.metrics import score_clip
    from threepoint.model_core.rotations import axis_angle_to_matrix

    rows = {}
    with np.load(path) as data:
        for key, name in PUBLISHED.items():
            if key not in data:
                continue
            poses = axis_angle_to_matrix(data[key].reshape(-1, 22, 3).astype(np.float64))
            ends = [*clips.starts[1:], len(poses)]
            parts = [poses[a:b] for a, b in zip(clips.starts, ends, strict=True)]
            pairs = list(zip(parts, clips, strict=True))[::every]
            rows[name] = [{"name": clip.name} | score_clip(part, clip) for part, clip in pairs]
    return rows


def _tables(path, rows, baselines, activities):
    everything = {**baselines, **rows}
    text = [f"\n{path.name}: {len(next(iter(rows.values())))} clips"]
    text.append(format_table({name: aggregate(some) for name, some in everything.items()}))
    if activities:
        for name, some in rows.items():
            text += [f"\n{name}, by activity", format_table(aggregate_by(some, "activity"))]
    return "\n".join(text)


def _summary(results):
    return {
        "units": METRICS,
        "files": {
            path: {name: {"mean": aggregate(rows), "clips": rows} for name, rows in methods.items()}
            for path, methods in results.items()
        },
    }
