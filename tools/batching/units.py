"""What a worker is given at a time."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import groupby

from .sources import Source

UNITS_A_WORKER = 4
"""Units that each worker has at least, however few recordings there are, so that none waits for the others long."""


@dataclass(frozen=True)
class Unit:
    """Recordings for a worker, all of one player's or of none, ``done`` those of them whose rows are there already:
    they count for what a player's recordings share."""

    sources: tuple[Source, ...]
    done: frozenset[str] = frozenset()

    def text(self) -> str:
        """The unit as one string."""
        return json.dumps([[*astuple(source), source.id in self.done] for source in self.sources])

    @staticmethod
    def of(text: str) -> "Unit":
        """The inverse of ``text``."""
        rows = json.loads(text)
        return Unit(tuple(Source(*row[:-1]) for row in rows), frozenset(row[0] for row in rows if row[-1]))


def units_of(sources: Sequence[Source], there: set[str], options: argparse.Namespace, workers: int) -> list[Unit]:
    """What ``workers`` are given, without the ids that are ``there``: some recordings each, or all of a player where
    any of theirs is left."""
    if options.player:
        people = (tuple(own) for _, own in groupby(sources, lambda source: source.player))
        units = [Unit(own, frozenset(source.id for source in own if source.id in there)) for own in people]
        return [unit for unit in units if len(unit.done) < len(unit.sources)]
    left = [source for source in sources if source.id not in there]
    together = max(1, min(options.together, len(left) // (UNITS_A_WORKER * workers)))
    return [Unit(tuple(left[first : first + together])) for first in range(0, len(left), together)]


def alone(sources: Sequence[Source], there: set[str]) -> list[Unit]:
    """The recordings without a row, one a unit: one of each lost unit may be what its worker died at."""
    units = []
    for source in sources:
        if source.id not in there:
            own = tuple(one for one in sources if one.player == source.player) if source.player else (source,)
            units.append(Unit(own, frozenset(one.id for one in own) - {source.id}))
    return units
