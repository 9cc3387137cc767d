"""What ``animate --report`` shows of a recording: a table, JSON, or a picture."""

import json
from pathlib import Path

import numpy as np

from ...model_core.recordings import Recording
from ...model_core.recordings.report import report, report_data

COLOURS = {"head": "#d08700", "left_hand": "#2563eb", "right_hand": "#dc2626"}
OTHER_COLOURS = ("#16a34a", "#7c3aed", "#0891b2", "#65a30d", "#be185d", "#475569")
MOST_POINTS = 6000
"""Samples of a track that are drawn."""
SIZE, DOTS_PER_INCH = (11, 8), 110


def table_of(recording: Recording, calibration: list[str]) -> str:
    """The report as a table for a terminal."""
    return "\n".join([*report(recording), *(f"  calibration: {note}" for note in calibration)])


def json_of(reports: list[tuple[Recording, list[str]]]) -> str:
    """The reports as JSON: an object, or a list of them where there are several recordings."""
    found = [{**report_data(recording), "calibration": notes} for recording, notes in reports]
    return json.dumps(found[0] if len(found) == 1 else found, indent=1, default=float)


def draw_report(path: Path, recording: Recording) -> None:
    """Write a picture: the trackers' paths from above, their heights, and when each was known."""
    from .stick_figures import plt

    figure = plt.figure(figsize=SIZE, layout="constrained")
    axes = figure.subplot_mosaic([["above", "heights"], ["valid", "valid"]], height_ratios=[3, 1])
    seconds = recording.time - recording.time[0]
    step = max(1, len(seconds) // MOST_POINTS)
    for number, (role, track) in enumerate(recording.tracks.items()):
        colour = COLOURS.get(role, OTHER_COLOURS[number % len(OTHER_COLOURS)])
        shown = np.where(track.valid[:, None], track.position, np.nan)[::step]
        label = role.replace("_", " ")
        axes["above"].plot(shown[:, 0], -shown[:, 2], color=colour, linewidth=0.8, label=label)
        axes["heights"].plot(seconds[::step], shown[:, 1], color=colour, linewidth=0.8, label=label)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], track.valid, [False]]).astype(int)))
        known = [(seconds[first], max(seconds[last - 1] - seconds[first], seconds[-1] / 2000))
                 for first, last in edges.reshape(-1, 2)]  # fmt: skip
        axes["valid"].broken_barh(known, (number - 0.4, 0.8), color=colour)
    axes["above"].set(title="from above", xlabel="m to the right", ylabel="m ahead", aspect="equal")
    axes["above"].set_adjustable("datalim")
    axes["heights"].set(title="heights", xlabel="seconds", ylabel="height in m")
    handles, labels = axes["heights"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")
    axes["valid"].set(title="known", xlabel="seconds", xlim=(0, seconds[-1]))
    axes["valid"].set_yticks(range(len(recording.tracks)), [role.replace("_", " ") for role in recording.tracks])
    axes["valid"].invert_yaxis()
    figure.suptitle(f"{recording.source}: {recording.duration:.1f} s, {len(recording.time)} samples")
    figure.savefig(path, dpi=DOTS_PER_INCH)
    plt.close(figure)
