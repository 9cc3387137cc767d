"""Figures 3 and 7 of the FLAG paper, drawn of our networks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ....model_core.geometry.kinematics import forward_kinematics
from ....model_core.geometry.skeleton import PELVIS
from ...support import stick_figures as figures
from ...support.stick_figures import plt
from .curves import LATENT, Curve, coupling_states
from .frames import Frames
from .tables import Subject

POSES = 4
"""True poses that figure 3 shows forming."""
YELLOW_CM = 40.0
"""Error of a joint that is drawn yellow; none is dark blue, as in the paper."""
COLOURS = "plasma"
REACH = 1.1
"""Metres about the pelvis that a cell shows."""


def draw_forming(path: Path, frames: Frames, subjects: Sequence[Subject]) -> None:
    """Figure 3: the true pose, then what each coupling makes of its oracle code; a line a pose and network."""
    columns = len(subjects[0].flag.flow.couplings) + 2
    lines = POSES * len(subjects)
    figure, axes = plt.subplots(lines, columns, figsize=(1.15 * columns, 1.5 * lines), squeeze=False)
    for ax in axes.flat:
        ax.set(xlim=(-0.75 * REACH, 0.75 * REACH), ylim=(-REACH, 0.8 * REACH), aspect="equal")
        ax.axis("off")
    shown = torch.linspace(0, len(frames) - 1, POSES + 2).long()[1:-1]
    for number, subject in enumerate(subjects):
        states = coupling_states(subject, subject.oracle)
        for row, frame in enumerate(shown):
            line = axes[row * len(subjects) + number]
            truth = _joints(subject, subject.x, frame, frames)
            for depth, ax in enumerate(line):
                joints = truth if depth == 0 else _joints(subject, states[depth - 1], frame, frames)
                _draw_coloured(ax, joints, 100 * np.linalg.norm(joints - truth, axis=-1))
                named = "true" if depth == 0 else "z*" if depth == 1 else f"T{depth - 1}"
                figures.title(ax, f"{subject.name}\n{named}" if depth == 0 else named)
    figure.subplots_adjust(left=0.01, right=0.93, top=0.96, bottom=0.01, wspace=0.02, hspace=0.2)
    bar = figure.add_axes((0.95, 0.3, 0.012, 0.4))
    figure.colorbar(ScalarMappable(Normalize(0, YELLOW_CM), COLOURS), cax=bar).ax.tick_params(labelsize=6)
    bar.set_title("cm", fontsize=6)
    figures.save(figure, path)


def draw_refinement(path: Path, curves: Sequence[Curve]) -> None:
    """Figure 7: error over iterations, a panel a network; latent space drawn through, pose space dashed."""
    networks = list(dict.fromkeys(curve.network for curve in curves))
    figure, axes = plt.subplots(1, len(networks), figsize=(4.6 * len(networks), 4), sharey=True, squeeze=False)
    for ax, network in zip(axes[0], networks, strict=True):
        own = [curve for curve in curves if curve.network == network]
        for curve in own:
            colour = {"z = 0": "C0", "mu": "C1", "SAGE": "C2"}[curve.start]
            style = "-" if curve.space == LATENT else "--"
            ax.plot(curve.errors, style, color=colour, label=f"from {curve.start}, {curve.space}")
        ax.set(title=network, xlabel="iteration")
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7)
    axes[0, 0].set_ylabel("full MPJPE, cm")
    figure.tight_layout()
    figures.save(figure, path)


def _joints(subject: Subject, x: torch.Tensor, frame: torch.Tensor, frames: Frames) -> np.ndarray:
    """Joints (22, 3) about the pelvis of one pose, facing the viewer a little from the side."""
    local = subject.flag.pose.decode(x[frame], torch.tensor(0.4))
    _, joints = forward_kinematics(local, torch.zeros(3), frames.rest_joints)
    return (joints - joints[PELVIS]).numpy()


def _draw_coloured(ax: Axes, joints: np.ndarray, errors: np.ndarray) -> None:
    colours = plt.get_cmap(COLOURS)(Normalize(0, YELLOW_CM, clip=True)(errors))
    figures.draw_bones(ax, joints, figures.SMPL_PARENTS, list(colours), width=1.6)
