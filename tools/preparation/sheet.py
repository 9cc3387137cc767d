"""A contact sheet: stick figures of motion-capture sources beside the SMPL motion that was made of them."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.skeleton import HEAD, LEFT_WRIST, PELVIS, RIGHT_WRIST
from ...model_core.mocap.cleaning import floor_height
from ...model_core.mocap.sources import read_captures
from ...model_core.retargeting.capture import Capture
from ...model_core.retargeting.joint_names import side_and_part
from ...model_core.retargeting.retarget import retarget
from ...model_core.retargeting.skeletons import SkeletonMap
from ..support import stick_figures as figures

Take = tuple[Path, dict[str, Any]]
"""A file, and the meta of a take in it."""

CLIPS_EACH = 2
FRAMES_EACH = 6
GAP = 1.0
"""Metres between the source's figure and the result's."""
SIDES = {"left": figures.LEFT_COLOUR, "right": figures.RIGHT_COLOUR, "": figures.MIDDLE_COLOUR}
GAZE_COLOUR, FINGER_COLOUR, THUMB_COLOUR = "#118833", "black", "magenta"
LONGEST_TITLE = 42


def draw_sheet(path: Path, takes: Sequence[Take], rest_joints: np.ndarray, sole: float) -> int:
    """Draw two takes of each skeleton, front and side, into the PNG ``path``.

    ``takes`` is a list of (file, meta of the take). AMASS has no skeleton of its own and is left out. Returns how many
    takes were drawn; for none there is no file.
    """
    chosen = _choose(takes)
    rows = []
    for file in sorted({file for file, _ in chosen}):
        names = {meta["name"] for of_file, meta in chosen if of_file == file}
        rows += [(capture, skeleton) for capture, skeleton in read_captures(file) if capture.name in names]
    rows.sort(key=lambda pair: (pair[1].name, pair[0].name))
    if not rows:
        return 0
    figure, axes = figures.sheet(len(rows), FRAMES_EACH)
    for number, (capture, skeleton) in enumerate(rows):
        _draw_take(axes[2 * number : 2 * number + 2], capture, skeleton, rest_joints, sole)
    figures.save(figure, path)
    return len(rows)


def _choose(takes: Sequence[Take]) -> list[Take]:
    """The first walk and something else of each skeleton."""
    of_skeleton = defaultdict(list)
    for file, meta in takes:
        if meta["skeleton"] != "amass":
            of_skeleton[meta["skeleton"]].append((file, meta))
    chosen = []
    for group in of_skeleton.values():
        walks = [take for take in group if "walk" in take[1]["activity"].lower()][: CLIPS_EACH // 2]
        others = [take for take in group if take not in walks]
        chosen += walks + others[len(others) // 2 :][: CLIPS_EACH - len(walks)]
    return chosen


def _draw_take(axes: np.ndarray, capture: Capture, skeleton: SkeletonMap, rest_joints: np.ndarray, sole: float) -> None:
    """Fill two lines of axes (2, FRAMES_EACH) with the front and side views of one take."""
    result = retarget(capture, skeleton, rest_joints)
    floor = floor_height(result.rotations, result.translation, rest_joints, sole)
    shown = (np.linspace(0.08, 0.92, FRAMES_EACH) * (len(capture.root) - 1)).astype(int)
    source = capture.world()[1][shown] * result.scale
    world, positions = forward_kinematics(result.rotations[shown], result.translation[shown], rest_joints)
    centre = positions[:, PELVIS] * [1, 0, 1] + [0, floor, 0]
    colours = [SIDES[side_and_part(name)[0]] for name in capture.names]
    for line, view in zip(axes, figures.VIEWS, strict=True):
        turns = figures.facing(world, view)
        for column, ax in enumerate(line):
            turn = turns[column]
            at = (source[column] - centre[column]) @ turn.T
            figures.draw_bones(ax, at, capture.parents, colours, -GAP / 2)
            _draw_result(ax, (positions[column] - centre[column]) @ turn.T, turn @ world[column])
            text = f"{capture.name} {view}: {capture.activity}"[:LONGEST_TITLE]
            figures.title(ax, text if column == 0 else f"frame {shown[column]}")


def _draw_result(ax: Axes, positions: np.ndarray, world: np.ndarray) -> None:
    """The result's bones, its gaze and, at each wrist, where fingers and thumb point."""
    figures.draw_bones(ax, positions, figures.SMPL_PARENTS, figures.smpl_colours(), GAP / 2)
    marks = [(HEAD, 2, 0.2, GAZE_COLOUR), (LEFT_WRIST, 0, 0.15, FINGER_COLOUR), (RIGHT_WRIST, 0, -0.15, FINGER_COLOUR)]
    marks += [(wrist, 2, 0.1, THUMB_COLOUR) for wrist in (LEFT_WRIST, RIGHT_WRIST)]
    for joint, axis, length, colour in marks:
        line = np.stack([positions[joint], positions[joint] + world[joint][:, axis] * length])
        ax.plot(line[:, 0] + GAP / 2, line[:, 1], color=colour, linewidth=1)
