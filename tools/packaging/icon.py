"""Draw the extension's icon: ``.venv/bin/python -m threepoint.tools.packaging.icon docs/pictures/icon.png``.

Three points that are known, and the body that they lead to.
"""

import math
import sys
from pathlib import Path

SIZE = 256
"""Pixels a side, as extensions.blender.org asks."""
GROUND, BODY, POINT = "#1d2733", "#6f8fae", "#ffb454"
HEAD, LEFT, RIGHT = (0.5, 0.83), (0.82, 0.56), (0.2, 0.68)
LIMBS = (
    (HEAD, (0.5, 0.72), (0.5, 0.44)),
    ((0.5, 0.68), (0.64, 0.5), LEFT),
    ((0.5, 0.68), (0.35, 0.52), RIGHT),
    ((0.5, 0.44), (0.6, 0.28), (0.6, 0.1)),
    ((0.5, 0.44), (0.41, 0.28), (0.38, 0.1)),
)
"""Places in the picture, whose sides are 1 long."""


def draw(path: Path) -> None:
    """Write the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    figure = Figure(figsize=(1, 1), dpi=SIZE)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.add_patch(FancyBboxPatch((0.12, 0.12), 0.76, 0.76, "round,pad=0.1", facecolor=GROUND, linewidth=0))
    for limb in LIMBS:
        axes.plot(*zip(*limb, strict=True), color=BODY, linewidth=5, solid_capstyle="round", solid_joinstyle="round")
    for point, size in ((HEAD, 11), (LEFT, 8), (RIGHT, 8)):
        axes.plot(*point, "o", color=POINT, markersize=size * math.sqrt(0.8), markeredgewidth=0)
    figure.savefig(path, dpi=SIZE, transparent=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
