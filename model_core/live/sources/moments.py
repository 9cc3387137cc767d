"""What a source gives: where trackers are at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

HMD, CONTROLLER, TRACKER = "hmd", "con", "tra"
"""Kinds of devices, by which their names begin: ``hmd:SERIAL``."""


@dataclass(frozen=True)
class Pose:
    """``position`` (3,) metres and ``rotation`` (4,) ``wxyz`` in OpenXR's frame, as they came: nothing is checked."""

    position: np.ndarray
    rotation: np.ndarray


LARGEST_NUMBER = 1e6
"""What a pose's numbers are below, or it is none."""


def are_numbers(values: np.ndarray) -> bool:
    """Whether an array holds numbers that can be reckoned with: finite, and not absurd."""
    return bool((np.abs(values) < LARGEST_NUMBER).all())  # False for NaN.


@dataclass(frozen=True)
class Moment:
    """The ``poses`` of trackers by name at ``time``, seconds of the sender's clock, which came at ``arrival``, seconds
    of ``time.monotonic``. A tracker that the sender calls lost is not among them."""

    time: float
    poses: Mapping[str, Pose]
    arrival: float = 0.0
