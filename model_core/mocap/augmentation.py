"""How training windows are varied, and the random numbers that decide it."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Augmentation:
    """How training windows are varied; numbers without a unit are probabilities unless said."""

    mirror: float = 0.5
    retime: float = 0.5
    slowest: float = 0.8
    fastest: float = 1.2
    reverse: float = 0.1
    """Played backward: who walks forward then walks backward."""
    other_arms: float = 0.3
    """Arms of another window, up to ``fastest_arms`` times as fast."""
    fastest_arms: float = 2.5
    moved_pelvis: float = 0.2
    """Pelvis moved over planted feet: half of these duck by up to ``duck_fraction`` of the leg, all sway."""
    duck: float = 0.5
    duck_fraction: float = 0.45
    duck_degrees: float = 45.0
    sway_metres: tuple[float, float] = (0.05, 0.025)
    stature_sigma: float = 1.2
    shape_sigma: float = 0.7
    wrist_degrees: tuple[float, float, float] = (4.0, 9.0, 16.0)
    bent_wrists: float = 0.5
    """Wrists as people with controllers bend them, by ``bent_wrist_degrees``; the others as captured people do."""
    bent_wrist_degrees: tuple[float, float, float] = (12.0, 18.0, 22.0)
    slipping: float = 0.25
    """Devices held otherwise than calibration found, and slipping on from there within the window."""
    slip_degrees: float = 5.0
    slip_metres: float = 0.012
    head_degrees: float = 2.0
    head_metres: float = 0.006
    floor_metres: float = 0.012
    out_of_view: float = 0.12
    hand_lost: float = 0.15
    head_lost: float = 0.02
    view_degrees: float = 55.0


NO_AUGMENTATION = Augmentation(
    mirror=0.0, retime=0.0, reverse=0.0, other_arms=0.0, moved_pelvis=0.0, stature_sigma=0.0, shape_sigma=0.0,
    wrist_degrees=(0.0, 0.0, 0.0), bent_wrists=0.0, slipping=0.0, head_degrees=0.0, head_metres=0.0, floor_metres=0.0,
    out_of_view=0.0, hand_lost=0.0, head_lost=0.0,
)  # fmt: skip


class Dice:
    """Random tensors of one generator on one device."""

    def __init__(self, generator: torch.Generator, device: torch.device | str) -> None:
        self.generator, self.device = generator, device

    def between(self, low: float, high: float, *shape: int) -> torch.Tensor:
        """Uniform numbers."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.device)

    def normal(self, sigma: float, *shape: int) -> torch.Tensor:
        """Gaussian numbers about 0 of standard deviation ``sigma``."""
        return sigma * torch.randn(*shape, generator=self.generator, device=self.device)

    def chance(self, probability: float, *shape: int) -> torch.Tensor:
        """True with that probability."""
        return torch.rand(*shape, generator=self.generator, device=self.device) < probability
