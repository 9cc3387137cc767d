"""A training's log as a picture: every logged number of every stage over its steps."""

import json
from collections import defaultdict
from pathlib import Path

from ...model_core.errors import InputError

COLUMNS = 4
NOT_DRAWN = ("stage", "step", "steps_per_second")
ALWAYS_POSITIVE = ("loss", "position", "velocity", "skate", "smooth", "rotation", "latent", "denoising", "contact")


def draw_log(log: Path, path: Path) -> None:
    """Draw ``log`` (a run's log.jsonl) to the picture ``path``. Raises ``InputError`` where there is no log."""
    try:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"{log}: not the log of a training ({error})") from error
    curves = defaultdict(list)
    for line in lines:
        for name, value in line.items():
            if name not in NOT_DRAWN:
                curves[f"{line['stage']}: {name}"].append((line["step"], value))
    if not curves:
        raise InputError(f"{log}: holds no numbers yet; they come every few dozen steps")

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(curves) // COLUMNS)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 2.2 * rows), squeeze=False)
    for ax, (title, points) in zip(axes.flat, curves.items(), strict=False):
        ax.plot(*zip(*points, strict=True), linewidth=1)
        ax.set_title(title, fontsize=9)
        ax.tick_params(labelsize=7)
        if title.split(": ")[1] in ALWAYS_POSITIVE:
            ax.set_yscale("log")
    for ax in axes.flat[len(curves) :]:
        ax.remove()
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
