"""``prepare``: motion capture of several skeletons becomes clips of SMPL motion to learn from and to be judged by."""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from checkout import ROOT, SHARED, load_package

load_package()

from threepoint.model_core.clips import save_clips  # noqa: E402
from threepoint.model_core.mocap.preparation import LEFT_OUT, cut, prepare_capture, settle_floors  # noqa: E402
from threepoint.model_core.mocap.shards import read_shard  # noqa: E402
from threepoint.model_core.mocap.skeletons import recognise  # noqa: E402

SPLIT_SUBJECTS = {"val": (3, 9, 49), "test": (6, 11)}
"""CMU subjects that are kept from training; all others train."""
SPLITS = ("train", "val", "test")


def split_of(subject):
    return next((split for split, subjects in SPLIT_SUBJECTS.items() if subject in subjects), "train")


def prepare_files(paths, rest_joints, sole, split=None, progress=print):
    """Read, retarget and clean every clip of ``paths``; returns dict split -> list of ``Clip``."""
    prepared = []
    for path in paths:
        for capture in read_shard(path):
            if capture.name in LEFT_OUT:
                continue
            skeleton = recognise(capture.names)
            if skeleton is None:
                continue
            prepared.append(prepare_capture(capture, skeleton, rest_joints, sole))
        progress(f"{path.name}: {len(prepared)} clips so far")
    clips = {}
    for clip, floor in zip(prepared, settle_floors(prepared), strict=True):
        to = split or split_of(clip.meta["subject"])
        clips.setdefault(to, []).extend(cut(clip, floor, to, rest_joints, sole))
    return clips


def body_at_rest():
    with np.load(ROOT / "weights" / "body.npz") as body:
        return body["J"][:22].astype(float), float(body["v_template"][:, 1].min())


def run(arguments):
    parser = argparse.ArgumentParser(prog="prepare")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "data" / "motion")
    options = parser.parse_args(arguments)
    rest_joints, sole = body_at_rest()
    options.output.mkdir(parents=True, exist_ok=True)
    clips = prepare_files(sorted((SHARED / "mocap").glob("*.npz")), rest_joints, sole)
    for split in SPLITS:
        if split in clips:
            clips[split].sort(key=lambda c: c.name)
        save_clips(options.output / f"{split}.npz", clips[split])
        minutes = Counter()
        for clip in clips[split]:
            minutes[clip.meta["skeleton"]] += len(clip) / 3600
        print(split, len(clips[split]), {k: round(v, 2) for k, v in minutes.items()})
    return 0
