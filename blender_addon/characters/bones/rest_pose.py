"""A character's bones at rest, as plain arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RestPose:
    """B bones at rest in the world (metres, +Z up), parents before their children.

    ``parents`` (B,) int, -1 for bones without one. ``heads`` and ``tails`` (B, 3). ``axes`` (B, 3, 3): each bone's own
    axes as columns, without scale; ``location_axes`` (B, 3, 3): those in which its location counts. ``inherits`` (B,)
    bool: whether a bone turns with its parent. ``surface`` (V, 3): vertices of what the bones move, empty where they
    move nothing. ``scale``: metres of a unit of the armature.
    """

    names: tuple[str, ...]
    parents: np.ndarray
    heads: np.ndarray
    tails: np.ndarray
    axes: np.ndarray
    location_axes: np.ndarray
    inherits: np.ndarray
    surface: np.ndarray
    scale: float = 1.0

    def index(self, name: str) -> int:
        """The number of a bone. Raises ``ValueError``."""
        return self.names.index(name)

    def children(self, bone: int) -> list[int]:
        """The bones right below one."""
        return np.flatnonzero(self.parents == bone).tolist()

    def ancestors(self, bone: int) -> Iterator[int]:
        """The bones above one, the nearest first."""
        while self.parents[bone] >= 0:
            bone = int(self.parents[bone])
            yield bone

    def is_below(self, bone: int, above: int) -> bool:
        """Whether a bone hangs, at any depth, from another."""
        return above in self.ancestors(bone)

    def path(self, above: int, below: int) -> list[int]:
        """The bones between one and another that hangs from it, neither of them included; empty where it does not."""
        between = []
        for bone in self.ancestors(below):
            if bone == above:
                return between[::-1]
            between.append(bone)
        return []

    def common(self, bones: Sequence[int]) -> int:
        """The lowest bone that all of some hang from; -1 where there is none."""
        lines = [list(self.ancestors(bone)) for bone in bones]
        return next((bone for bone in lines[0] if all(bone in line for line in lines)), -1)
