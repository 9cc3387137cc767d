"""Score SAGE and FLAG, before and after refinement, on clips whose truth is known."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model_core.command_line.parser import argument
from ..model_core.errors import InputError
from ..model_core.evaluation.metrics import METRICS
from ..model_core.evaluation.scores import aggregate, aggregate_by, format_table, score_clip
from ..model_core.geometry.rotations import axis_angle_to_matrix
from ..model_core.geometry.skeleton import BODY_JOINT_COUNT
from ..model_core.mocap.clips import Clip, Clips, load_clips
from ..model_core.progress import Progress
from ..model_core.untrusted.values import SECONDS, number, typed
from ..model_core.whole_files import Outputs, check_target
from .support.arguments import add_threads, command_parser
from .support.checkout import SHARED, WORK
from .support.progress import TerminalProgress

if TYPE_CHECKING:
    from ..model_core.evaluation.methods import Predicted
    from ..model_core.pipeline import Networks

Rows = list[dict[str, Any]]
"""Scores, a dict a clip."""

PREPARED = [WORK / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
BASELINES = SHARED / "baselines" / "valtest.npz"
MOTIONS = [BASELINES, SHARED / "hmd" / "bsor" / "humanid_user0_ref.bsor"]
"""What is put on characters: the first clip of a file, and a real recording."""
PUBLISHED = {"knn8": "nearest neighbour", "avatarposer": "AvatarPoser's network"}
"""Predictions that lie in the baselines' file, by the names of their rows."""
WORST_CLIPS = 5
"""Clips on a sheet of those that a method does worst."""


def run(arguments: list[str]) -> int:
    """Print a table a file, and one by activity; write rows and pictures where ``--json`` and ``--pictures`` say."""
    options = _parse(arguments)
    if options.flag:
        return _repeat_the_paper(options)
    if options.recordings:
        return _score_recordings(options)
    if options.characters:
        return _characters(options)
    import torch

    from ..model_core.evaluation.sessions import sessions_in
    from ..model_core.pipeline import load_networks

    torch.set_num_threads(options.threads)
    networks = load_networks(options.device)
    results = {}
    with Outputs() as outputs, TerminalProgress() as progress:
        for path in options.clips:
            if sessions_in(path):
                results[path.name] = _sessions(networks, path, options, progress)
                continue
            clips = load_clips(path)
            chosen = list(clips)[:: options.every]
            print(f"\n{path.name}: {len(chosen)} clips")
            if options.dropouts:
                results[path.name] = _dropouts(networks, chosen, options, progress)
            elif options.ablations:
                results[path.name] = _ablations(networks, chosen, progress)
            else:
                results[path.name] = _scores(networks, path, clips, chosen, options, progress, outputs)
        if options.json:
            outputs.path_for(options.json).write_text(json.dumps(_summary(results, options.hands), indent=1))
    return 0


def _sessions(networks: Networks, path: Path, options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from .evaluation.session_scores import score_sessions

    if options.dropouts or options.ablations or options.pictures or options.activities:
        raise InputError(f"evaluate: {path.name} holds sessions of a headset, which take --method, --hands, --every "
                         "and --json alone")  # fmt: skip
    return score_sessions(networks, path, options.methods, options.hands, options.every, progress)


def _repeat_the_paper(options: argparse.Namespace) -> int:
    import torch

    from .evaluation.flag_experiments.report import report

    torch.set_num_threads(options.threads)
    report(options.clips[0], options.comparisons, options.every, options.json, options.pictures)
    return 0


def _score_recordings(options: argparse.Namespace) -> int:
    import torch

    from ..model_core.pipeline import load_networks
    from .evaluation.recording_picture import draw_recordings
    from .evaluation.recording_scores import COLUMNS, HUMAN, METHODS, REFINEMENTS, format_scores, score_recordings

    methods = options.methods or list(REFINEMENTS)
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise InputError(f"evaluate: --recordings has no method '{unknown[0]}'; it has: {'; '.join(METHODS)}")
    torch.set_num_threads(options.threads)
    with Outputs() as outputs, TerminalProgress() as progress:
        rows, refused = score_recordings(
            options.recordings, load_networks(options.device), options.seconds, progress, methods
        )
        print(format_scores(rows, refused), flush=True)
        if options.pictures:
            draw_recordings(outputs.path_for(options.pictures / "recordings.png"), rows)
        if options.json:
            report = {"units": COLUMNS, "human": HUMAN, "files": rows, "refused": refused}
            outputs.path_for(options.json).write_text(json.dumps(report, indent=1))
    return 0


def _characters(options: argparse.Namespace) -> int:
    from ..model_core.body import load_body
    from .evaluation.characters.motions import motions_of
    from .evaluation.characters.table import COLUMNS, check_names, evaluate_characters, format_rows

    check_names(options.characters, options.only)
    with Outputs() as outputs, TerminalProgress() as progress:
        body = load_body()
        motions = motions_of(options.clips or MOTIONS, body, options.device)
        rows = evaluate_characters(options.characters, motions, body, progress, options.pictures, options.only)
        print(format_rows(rows), flush=True)
        if options.json:
            outputs.path_for(options.json).write_text(json.dumps({"units": COLUMNS, "rows": rows}, indent=1))
    return 0


def _scores(
    networks: Networks,
    path: Path,
    clips: Clips,
    chosen: Sequence[Clip],
    options: argparse.Namespace,
    progress: Progress,
    outputs: Outputs,
) -> dict[str, Any]:
    """The methods' scores and the baselines'; pictures where they are wanted."""
    from ..model_core.evaluation.methods import BY_HEAD, evaluate, placement

    rows, predictions = {}, {}
    for method in options.methods:
        rows[method], predictions[method] = evaluate(networks, chosen, method, progress, options.hands)
    # The baselines saw both hands.
    baselines = _baselines(path, clips, options.every) if options.hands == "both" else {}
    means = {name: aggregate(some) for name, some in {**baselines, **rows}.items()}
    placed = dict.fromkeys(baselines, BY_HEAD) | {method: placement(method) for method in rows}
    print(f"hands seen: {options.hands}; placed: by the true head, as is published, or by itself")
    print(format_table(means, placed=placed), flush=True)
    if options.activities:
        for name, some in rows.items():
            print(f"\n{name}, by activity; placed by {placed[name]}")
            print(format_table(aggregate_by(some, "activity")), flush=True)
    if options.pictures:
        _draw(options.pictures, path.stem, chosen, rows, predictions, outputs)
    return {name: {"placed": placed[name], "mean": means[name], "clips": some} for name, some in rows.items()}


def _ablations(networks: Networks, clips: Sequence[Clip], progress: Progress) -> dict[str, Any]:
    from .evaluation.ablation_rows import NOTE, ablate

    rows = ablate(networks, clips, progress)
    means = {label: aggregate(some) for label, some in rows.items()}
    print(f"{NOTE}\n{format_table(means)}", flush=True)
    return {label: {"mean": means[label], "clips": some} for label, some in rows.items()}


def _dropouts(
    networks: Networks, clips: Sequence[Clip], options: argparse.Namespace, progress: Progress
) -> dict[str, Any]:
    from .evaluation.hand_dropouts import describe, measure_dropouts, summarise

    results = {}
    for method in options.methods:
        rows = measure_dropouts(networks, clips, method, progress)
        if not rows:
            raise InputError("evaluate: --dropouts needs clips of three seconds or more; here is none")
        results[method] = {"mean": summarise(rows), "clips": rows}
        print(describe(method, results[method]["mean"]), flush=True)
    return results


def _parse(arguments: list[str]) -> argparse.Namespace:
    from ..model_core.evaluation.methods import HANDS_SEEN, METHODS
    from .evaluation.recording_scores import LONGEST_SECONDS

    parser = command_parser("evaluate", __doc__)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS.npz",
                        help="files that `prepare` wrote; by default val, test and the baselines' clips; "
                             "data/motion/eval_bandai.npz with --every 40 is motion of another studio; or GORP's "
                             "sessions (a file or a folder), a real headset with its wearer's true body")  # fmt: skip
    parser.add_argument("--method", action="append", dest="methods", choices=METHODS, metavar="NAME",
                        help=f"one of: {'; '.join(METHODS)}; may be given for each; all unless given")  # fmt: skip
    parser.add_argument("--hands", choices=HANDS_SEEN, default="both", help="the hands that the methods are shown")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--ablations", action="store_true",
                         help="instead: each network of SAGE alone; parts left out, given the truth, sampled "
                              "otherwise, shown less")  # fmt: skip
    instead.add_argument("--dropouts", action="store_true",
                         help="instead: one hand missing for two seconds; jumps, freezing and "
                              "the legs' error")  # fmt: skip
    instead.add_argument("--flag", action="store_true",
                         help="instead: the FLAG paper's tables and figures on one file of clips, "
                              "by default test")  # fmt: skip
    instead.add_argument("--recordings", type=Path, metavar="FOLDER",
                         help="instead: the pipeline on real recordings: how human wrists, feet and arms look, "
                              "beside mocap, and how near head and hands")  # fmt: skip
    instead.add_argument("--characters", type=Path, metavar="FOLDER",
                         help="instead: clips (the first of a file) and recordings, by default one of each, on every "
                              "character of a folder, on Rigify's and on made-up ones")  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="with --characters: the one that the table calls so; may be given for each")  # fmt: skip
    parser.add_argument("--seconds", type=argument(typed(number, "it", SECONDS)), default=LONGEST_SECONDS, metavar="N",
                        help=f"of each of --recordings the first so many ({LONGEST_SECONDS:.0f})")  # fmt: skip
    parser.add_argument("--comparisons", type=Path, default=WORK / "runs" / "flag_comparisons", metavar="FOLDER",
                        help="for --flag: of the networks that `train flag --stage comparisons` made")  # fmt: skip
    parser.add_argument("--activities", action="store_true", help="a table by activity too")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip, for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER",
                        help="draw error over time, error of each joint, and each method's worst clips")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    add_threads(parser)
    options = parser.parse_args(arguments)
    if options.every < 1:
        raise InputError(f"evaluate: --every {options.every} should be 1 or more")
    if options.json:
        check_target(options.json, (".json",))
    if options.pictures and not options.pictures.is_dir():
        raise InputError(f"evaluate: --pictures {options.pictures} is no folder; make it first")
    _refuse_what_is_not_shown(options)
    for name in ("recordings", "characters"):
        folder = getattr(options, name)
        if folder and not folder.is_dir():
            raise InputError(f"evaluate: --{name} {folder} is no folder")
    if options.characters:
        return options
    options.methods = options.methods or ([] if options.recordings else list(METHODS))
    if options.flag:
        options.clips = options.clips or [PREPARED[1]]
        if len(options.clips) > 1:
            raise InputError(f"evaluate: --flag takes one file of clips, not {len(options.clips)}")
    options.clips = options.clips or [path for path in (*PREPARED, BASELINES) if path.is_file()]
    if not options.clips and not options.recordings:
        raise InputError(f"evaluate: no clips at {PREPARED[0].parent}; `python3 tools prepare` makes them")
    if len({path.stem for path in options.clips}) < len(options.clips):
        raise InputError("evaluate: two files of clips have the same name, by which results are told apart")
    return options


def _refuse_what_is_not_shown(options: argparse.Namespace) -> None:
    """What is shown instead has its own methods and hands, and not all of it is drawn."""
    modes = ("ablations", "dropouts", "flag", "recordings", "characters")
    mode = next((f"--{name}" for name in modes if getattr(options, name)), None)
    given = {
        "--method": mode not in ("--dropouts", "--recordings") and options.methods,
        "--hands": options.hands != "both",
        "--activities": options.activities,
        "--pictures": mode not in ("--flag", "--recordings", "--characters") and options.pictures,
        "clips": mode == "--recordings" and options.clips,
        "--only": mode != "--characters" and options.only,
    }
    wrong = [word for word, value in given.items() if value]
    if options.only and not mode:
        raise InputError("evaluate: --only goes with --characters")
    if mode and wrong:
        raise InputError(f"evaluate: {mode} takes no {wrong[0]}")


def _baselines(path: Path, clips: Clips, every: int) -> dict[str, Rows]:
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


def _draw(
    folder: Path,
    stem: str,
    clips: Sequence[Clip],
    rows: dict[str, Rows],
    predictions: dict[str, list[Predicted]],
    outputs: Outputs,
) -> None:
    """``STEM_errors.png``, and ``STEM_worst_METHOD.png`` with the clips that a method does worst, the worst first."""
    from ..model_core.evaluation.methods import scored_joints
    from ..model_core.evaluation.metrics import joint_errors
    from .evaluation.pictures import draw_clips, draw_errors

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


def _file_name(method: str) -> str:
    return method.lower().replace(", ", "_")


def _summary(results: dict[str, Any], hands: str) -> dict[str, Any]:
    return {"units": {name: str(metric) for name, metric in METRICS.items()}, "hands": hands, "files": results}
