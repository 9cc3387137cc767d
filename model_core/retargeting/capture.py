"""One clip of motion capture on the skeleton that it was captured with."""

from dataclasses import dataclass

import numpy as np

from ..geometry.rotations import quaternion_to_matrix
from ..notes import Note


@dataclass(frozen=True)
class Capture:
    """A clip on its own skeleton: metres, right-handed, +Y up; the rest pose faces +Z with the person's left at +X.

    ``names`` and ``parents`` (J) list the joints, parents first, the root's parent is -1; ``offsets`` (J, 3) is each
    joint's position in its parent's frame. ``rotations`` (N, J, 4) are local, unit ``wxyz``; ``root`` (N, 3) is the
    position of the first joint. ``bad`` (N,) marks frames that hold glitches; ``notes`` are what the reader repaired or
    chose.
    """

    name: str
    subject: int | str
    activity: str
    source: str
    fps: float
    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    bad: np.ndarray
    flags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def world(self) -> tuple[np.ndarray, np.ndarray]:
        """World rotations (N, J, 3, 3) and joint positions (N, J, 3)."""
        local = quaternion_to_matrix(self.rotations)
        world, positions = np.empty_like(local), np.empty(local.shape[:-1])
        for joint, parent in enumerate(self.parents):
            if parent < 0:
                world[:, joint], positions[:, joint] = local[:, joint], self.root
            else:
                world[:, joint] = world[:, parent] @ local[:, joint]
                positions[:, joint] = positions[:, parent] + world[:, parent] @ self.offsets[joint]
        return world, positions
