"""Pictures of an evaluation: error over time, error of each joint, and the worst clips as stick figures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...model_core.evaluation.metrics import LOWER, UPPER
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, JOINT_NAMES, PELVIS
from ...model_core.observation import FPS
from ..support import stick_figures as figures
from ..support.stick_figures import plt

SHEET_FRAMES = 6
SMOOTHED_SECONDS = 0.25
"""Over this long the curves are averaged, so that they can be told apart."""


def draw_errors(path: Path, errors: dict[str, np.ndarray], title: str, cuts: Sequence[int] | np.ndarray = ()) -> None:
    """Write a PNG with error over time (whole, upper and lower body) and the mean error of each joint.

    ``errors`` is a dict label -> (T, 22) in cm, as ``metrics.joint_errors`` gives them; the first label's halves are
    drawn too. ``cuts`` are frames where one clip ends and the next begins.
    """
    figure, (over_time, by_joint) = plt.subplots(2, 1, figsize=(11, 7.5), layout="constrained")
    for number, (label, of_label) in enumerate(errors.items()):
        seconds = np.arange(len(of_label)) / FPS
        colour = f"C{number}"
        over_time.plot(seconds, _smoothed(of_label.mean(1)), color=colour, label=label)
        if number == 0:
            over_time.plot(seconds, _smoothed(of_label[:, UPPER].mean(1)), color=colour, linewidth=0.6, linestyle=":")
            over_time.plot(seconds, _smoothed(of_label[:, LOWER].mean(1)), color=colour, linewidth=0.6, linestyle="--")
        width = 0.8 / len(errors)
        positions = np.arange(BODY_JOINT_COUNT) + (number - (len(errors) - 1) / 2) * width
        by_joint.bar(positions, of_label.mean(0), width, color=colour, label=label)
    for cut in cuts:
        over_time.axvline(cut / FPS, color="#dddddd", linewidth=0.6, zorder=0)
    over_time.set(title=f"{title}; dotted: upper joints of {next(iter(errors))}, dashed: its lower joints")
    over_time.set(xlabel="seconds", ylabel="mean error of 22 joints, cm", ylim=(0, None))
    by_joint.set_xticks(np.arange(BODY_JOINT_COUNT), JOINT_NAMES[:BODY_JOINT_COUNT], rotation=60, ha="right")
    by_joint.set(ylabel="mean error, cm")
    over_time.legend(loc="upper right")
    figure.savefig(path, dpi=figures.DOTS_PER_INCH)
    plt.close(figure)


def _smoothed(values: np.ndarray) -> np.ndarray:
    window = np.ones(max(1, round(SMOOTHED_SECONDS * FPS)))
    return np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")


def draw_clips(path: Path, clips: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]]) -> None:
    """Write a PNG with six moments of each clip, the true figure in grey behind the predicted one, front and side.

    ``clips`` is a list of (title, true world rotations (T, 22, 3, 3), true positions (T, 22, 3), predicted positions
    (T, 22, 3)). The moments are the worst frame of each sixth of the clip.
    """
    figure, axes = figures.sheet(len(clips), SHEET_FRAMES)
    for number, (name, world, truth, predicted) in enumerate(clips):
        errors = np.linalg.norm(predicted - truth, axis=-1).mean(1) * 100
        bounds = np.linspace(0, len(errors), SHEET_FRAMES + 1).astype(int)
        shown = [a + int(errors[a:b].argmax()) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
        for line, view in zip(axes[2 * number : 2 * number + 2], figures.VIEWS, strict=True):
            turns = figures.facing(world[shown], view)
            for ax, frame, turn in zip(line, shown, turns, strict=True):
                centre = truth[frame, PELVIS] * [1, 0, 1]
                grey = [figures.TRUTH_COLOUR] * BODY_JOINT_COUNT
                figures.draw_bones(ax, (truth[frame] - centre) @ turn.T, figures.SMPL_PARENTS, grey, width=2.5)
                predicted_at = (predicted[frame] - centre) @ turn.T
                figures.draw_bones(ax, predicted_at, figures.SMPL_PARENTS, figures.smpl_colours())
                prefix = f"{name} {view}, " if ax is line[0] else ""
                figures.title(ax, f"{prefix}frame {frame}: {errors[frame]:.1f} cm")
    figures.save(figure, path)
