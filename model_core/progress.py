"""How far long work has come: the fractions of its stages as one that only grows (standard library only)."""

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[float, str], None]
"""Called with the fraction that is done, 0 to 1, and the stage in words; may raise ``Cancelled``."""

STAGE_FRACTIONS = {"calibrating": 0.02, "predicting": 0.2, "refining": 0.6, "measuring uncertainty": 0.18}
"""Rough fractions of the time that the stages take, for the progress bar only."""


@dataclass
class Stages:
    """Turns the fractions of stages into one: ``begin`` a stage to get its own ``Progress``."""

    progress: Progress | None
    fractions: dict[str, float] = field(default_factory=lambda: dict(STAGE_FRACTIONS))
    done: float = 0.0

    def begin(self, name: str) -> Progress:
        """The callback of the next stage, which is reported to have begun."""
        begin, fraction_of_all = self.done, self.fractions[name]
        self.done += fraction_of_all

        def report(fraction: float, stage: str = name) -> None:
            if self.progress is not None:
                self.progress(min(1.0, begin + fraction_of_all * fraction), stage)

        report(0.0)
        return report


def part_of(progress: Progress | None, begin: float, end: float) -> Progress:
    """A callback whose 0 to 1 is the stretch from ``begin`` to ``end`` of another's, if there is another."""
    if progress is None:
        return lambda fraction, stage: None
    return lambda fraction, stage: progress(begin + (end - begin) * fraction, stage)
