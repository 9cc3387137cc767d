"""One recording and what was found from it, on the way from the pipeline to files."""

from dataclasses import dataclass

import numpy as np

from ...model_core.body import Body
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


def finger_rotations(recording: Recording, motion: Motion, body: Body) -> dict[str, np.ndarray]:
    """The fingers of a recording at a motion's frames, as ``amass_writer.amass_arrays`` takes them."""
    from ...model_core.body.fingers import rotations_of

    seconds = motion.start + np.arange(motion.frame_count) / motion.fps
    bones = {hand: fingers.at(seconds) for hand, fingers in recording.fingers.items()}
    return rotations_of(body, motion.betas, bones)
