"""How far long work has come: one living line in a terminal, plain lines elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import Self

REDRAW_SECONDS = 0.1
PLAIN_SECONDS = 15
BAR_WIDTH = 24


class TerminalProgress:
    """A progress callback, ``progress(fraction, stage)``, and a context that clears its line at the end.

    In a terminal it draws a bar, the stage and the time left on standard error. Elsewhere it prints a plain line to
    standard output for each new stage and now and then within one, so that standard error holds errors only.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, terminal: bool | None = None) -> None:
        self.clock = clock
        self.terminal = sys.stderr.isatty() if terminal is None else terminal
        self.begun = clock()
        self.drawn = float("-inf")
        self.stage: str | None = None
        self.stage_begun, self.done_before, self.stage_at_work = self.begun, 0.0, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, fraction: float, stage: str) -> None:
        now = self.clock()
        wait = REDRAW_SECONDS if self.terminal else PLAIN_SECONDS
        is_new = stage != self.stage
        if is_new:
            self.stage, self.stage_begun, self.done_before, self.stage_at_work = stage, now, fraction, False
        elif not self.stage_at_work and fraction > self.done_before:
            # The pace counts from here: a film's first frame takes as long as dozens of later ones.
            self.stage_begun, self.done_before, self.stage_at_work = now, fraction, True
        if not is_new and now - self.drawn < wait:
            return
        self.drawn = now
        stages_own = (fraction - self.done_before) / (1 - self.done_before) if self.done_before < 1 else 0.0
        left = time_left(fraction, now - self.begun, stages_own, now - self.stage_begun)
        if self.terminal:
            filled = round(fraction * BAR_WIDTH)
            line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {fraction:4.0%}  {stage}{left}"
            print("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1], end="", file=sys.stderr, flush=True)
        else:
            print(f"{fraction:4.0%}  {stage}{left}", flush=True)


def time_left(fraction: float, elapsed: float, since_stage: float, stage_elapsed: float) -> str:
    """ ", 1:20 left", once enough is done to say so.

    ``fraction`` of all was done in ``elapsed`` seconds. ``since_stage``: the fraction, of what was left when this stage
    began, that was done in ``stage_elapsed`` seconds. The slower of the two paces counts: how long a film takes does
    not follow from how fast the prediction was.
    """
    if fraction < 0.02 or elapsed < 1 or since_stage <= 0:
        return ""
    paces = elapsed / fraction * (1 - fraction), stage_elapsed / since_stage * (1 - since_stage)
    seconds = round(max(paces))
    return f", {seconds // 60}:{seconds % 60:02} left"
