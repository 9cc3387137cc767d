"""How far a training stage has come: by its steps, or by the clock. Learning rates follow, down to zero at the end."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..loop import Stage

WARM_UP = 500
"""Steps in which the learning rate rises to its full size."""
WARM_UP_FRACTION = 0.1
"""Of a stage's time: slow machines warm up within that, with however few steps."""


@dataclass
class StepPace:
    """A stage of so many ``steps``."""

    steps: int

    def done(self, step: int) -> float:
        """Fraction of the stage that lies behind after ``step`` steps, 0 to 1."""
        return step / self.steps

    def rate(self, step: int) -> float:
        """Fraction of the full learning rate: linear warm-up, then half a cosine down to zero."""
        warm_up = min(WARM_UP, self.steps // 10 + 1)
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, self.steps - warm_up)))

    def text(self, step: int) -> str:
        return f"{step}/{self.steps}"


class ClockPace:
    """A stage that lasts ``seconds`` from now on, of which the fraction ``before`` was done in an earlier session."""

    def __init__(self, seconds: float, before: float = 0.0) -> None:
        self.seconds, self.before, self.started = max(seconds, 1e-3), before, time.monotonic()

    def done(self, step: int) -> float:
        """Fraction of the stage that lies behind by now, 0 to 1."""
        passed = (time.monotonic() - self.started) / self.seconds
        return min(1.0, self.before + (1 - self.before) * passed)

    def rate(self, step: int) -> float:
        """Fraction of the full learning rate: it reaches zero as the time ends."""
        done = self.done(step)
        warm = min(1.0, max((step + 1) / WARM_UP, done / WARM_UP_FRACTION))
        return warm * 0.5 * (1 + math.cos(math.pi * done))

    def text(self, step: int) -> str:
        return str(step)


def seconds_for(stage: "Stage", later: "Iterable[Stage]", left: float, before: float = 0.0) -> float:
    """Seconds of ``left`` that a stage gets beside the stages ``later`` than it, by their fractions.

    ``before`` is the part of it that is done already.
    """
    ours = stage.fraction * (1 - before)
    return left * ours / max(1e-9, ours + sum(other.fraction for other in later))
