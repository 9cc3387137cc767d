"""BVH files: any skeleton of a person whose joints' names say what they are."""

from collections.abc import Iterator
from pathlib import Path

from ...retargeting.bvh import read_bvh
from ...retargeting.capture import Capture
from ...retargeting.skeletons import SkeletonMap
from . import Dataset


def read_captures(path: Path) -> Iterator[tuple[Capture, SkeletonMap]]:
    """The one take of a file."""
    yield read_bvh(path)


DATASET = Dataset(suffix=".bvh", recognises=lambda path: True, read_captures=read_captures)
