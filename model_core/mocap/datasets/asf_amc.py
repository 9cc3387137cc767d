"""Acclaim's ASF/AMC: the motion's ``.amc``, with its skeleton's ``.asf`` beside it."""

from collections.abc import Iterator
from pathlib import Path

from ...retargeting.asf_amc import read_asf_amc
from ...retargeting.capture import Capture
from ...retargeting.skeletons import SkeletonMap
from . import Dataset


def read_captures(path: Path) -> Iterator[tuple[Capture, SkeletonMap]]:
    """The one take of a file."""
    yield read_asf_amc(path)


DATASET = Dataset(suffix=".amc", recognises=lambda path: True, read_captures=read_captures)
