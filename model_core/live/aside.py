"""Work that would hold up frames, done a little in each of them: in a thread that goes on only while it is let."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, TypeVar

FORGOTTEN_SECONDS = 1.0
"""Who is let go on no more for so long works freely to its end: the stream is over."""
Found = TypeVar("Found")


class Aside(Generic[Found]):
    """``work()`` in slices. A thread that merely ran beside frames would take Python's lock whenever an operation of
    theirs lets go of it, and give it back milliseconds later: dozens of times a frame."""

    def __init__(self, work: Callable[[], Found]) -> None:
        self._work = work
        self._may, self._done = threading.Event(), threading.Event()
        self._found: list[Found] = []
        self._problem: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def go_on(self, seconds: float) -> None:
        """Let the work go on for so long, or to its end if that is sooner."""
        self._may.set()
        self._done.wait(seconds)
        self._may.clear()

    def result(self) -> Found:
        """What ``work`` found, which is waited for. Raises what it raised."""
        self._may.set()
        self._done.wait()
        if self._problem is not None:
            raise self._problem
        return self._found[0]

    def _run(self) -> None:
        sys.setprofile(self._pause)  # Of this thread alone: called with each function that it calls.
        try:
            self._found.append(self._work())
        except BaseException as problem:
            self._problem = problem
        finally:
            sys.setprofile(None)
            self._done.set()

    def _pause(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._may.is_set() and not self._may.wait(FORGOTTEN_SECONDS):
            self._may.set()
