"""A skeleton that moves, as files hold it: joints in a tree, turned in their parents' axes (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError


@dataclass(frozen=True)
class SkeletonClip:
    """J joints over T frames in the model's frame (+Y up, facing +Z, metres; at rest no joint is turned).

    ``names`` and ``parents`` (J): parents come before their children, the first joint is the root and has -1.
    ``rest`` (J, 3) are the joints at rest and ``tips`` (J, 3) where the bones end that have no child. ``rotations``
    (T, J, 4) unit ``wxyz``, each relative to the parent, the root's in the room; ``translation`` (T, 3) is the root's
    position. Frame 0 is second 0.
    """

    names: Sequence[str]
    parents: Sequence[int]
    rest: np.ndarray
    tips: np.ndarray
    rotations: np.ndarray
    translation: np.ndarray
    fps: float

    def __post_init__(self) -> None:
        count, frames = len(self.names), len(self.translation)
        shapes = (self.rest.shape, self.tips.shape, self.rotations.shape, self.translation.shape)
        if shapes != ((count, 3), (count, 3), (frames, count, 4), (frames, 3)) or not frames or not self.fps > 0:
            raise InputError(f"clip: rest, tips, rotations, translation {shapes} do not fit {count} joints")
        if list(self.parents[:1]) != [-1] or any(not 0 <= p < j for j, p in enumerate(self.parents) if j):
            raise InputError("clip: should have one root, and each parent before its children")

    @property
    def offsets(self) -> np.ndarray:
        """(J, 3): each joint from its parent at rest; the root's is its place."""
        return self.rest - np.where(np.array(self.parents)[:, None] < 0, 0, self.rest[np.maximum(self.parents, 0)])

    def children(self, joint: int) -> list[int]:
        """The joints below a joint."""
        return [other for other, parent in enumerate(self.parents) if parent == joint]
