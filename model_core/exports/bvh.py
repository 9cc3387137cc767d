"""A clip as BVH: +Y up, metres, the root's offset zero and its position in the channels (numpy only).

Programs differ in whether they add a root's offset to its position: with an offset of zero all of them agree. Turns are
about Z, then X, then Y of the joint, each in its parent's axes, as most programs write them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..geometry.euler import continuous_angles
from ..geometry.rotations import quaternion_to_matrix
from .clip import SkeletonClip

CHANNELS = ("Zrotation", "Xrotation", "Yrotation")
ORDER = "YXZ"
"""The same in the words of ``geometry.euler``: the last channel turns first."""
COLUMNS = [2, 0, 1]
"""Of angles about X, Y and Z, in the order of the channels."""
POSITION = ("Xposition", "Yposition", "Zposition")


def write_bvh(path: Path | str, clip: SkeletonClip) -> None:
    """Write a clip to ``path``."""
    order, lines = [], ["HIERARCHY"]
    for joint, line in _hierarchy(clip, 0, 0):
        lines.append(line)
        if joint is not None:
            order.append(joint)
    angles = np.degrees(continuous_angles(quaternion_to_matrix(clip.rotations.astype(np.float64)), ORDER))
    values = angles[:, order][..., COLUMNS].reshape(len(angles), -1)
    rows = np.concatenate([clip.translation, values], 1)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([*lines, "MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / clip.fps:.15f}", ""]))
        np.savetxt(file, rows, fmt="%.6f")


def _hierarchy(clip: SkeletonClip, joint: int, depth: int) -> Iterator[tuple[int | None, str]]:
    """The lines of a joint and all below it; with the line that names a joint, the joint."""
    space, inner = "  " * depth, "  " * (depth + 1)
    yield joint, f"{space}{'JOINT' if depth else 'ROOT'} {clip.names[joint]}"
    yield None, f"{space}{{"
    yield None, f"{inner}OFFSET {_numbers(clip.offsets[joint] if depth else np.zeros(3))}"
    channels = CHANNELS if depth else (*POSITION, *CHANNELS)
    yield None, f"{inner}CHANNELS {len(channels)} {' '.join(channels)}"
    children = clip.children(joint)
    for child in children:
        yield from _hierarchy(clip, child, depth + 1)
    if not children:
        end = _numbers(clip.tips[joint] - clip.rest[joint])
        yield None, f"{inner}End Site"
        yield None, f"{inner}{{"
        yield None, f"{inner}  OFFSET {end}"
        yield None, f"{inner}}}"
    yield None, f"{space}}}"


def _numbers(vector: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in vector)
