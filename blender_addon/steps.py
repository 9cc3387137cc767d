"""Work in steps: a generator that yields wherever a window may draw, and returns what came of it."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work under way; ``yield from`` it within other work in steps."""


def all_at_once(steps: Steps[Result]) -> Result:
    """Do all of it now, where no window waits; what came of it."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
