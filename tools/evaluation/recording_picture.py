"""A picture of ``recording_scores``: how human real recordings look, beside motion capture of people."""

from pathlib import Path

from ...model_core.evaluation.plausibility import LIMITS
from .recording_scores import Row

PANELS_ACROSS = 4
COLOURS = {"SAGE": "#b8c4d6", "SAGE, live": "#d99a3d", "SAGE, refined": "#2a5d9f"}
PANEL_WIDTH, BAR_HEIGHT, PANEL_MARGIN = 3.6, 0.2, 0.9
"""Inches."""


def draw_recordings(path: Path, rows: dict[str, Row]) -> None:
    """A panel a measure: a bar a file and method, what motion capture has, and the most that looks human."""
    from matplotlib.figure import Figure

    names = list(rows)[::-1]
    shown = {method: colour for method, colour in COLOURS.items() if any(method in row for row in rows.values())}
    down = -(-len(LIMITS) // PANELS_ACROSS)
    height = PANEL_MARGIN + BAR_HEIGHT * len(names)
    figure = Figure(figsize=(PANEL_WIDTH * PANELS_ACROSS, height * down), layout="constrained")
    axes = figure.subplots(down, PANELS_ACROSS, squeeze=False, sharey=True).ravel()
    for axis, (column, limit) in zip(axes, LIMITS.items(), strict=True):
        for number, (method, colour) in enumerate(shown.items()):
            width = 0.8 / len(shown)
            positions = [position + 0.4 - width * (number + 0.5) for position in range(len(names))]
            values = [rows[name].get(method, {}).get(column, 0.0) for name in names]
            axis.barh(positions, values, width, color=colour, label=method)
        axis.axvline(limit.most, color="#c0392b", linewidth=1.2, label="at most")
        axis.axvline(limit.cmu, color="#2e8b57", linewidth=1.0, linestyle="--", label="people: CMU")
        axis.axvline(limit.bandai, color="#2e8b57", linewidth=1.0, linestyle=":", label="people: Bandai-2")
        axis.set_title(limit.what, fontsize=7, wrap=True)
        axis.set_yticks(range(len(names)), names, fontsize=6)
        axis.tick_params(axis="x", labelsize=6)
        axis.set_xlim(left=0)
    axes[0].legend(fontsize=6, loc="lower right")
    figure.savefig(path, dpi=120)
