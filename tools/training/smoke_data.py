"""A little motion to train on for a minute: a made-up walk by people of three sizes, as prepared AMASS files."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...model_core.amass_writer import write_amass
from ...model_core.body import load_body
from .. import prepare
from ..support.made_up_walk import walk_motion

STATURES = {"1": 1.6, "2": 1.75, "3": 1.9}
"""Metres, by the subject's folder."""
VALIDATION_SUBJECT = "Smoke/3"


def use_smoke_data(options: Namespace) -> None:
    """Turn a trainer's options into those of a minute's try: the smallest networks, on motion made for it."""
    options.config = "smoke"
    options.data = make_smoke_data(options.run / "smoke")


def make_smoke_data(folder: Path) -> Path:
    """Write AMASS npz files below ``folder``, prepare them, and return the folder with train.npz and val.npz."""
    body = load_body()
    for subject, stature in STATURES.items():
        subject_folder = folder / "amass" / "Smoke" / subject
        subject_folder.mkdir(parents=True, exist_ok=True)
        motion = walk_motion(body, body.betas_for(stature))
        # What others publish is SMPL of their own bodies: no betas that mean anything on ours.
        write_amass(subject_folder / "walk_poses.npz", replace(motion, betas=np.zeros(10, np.float32)), body)
    clips = folder / "clips"
    prepare.run(["--data", str(folder / "amass"), "-o", str(clips), "--val", VALIDATION_SUBJECT])
    return clips
