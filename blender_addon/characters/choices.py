"""What a user can choose of how a motion is put on a character."""

from dataclasses import dataclass

PLAYER, SCALED, ROTATIONS = "PLAYER", "SCALED", "ROTATIONS"
"""Where the hands go: where the player's were; there, in the character's scale; wherever the rotations bring them."""
ON_HIPS, ON_ROOT, ON_ROOT_TURNING, IN_PLACE = "HIPS", "ROOT", "ROOT_TURNING", "IN_PLACE"
"""What carries the way over the floor: the hips; a root bone, which turns or not; nothing."""


@dataclass(frozen=True)
class Choices:
    """``hands`` is one of the first three, ``root`` one of the others."""

    hands: str = PLAYER
    root: str = ON_HIPS
