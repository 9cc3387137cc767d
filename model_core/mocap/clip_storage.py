"""Motion as small integers that compress well: what clips are stored as, exact to less than a tenth of a millimetre.

Axis-angle components and pelvis positions are rounded to steps, finer where a joint moves more of the body; their third
differences in time, which are small in smooth motion, are cut into byte planes of which the higher ones are nearly
empty.
"""

from collections.abc import Mapping

import numpy as np

from ..geometry.skeleton import BODY_JOINT_COUNT

LEVERS = (1, 0.85, 0.85, 0.85, 0.45, 0.45, 0.72, 0.15, 0.15, 0.6, 0.05, 0.05, 0.2, 0.62, 0.62, 0.05, 0.5, 0.5, 0.25,
          0.25, 0.05, 0.05)  # fmt: skip
"""How far from each joint, in metres, the farthest joint lies that it moves."""
POSITION_STEP, COARSEST_ANGLE = 4e-5, 2e-4
"""Steps of positions (metres), and the largest of angles (radians)."""
ARC_STEP = 2.6e-5
"""What one step of a joint's angle moves the farthest joint by, in metres."""
ORDER = 3
"""How often differences are taken: with fewer or more, the files are larger."""
PLANES = 4


def steps() -> np.ndarray:
    """The step (69,) of each stored number: 66 axis-angle components in radians, three coordinates in metres."""
    angles = np.minimum(COARSEST_ANGLE, ARC_STEP / np.array(LEVERS))
    return np.concatenate([np.repeat(angles, 3), np.full(3, POSITION_STEP)])


def pack(poses: np.ndarray, translation: np.ndarray, starts: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays to store of ``poses`` (N, 66) and ``translation`` (N, 3), clips beginning at the frames ``starts``."""
    values = np.concatenate([poses, translation], 1).astype(np.float64)
    numbers = np.ascontiguousarray(np.round(values / steps()).astype(np.int32).T)
    for _ in range(ORDER):
        numbers = _differences(numbers, starts)
    folded = ((numbers << 1) ^ (numbers >> 31)).view(np.uint32)  # Small negative numbers become small positive ones.
    planes = {f"motion_{i}": (folded >> np.uint32(8 * i)).astype(np.uint8) for i in range(PLANES)}
    return planes | {"steps": steps()}


def unpack(stored: Mapping[str, np.ndarray], starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Float32 poses (N, 66) and translation (N, 3) of the arrays that ``pack`` gave."""
    folded = np.zeros(stored["motion_0"].shape, np.uint32)
    for i in range(PLANES):
        folded |= stored[f"motion_{i}"].astype(np.uint32) << np.uint32(8 * i)
    numbers = (folded >> np.uint32(1)).view(np.int32) ^ -(folded & np.uint32(1)).view(np.int32)
    ends = [*starts[1:], numbers.shape[1]]
    for start, end in zip(starts, ends, strict=True):
        for _ in range(ORDER):
            np.cumsum(numbers[:, start:end], axis=1, dtype=np.int32, out=numbers[:, start:end])
    values = np.ascontiguousarray((numbers * stored["steps"][:, None]).astype(np.float32).T)
    return values[:, : 3 * BODY_JOINT_COUNT], values[:, 3 * BODY_JOINT_COUNT :]


def _differences(numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Of numbers (n, N) in time; the first of each clip stays as it is."""
    changes = numbers.copy()
    changes[:, 1:] -= numbers[:, :-1]
    changes[:, starts] = numbers[:, starts]
    return changes
