"""Turn motion capture (compact shards, BVH, AMASS npz) into clips of SMPL motion to learn from and be judged by."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model_core.body import load_body
from ..model_core.errors import InputError
from ..model_core.geometry.skeleton import BODY_JOINT_COUNT
from ..model_core.mocap.clips import Clip, save_clips
from ..model_core.mocap.preparation import Prepared, choose_floors, cut
from ..model_core.mocap.sources import find_files, read_takes
from ..model_core.progress import Progress, part_of
from ..model_core.whole_files import Outputs, check_target
from .support.arguments import command_parser
from .support.checkout import SHARED, WORK
from .support.progress import TerminalProgress

MOTION_FOLDER = WORK / "data" / "motion"
TRAINING_SHARDS = SHARED / "mocap"
EVALUATION_SHARDS = SHARED / "mocap_eval_only"
EVALUATION_SPLIT = "eval_bandai"
SPLITS = ("train", "val", "val_gestures", "test")
KEPT_FROM_TRAINING = {"val": ("3", "9", "49"), "val_gestures": ("connor",), "test": ("6", "11")}
"""Subjects by which predictions are judged (CMU's numbers, SmartBody's folders); everybody else trains."""
JUDGED_EVERY = 10
"""Where none of those occurs, one person in so many judges the training."""
READ_FRACTION, CUT_FRACTION = 0.7, 0.95
"""Where, of the whole work, reading and cutting end: only the bar depends on it."""
FRAMES_PER_MINUTE = 3600


def run(arguments: list[str]) -> int:
    """Read, retarget, clean, split, write; then say what there is."""
    options = parse(arguments)
    betas = np.zeros(10)
    body = load_body()
    rest_joints, sole = body.rest_joints(betas)[:BODY_JOINT_COUNT], float(body.sole(betas))
    with TerminalProgress() as progress:
        takes, refused = read_all(options, rest_joints, sole, part_of(progress, 0, READ_FRACTION))
        cutting = part_of(progress, READ_FRACTION, CUT_FRACTION)
        clips = cut_all([take for _, take in takes], options, rest_joints, sole, cutting)
        progress(CUT_FRACTION, "writing")
        write(clips, options.output)
    print(minutes_table(clips))
    for line in refused:
        print(f"left out: {line}")
    if options.report:
        from .preparation.report import report

        print(report([clip for split in clips.values() for clip in split]))
    if options.sheet:
        from .preparation.sheet import draw_sheet

        drawn = draw_sheet(options.sheet, [(path, take.meta) for path, take in takes], rest_joints, sole)
        print(f"contact sheet: {options.sheet}" if drawn else "no contact sheet: AMASS has no skeleton of its own")
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options, with ``data`` set to the files that are to be read."""
    parser = command_parser("prepare", __doc__)
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="shards, BVH and AMASS npz, or folders of them (unless given: those beside the checkout)",
    )
    parser.add_argument("-o", "--output", type=Path, default=MOTION_FOLDER, metavar="FOLDER", help="where clips go")
    parser.add_argument(
        "--val",
        nargs="*",
        default=KEPT_FROM_TRAINING["val"],
        metavar="SUBJECT",
        help="subjects of val.npz: CMU's number, for AMASS COLLECTION/SUBJECT, for BVH the folder; where neither these "
        "nor those of test.npz occur, every tenth person",
    )
    parser.add_argument(
        "--val-gestures",
        nargs="*",
        default=KEPT_FROM_TRAINING["val_gestures"],
        metavar="SUBJECT",
        help="subjects of val_gestures.npz, who stand and gesture",
    )
    parser.add_argument(
        "--test", nargs="*", default=KEPT_FROM_TRAINING["test"], metavar="SUBJECT", help="subjects of test.npz"
    )
    parser.add_argument("--split", metavar="NAME", help="put everything into NAME.npz")
    parser.add_argument(
        "--eval-only", action="store_true", help=f"the motion that must not train anything: into {EVALUATION_SPLIT}.npz"
    )
    parser.add_argument("--report", action="store_true", help="print what could differ between skeletons")
    parser.add_argument("--sheet", type=Path, metavar="OUT.png", help="draw sources beside results")
    options = parser.parse_args(arguments)
    if options.sheet:
        check_target(options.sheet, (".png",))
    if options.eval_only:
        if options.data or options.split:
            raise InputError("prepare: --eval-only has its own data and split; leave --data and --split out")
        options.data, options.split = [EVALUATION_SHARDS], EVALUATION_SPLIT
    given = options.data or [TRAINING_SHARDS]
    if not options.data or options.eval_only:
        if not given[0].is_dir():
            raise InputError(f"prepare: no motion capture lies at {given[0]}; name some with --data PATH")
    options.files = find_files(given)
    return options


def read_all(
    options: argparse.Namespace, rest_joints: np.ndarray, sole: float, progress: Progress
) -> tuple[list[tuple[Path, Prepared]], list[str]]:
    """[(path, Prepared)] of all files, and a line for each file in a folder that could not be read.

    A file that was named itself must be readable.
    """
    takes, refused = [], []
    for number, path in enumerate(options.files):
        progress(number / len(options.files), f"reading {path.name}")
        try:
            takes += [(path, take) for take in read_takes(path, rest_joints, sole)]
        except InputError as error:
            if path in (options.data or ()):
                raise
            refused.append(str(error))
    if not takes:
        raise InputError(f"prepare: none of {len(options.files)} files could be read; the first: {refused[0]}")
    return takes, refused


def cut_all(
    takes: Sequence[Prepared], options: argparse.Namespace, rest_joints: np.ndarray, sole: float, progress: Progress
) -> dict[str, list[Clip]]:
    """dict split -> clips, sorted by name."""
    clips = {}
    judges = judging_subjects({str(take.meta["subject"]) for take in takes}, options)
    for number, (take, floor) in enumerate(zip(takes, choose_floors(takes), strict=True)):
        progress(number / len(takes), "smoothing and cutting")
        split = options.split or split_of(take.meta["subject"], judges)
        clips.setdefault(split, []).extend(cut(take, floor, split, rest_joints, sole))
    return {split: sorted(of_split, key=lambda clip: clip.name) for split, of_split in clips.items() if of_split}


def judging_subjects(subjects: set[str], options: argparse.Namespace) -> dict[str, set[str]]:
    """dict split -> subjects kept from training: the chosen ones; for val every tenth where none is at hand."""
    wishes = {"val": options.val, "test": options.test, "val_gestures": options.val_gestures}
    chosen = {split: set(wish) & subjects for split, wish in wishes.items()}
    if not chosen["val"] | chosen["test"] and len(subjects) > 1:
        chosen["val"] = set(sorted(subjects - chosen["val_gestures"])[::JUDGED_EVERY])
    return chosen


def split_of(subject: object, judges: dict[str, set[str]]) -> str:
    """``val``, ``test`` or ``train``."""
    return next((split for split, of_split in judges.items() if str(subject) in of_split), "train")


def write(clips: dict[str, list[Clip]], folder: Path) -> None:
    """One npz for each split, all of them or none."""
    folder.mkdir(parents=True, exist_ok=True)
    with Outputs() as outputs:
        for split, of_split in clips.items():
            save_clips(outputs.path_for(folder / f"{split}.npz"), of_split)


def minutes_table(clips: dict[str, list[Clip]]) -> str:
    """Clips and minutes of each split by skeleton."""
    lines = []
    for split in sorted(clips, key=lambda name: SPLITS.index(name) if name in SPLITS else len(SPLITS)):
        frames = Counter()
        for clip in clips[split]:
            frames[clip.meta["skeleton"]] += len(clip)
        parts = ", ".join(f"{name} {count / FRAMES_PER_MINUTE:.2f}" for name, count in sorted(frames.items()))
        total = frames.total() / FRAMES_PER_MINUTE
        lines.append(f"{split}.npz: {len(clips[split])} clips, {total:.2f} minutes ({parts})")
    return "\n".join(lines)
