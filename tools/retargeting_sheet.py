"""A contact sheet: stick figures of motion-capture sources beside the SMPL motion that was made of them."""

from collections import defaultdict

import matplotlib
import numpy as np

from ..model_core.kinematics import forward_kinematics
from ..model_core.mocap.cleaning import floor_height
from ..model_core.mocap.joint_names import side_and_part
from ..model_core.mocap.retarget import retarget
from ..model_core.mocap.sources import read_captures
from ..model_core.rotations import rotation_about_y
from ..model_core.skeleton import BODY_JOINT_COUNT, HEAD, LEFT_WRIST, PARENTS, PELVIS, RIGHT_WRIST

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

CLIPS_EACH = 2
FRAMES_EACH = 6
GAP = 1.0
"""Metres between the source's figure and the result's."""
LEFT_COLOUR, RIGHT_COLOUR, MIDDLE_COLOUR = "#c1440e", "#1f5fa8", "#444444"
VIEWS = {"front": 0.0, "side": np.pi / 2}
"""Name of a view and the heading that the person turns by for it: from the side they walk to the right."""
CELL = 1.9
"""Inches."""
LONGEST_TITLE = 42


def draw_sheet(path, takes, rest_joints, sole):
    """Draw two takes of each skeleton, front and side, into the PNG ``path``.

    ``takes`` is a list of (file, meta of the take). AMASS has no skeleton of its own and is left out.
    """
    chosen = _choose(takes)
    rows = []
    for file in sorted({file for file, _ in chosen}):
        names = {meta["name"] for of_file, meta in chosen if of_file == file}
        rows += [(capture, skeleton) for capture, skeleton in read_captures(file) if capture.name in names]
    rows.sort(key=lambda pair: (pair[1].name, pair[0].name))
    figure, axes = plt.subplots(
        len(rows) * len(VIEWS), FRAMES_EACH, figsize=(CELL * FRAMES_EACH * 1.2, CELL * len(rows) * 2), squeeze=False
    )
    for number, (capture, skeleton) in enumerate(rows):
        _draw_take(axes[2 * number : 2 * number + 2], capture, skeleton, rest_joints, sole)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.99, bottom=0.01, wspace=0.02, hspace=0.12)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _choose(takes):
    """The first walk and something else of each skeleton."""
    of_skeleton = defaultdict(list)
    for file, meta in takes:
        if meta["skeleton"] != "amass":
            of_skeleton[meta["skeleton"]].append((file, meta))
    chosen = []
    for group in of_skeleton.values():
        walks = [take for take in group if "walk" in take[1]["activity"].lower()]
        others = [take for take in group if take not in walks]
        chosen += walks[: CLIPS_EACH // 2] + others[len(others) // 2 :][: CLIPS_EACH - len(walks[: CLIPS_EACH // 2])]
    return chosen


def _draw_take(axes, capture, skeleton, rest_joints, sole):
    """Fill two rows of axes (2, FRAMES_EACH) with the front and side views of one take."""
    result = retarget(capture, skeleton, rest_joints)
    floor = floor_height(result.rotations, result.translation, rest_joints, sole)
    shown = np.linspace(0.08, 0.92, FRAMES_EACH) * (len(capture.root) - 1)
    shown = shown.astype(int)
    source = capture.world()[1][shown] * result.scale
    world, positions = forward_kinematics(result.rotations[shown], result.translation[shown], rest_joints)
    centre = positions[:, PELVIS] * [1, 0, 1] + [0, floor, 0]
    heading = np.arctan2(world[:, PELVIS, 0, 2], world[:, PELVIS, 2, 2])
    for row, (view, turn) in enumerate(VIEWS.items()):
        straight = rotation_about_y(turn - heading)
        for column in range(FRAMES_EACH):
            ax, spin = axes[row, column], straight[column]
            colours = [_side_colour(name) for name in capture.names]
            _draw_bones(ax, (source[column] - centre[column]) @ spin.T, capture.parents, colours, -GAP / 2)
            _draw_smpl(ax, (positions[column] - centre[column]) @ spin.T, spin @ world[column])
            ax.axhline(0, color="#999999", linewidth=0.5)
            ax.set_xlim(-1.25, 1.25)
            ax.set_ylim(-0.15, 1.95)
            ax.set_aspect("equal")
            ax.axis("off")
            title = (
                f"{capture.name} {view}: {capture.activity}"[:LONGEST_TITLE]
                if column == 0
                else f"frame {shown[column]}"
            )
            ax.set_title(title, fontsize=6, loc="left", pad=1)


def _side_colour(name):
    side, _ = side_and_part(name)
    return {"left": LEFT_COLOUR, "right": RIGHT_COLOUR, "": MIDDLE_COLOUR}[side]


def _draw_bones(ax, positions, parents, colours, shift):
    for joint, parent in enumerate(parents):
        if parent >= 0:
            ends = positions[[parent, joint]]
            ax.plot(ends[:, 0] + shift, ends[:, 1], color=colours[joint], linewidth=1)


def _draw_smpl(ax, positions, world):
    """The result's bones, its gaze (green) and, at each wrist, fingers (black) and thumb (magenta)."""
    left = {1, 4, 7, 10, 13, 16, 18, 20}
    colours = [LEFT_COLOUR if j in left else RIGHT_COLOUR for j in range(BODY_JOINT_COUNT)]
    for middle in (3, 6, 9, 12, 15):
        colours[middle] = MIDDLE_COLOUR
    _draw_bones(ax, positions, PARENTS[:BODY_JOINT_COUNT], colours, GAP / 2)
    marks = [(HEAD, 2, 1, 0.2, "#118833")]
    for wrist, sign in ((LEFT_WRIST, 1), (RIGHT_WRIST, -1)):
        marks += [(wrist, 0, sign, 0.15, "black"), (wrist, 2, 1, 0.1, "magenta")]
    for joint, axis, sign, length, colour in marks:
        end = positions[joint] + world[joint][:, axis] * sign * length
        ax.plot(
            np.array([positions[joint, 0], end[0]]) + GAP / 2, [positions[joint, 1], end[1]], color=colour, linewidth=1
        )
