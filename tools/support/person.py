"""One recording and what was found from it, on the way from the pipeline to files."""

from dataclasses import dataclass

from ...model_core.calibration import Calibration
from ...model_core.motion import Motion
from ...model_core.recordings import Recording


@dataclass(frozen=True)
class Person:
    """``takes`` are one or more ``Motion``, the first one the mean."""

    name: str
    recording: Recording
    calibration: Calibration
    takes: list[Motion]
