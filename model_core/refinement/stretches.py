"""Stretches of a motion: the part of its observation, and what lies between two of them."""

from dataclasses import replace

import torch

from ..geometry.rotations import slerp_matrices
from ..observation import FPS, Observation


def part_of_observation(observation: Observation, begin: int, end: int) -> Observation:
    """The frames from ``begin`` to before ``end``; body trackers are taken by themselves."""
    some = {name: getattr(observation, name)[begin:end] for name in ("rotations", "positions", "valid")}
    return replace(observation, **some, start=observation.start + begin / FPS, body_trackers=None)


def between(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor], weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations and translation between two motions, ``weight`` (T,) of the second."""
    each = weight[:, None].expand(first[0].shape[:2])
    return slerp_matrices(first[0], second[0], each), torch.lerp(first[1], second[1], weight[:, None])
