"""How long a job may still take, as a number that never counts up."""

GUESS_FROM, GUESS_SECONDS = 0.05, 1.5
"""The fraction of a job, and the seconds of it, from which on the time that is left can be estimated."""

_rates: dict[tuple[object, ...], float] = {}
"""A kind of job -> seconds that one second of recording took, when it was last done."""


class TimeLeft:
    """The estimate for one job of a ``kind`` on ``duration`` seconds of recording, ``begun`` on a clock of seconds."""

    def __init__(self, kind: tuple[object, ...], duration: float, begun: float) -> None:
        self._kind, self._duration, self._begun = kind, duration, begun
        self._expected = _rates[kind] * duration if kind in _rates else None
        self._shown: float | None = None

    def update(self, now: float, fraction: float) -> float | None:
        """Seconds left at ``now``, when a ``fraction`` is done; None while there is nothing to estimate from.

        Progress is no clock: stages take longer than their share. Where an estimate would grow, the last one holds.
        """
        elapsed = now - self._begun
        by_progress = elapsed * (1 - fraction) / fraction if fraction > 0 else None
        known = fraction >= GUESS_FROM and elapsed >= GUESS_SECONDS
        if self._expected is not None:  # From the same work done before; progress counts the more of it is done.
            before = max(0.0, self._expected - elapsed)
            estimate = before if by_progress is None else fraction * by_progress + (1 - fraction) * before
        elif known:
            estimate = by_progress
        else:
            return None
        assert estimate is not None
        self._shown = estimate if self._shown is None else min(self._shown, estimate)
        return self._shown

    def finish(self, now: float) -> None:
        """The job is done: the next of its kind will take as long."""
        if self._duration > 0:
            _rates[self._kind] = (now - self._begun) / self._duration
