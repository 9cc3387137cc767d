"""Figure 7 of the FLAG paper: error over the iterations of refinement; and figure 3's: error over the couplings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ....model_core.progress import Progress
from ....model_core.refinement.single_frames import fit_latent, fit_pose
from .frames import Frames
from .tables import PLAIN, Subject, Table, make_subject

ITERATIONS = 50
SHOWN = (0, 1, 2, 5, 10, 20, 50)
LATENT, POSE = "latent space", "pose space"


@dataclass(frozen=True)
class Curve:
    """Full MPJPE in cm after each iteration (``ITERATIONS`` + 1,) of one network, start and space."""

    network: str
    start: str
    space: str
    errors: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.network}, from {self.start}, {self.space}"


def refinement_curves(frames: Frames, subjects: Sequence[Subject], progress: Progress | None = None) -> list[Curve]:
    """The curves of every network, from every start that it has, in latent and in pose space.

    ``frames`` may be other ones than those of the ``subjects``. A flow without intermediate supervision has no region:
    as ProHMR it starts at z = 0 and keeps to N(0, I).
    """
    subjects = [make_subject(subject.name, subject.flag, frames) for subject in subjects]
    tasks = [
        (subject, start, space)
        for subject in subjects
        for start in (("z = 0",) if subject.name == PLAIN else ("z = 0", "mu", "SAGE"))
        for space in (LATENT, POSE)
    ]
    curves = []
    for number, (subject, start, space) in enumerate(tasks):
        if progress:
            progress(number / len(tasks), f"{subject.name}, {start}, {space}")
        curves.append(Curve(subject.name, start, space, _errors(frames, subject, start, space)))
    return curves


def refinement_table(curves: Sequence[Curve]) -> Table:
    """Figure 7 as numbers."""
    columns = ("full MPJPE in cm after iterations", *map(str, SHOWN))
    rows = [(curve.name, *(float(curve.errors[i]) for i in SHOWN)) for curve in curves]
    return Table("Figure 7: refinement", columns, rows)


def speed_table(curves: Sequence[Curve]) -> Table:
    """How many iterations either space needs to come below what the other ends at, from the same start."""
    rows = []
    found = {(curve.network, curve.start, curve.space): curve.errors for curve in curves}
    for network, start in dict.fromkeys((curve.network, curve.start) for curve in curves):
        latent, pose = found[network, start, LATENT], found[network, start, POSE]
        goal = max(latent.min(), pose.min())
        rows.append((f"{network}, from {start}", float(goal), _reached(latent, goal), _reached(pose, goal)))
    columns = ("network and start", "error that both reach, cm", f"iterations, {LATENT}", f"iterations, {POSE}")
    return Table("Figure 7: iterations to a given error", columns, rows)


def coupling_errors(frames: Frames, subjects: Sequence[Subject]) -> dict[tuple[str, str], list[float]]:
    """Full MPJPE in cm after 0, 1, ... K couplings: dict (name, start) -> list; starts are z = 0 and the oracle."""
    errors = {}
    for subject in subjects:
        for start, z in (("z = 0", subject.zero), ("oracle", subject.oracle)):
            states = coupling_states(subject, z)
            errors[subject.name, start] = [
                float(frames.errors(subject.flag, state, subject.evidence).mean()) for state in states
            ]
    return errors


def coupling_table(errors: dict[tuple[str, str], list[float]]) -> Table:
    """Figure 3 as numbers."""
    depth = max(map(len, errors.values()))
    columns = ("full MPJPE in cm after couplings", *map(str, range(depth)))
    rows = [(f"{name}, from {start}", *values) for (name, start), values in errors.items() if len(values) == depth]
    return Table("Figure 3: a pose forms", columns, rows)


def coupling_states(subject: Subject, z: torch.Tensor) -> list[torch.Tensor]:
    """The latent code and what each coupling makes of it, read as poses: K + 1 tensors (N, 66)."""
    return [
        subject.flag.flow(z, subject.evidence.context, depth) for depth in range(len(subject.flag.flow.couplings) + 1)
    ]


def _errors(frames: Frames, subject: Subject, start: str, space: str) -> np.ndarray:
    flag, evidence = subject.flag, subject.evidence
    if subject.name == PLAIN:
        evidence = replace(evidence, mean=subject.zero, log_sigma=torch.zeros_like(evidence.log_sigma))
    if start == "SAGE":
        x = flag.pose.encode(frames.sage, evidence.heading)
        z = flag.flow.inverse(x, evidence.context)[0]
    else:
        z = evidence.mean if start == "mu" else subject.zero
        x = flag.flow(z, evidence.context)
    reached = [float(frames.errors(flag, x, evidence).mean())]

    def watch(iteration: int, values: torch.Tensor) -> None:
        poses = flag.flow(values, evidence.context) if space == LATENT else values
        reached.append(float(frames.errors(flag, poses, evidence).mean()))

    if space == LATENT:
        fit_latent(flag, evidence, z, ITERATIONS, callback=watch)
    else:
        fit_pose(flag, evidence, x, ITERATIONS, callback=watch)
    reached += reached[-1:] * (ITERATIONS + 1 - len(reached))  # All frames had settled.
    return np.array(reached)


def _reached(errors: np.ndarray, goal: float) -> str:
    return str(int(np.argmax(errors <= goal + 1e-6)))
