"""Work in steps: a generator that yields wherever a window may draw, and returns what came of it."""

import threading
from collections.abc import Callable, Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work under way; ``yield from`` it within other work in steps."""
WAIT_SECONDS = 0.01


def all_at_once(steps: Steps[Result]) -> Result:
    """Do all of it now, where no window waits; what came of it."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def beside(work: Callable[[], Result]) -> Steps[Result]:
    """Do work that never touches ``bpy`` in a thread; what came of it, in steps that wait. It raises what work does."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # Whoever waits for it is told.
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(WAIT_SECONDS)
        yield
    if errors:
        raise errors[0]
    return results[0]
