"""Stick figures in matplotlib: what the contact sheets of ``prepare`` and ``evaluate`` are drawn with."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...model_core.geometry.rotations import rotation_about_y
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, MIRRORED, PARENTS, PELVIS

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import LineCollection  # noqa: E402

LEFT_COLOUR, RIGHT_COLOUR, MIDDLE_COLOUR, TRUTH_COLOUR = "#c1440e", "#1f5fa8", "#444444", "#bbbbbb"
VIEWS = {"front": 0.0, "side": np.pi / 2}
"""Name of a view and the heading that the person turns by for it: from the side they look to the right."""
CELL = 1.9
TITLE_SPACE = 0.25
"""Inches from line to line of a sheet, and above the first."""
DOTS_PER_INCH = 130
SMPL_PARENTS = PARENTS[:BODY_JOINT_COUNT]


def sheet(row_count: int, column_count: int) -> tuple[Figure, np.ndarray]:
    """A figure and its axes (rows * views, columns), one pair of lines for each row."""
    lines = row_count * len(VIEWS)
    size = (CELL * column_count * 1.2, CELL * lines)
    figure, axes = plt.subplots(lines, column_count, figsize=size, squeeze=False)
    top = 1 - TITLE_SPACE / (CELL * lines)
    figure.subplots_adjust(left=0.01, right=0.99, top=top, bottom=0.01, wspace=0.02, hspace=0.12)
    for ax in axes.flat:
        ax.axhline(0, color="#999999", linewidth=0.5)
        ax.set_xlim(-1.25, 1.25)
        ax.set_ylim(-0.15, 1.95)
        ax.set_aspect("equal")
        ax.axis("off")
    return figure, axes


def save(figure: Figure, path: Path) -> None:
    """Write the PNG and forget the figure."""
    figure.savefig(path, dpi=DOTS_PER_INCH)
    plt.close(figure)


def title(ax: Axes, text: str) -> None:
    """A small title above a cell."""
    ax.set_title(text, fontsize=6, loc="left", pad=1)


def facing(world: np.ndarray, view: str) -> np.ndarray:
    """World rotations (T, J, 3, 3) -> rotations (T, 3, 3) that turn each frame's pelvis towards the view."""
    return rotation_about_y(VIEWS[view] - np.arctan2(world[:, PELVIS, 0, 2], world[:, PELVIS, 2, 2]))


def smpl_colours() -> list[str]:
    """A colour for each of SMPL's 22 joints, by side."""
    # A mirrored pair is numbered left first.
    return [
        MIDDLE_COLOUR if MIRRORED[j] == j else LEFT_COLOUR if j < MIRRORED[j] else RIGHT_COLOUR
        for j in range(BODY_JOINT_COUNT)
    ]


def draw_bones(
    ax: Axes,
    positions: np.ndarray,
    parents: Sequence[int],
    colours: Sequence[str],
    shift: float = 0.0,
    width: float = 1.0,
) -> None:
    """Lines from each joint (J, 3) to its parent; x to the right by ``shift``, y up."""
    joints = [joint for joint, parent in enumerate(parents) if parent >= 0]
    lines = np.stack([positions[[parents[joint] for joint in joints]], positions[joints]], 1)[..., :2] + [shift, 0]
    ax.add_collection(LineCollection(list(lines), colors=[colours[joint] for joint in joints], linewidths=width))
