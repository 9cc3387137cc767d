"""The one road from a recording to a motion: the command line, Blender's worker, tests and farms all take it."""

from dataclasses import dataclass, field

import numpy as np
import torch

from ..body import Body, load_body
from ..calibration import Calibration
from ..errors import InputError
from ..flag.model import load_flag
from ..refinement.refine import refine
from ..refinement.uncertainty import measure_uncertainty
from ..motion import Motion
from ..observation import FPS
from .observing import from_first_head, observe
from ..geometry.rotations import make_continuous, matrix_to_quaternion, quaternion_to_matrix, slerp
from ..sage.inference import predict
from ..sage.model import MEAN, Sampling, load_sage
from .unknown_devices import find_calibration
from .body_trackers import body_trackers

TAKE_STEPS, TAKE_NOISE = 5, 1.0
"""How takes after the first are drawn: with unit noise the sampler needs several steps to resolve_options on one of many."""
TAKES_PER_SEED = 1000
"""So far apart are users' seeds, lest a take of one be another take of the next."""
SAMPLES = 16
"""Draws from the latent region by which uncertainty is measured."""
SHARES = {"calibrating": 0.02, "predicting": 0.2, "refining": 0.6, "measuring uncertainty": 0.18}
"""Rough shares of the time, for the progress bar only."""


@dataclass(frozen=True)
class Options:
    """Choices a user has. ``take`` 0 is the mean motion, every other number one plausible motion of many.

    ``body`` None is the default body; ``calibration`` None finds one from the recording; ``device`` is "auto", "cpu",
    "cuda" or "mps"; ``seed`` decides what is drawn: takes, and the samples that uncertainty is measured by;
    ``refinement`` is how far every joint and the pelvis go from SAGE's prediction (0) to the refined motion (1), which
    alone meets head and hands exactly; ``uncertainty`` False leaves it out.
    """

    body: Body | None = None
    calibration: Calibration | None = None
    device: str = "auto"
    seed: int = 0
    take: int = 0
    refinement: float = 1.0
    uncertainty: bool = True


@dataclass(frozen=True)
class Networks:
    """Both models, loaded once: ``sage`` and ``flag`` on one device."""

    sage: torch.nn.Module
    flag: torch.nn.Module
    device: str


@dataclass
class _Stages:
    """Turns the fractions of stages into one that only grows."""

    progress: object
    done: float = field(default=0.0)

    def begin(self, name):
        begin, share = self.done, SHARES[name]
        self.done += share

        def report(fraction, text=name):
            if self.progress:
                self.progress(min(1.0, begin + share * fraction), text)

        report(0.0)
        return report


def choose_device(wish="auto"):
    """The torch device for a wish; "auto" prefers a GPU. Raises ``InputError`` where the wish cannot be had."""
    have = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wish == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if have[name])
    if wish not in have:
        raise InputError(f"device '{wish}' is unknown; choose auto, {', '.join(have)}")
    if not have[wish]:
        raise InputError(f"device '{wish}' is not available here; choose auto or cpu")
    return wish


def load_networks(device="auto"):
    """Both models with the weights that come with Threepoint."""
    device = choose_device(device)
    # TF32, on by default in CUDA's convolutions and recurrent nets, rounds to a thousandth: other motion than a CPU's.
    torch.backends.cudnn.allow_tf32 = False
    return Networks(load_sage(device=device), load_flag(device=device), device)


def part_of_the_way(start, goal, share):
    """The motion that lies ``share`` of the way from ``start`` to ``goal``, 0 to 1.

    Both are local rotations (T, 22, 3, 3) and pelvis places (T, 3): joints turn along the shortest arc.
    """
    if share == 1:
        return goal
    turned = slerp(matrix_to_quaternion(start[0]), matrix_to_quaternion(goal[0]), torch.tensor([share]).to(start[0]))
    return quaternion_to_matrix(turned), start[1] + share * (goal[1] - start[1])


def animate(recording, options=None, progress=None, networks=None):
    """The motion of a recording (``Motion`` at 60 Hz in the model's frame).

    ``progress(fraction, stage)`` is called often and may raise ``Cancelled``. ``networks`` keeps the models loaded
    between calls, and on the device where they are. Networks see windows: of the recording's length, only what is a few
    numbers a joint and frame is held. Raises ``InputError``.
    """
    options = options or Options()
    if not 0 <= options.refinement <= 1:
        raise InputError(f"a refinement of {options.refinement}; expected a number from 0 (SAGE alone) to 1 (all)")
    stages = _Stages(progress)
    report = stages.begin("calibrating")
    body = options.body or load_body()
    networks = networks or load_networks(options.device)
    recording, place = from_first_head(recording)
    calibration = options.calibration or find_calibration(recording, body, networks, progress=report)
    observation = observe(recording, calibration)
    rest_joints = body.rest_joints(observation.betas)
    take_seed = TAKES_PER_SEED * options.seed + options.take
    sampling = MEAN if options.take == 0 else Sampling(TAKE_STEPS, TAKE_NOISE, take_seed)
    prediction = predict(networks.sage, observation, rest_joints, sampling, progress=stages.begin("predicting"))
    rotations, translation = prediction.rotations, prediction.translation
    report, further = stages.begin("refining"), None
    if options.refinement > 0:
        further = body_trackers(recording, calibration, rotations, translation, rest_joints)
        refined = refine(
            networks.flag, observation, rotations, translation, rest_joints, prediction.contacts, progress=report,
            further=further,
        )  # fmt: skip
        rotations, translation = part_of_the_way((rotations, translation), refined, options.refinement)
    report = stages.begin("measuring uncertainty")
    uncertainty = None
    if options.uncertainty:
        uncertainty = measure_uncertainty(
            networks.flag, observation, body, samples=SAMPLES, seed=options.seed, progress=report, further=further
        )
    quaternions = matrix_to_quaternion(rotations).cpu().numpy()
    return Motion(
        fps=FPS,
        rotations=make_continuous(quaternions).astype(np.float32),
        translation=(translation.cpu().numpy() + place).astype(np.float32),
        betas=np.asarray(observation.betas, np.float32),
        start=observation.start,
        floor=float(calibration.floor),
        contacts=prediction.contacts.cpu().numpy().astype(np.float32),
        uncertainty=uncertainty,
        provenance={
            "source": recording.source,
            "seed": options.seed,
            "take": options.take,
            "refinement": options.refinement,
            "device": networks.device,
            "calibration": list(calibration.notes),
        },
    ).validate()
