"""Calibration in one call, for tests of what it finds."""

from threepoint.model_core.calibration import calibrate_by_preset, calibrate_in_pose, find_person
from threepoint.model_core.pipeline import Options
from threepoint.model_core.pipeline import calibrate as calibrate_step
from threepoint.model_core.recordings.model_frame import model_frame


def calibrate(recording, body, **said):
    """The pipeline's calibration of a recording; ``said`` are fields of ``Options``."""
    return calibrate_step(model_frame(recording), Options(body=body, **said))


def calibrate_as_grips(recording, body):
    """The calibration of devices that nobody knows, where nothing is fitted to their motion."""
    placed = model_frame(recording)
    return calibrate_by_preset(placed, body, "a thing", find_person(placed, body))


def calibrate_at(recording, body, second, pose="t"):
    """The calibration from a pose that is held ``second`` seconds from the first sample."""
    placed = model_frame(recording)
    return calibrate_in_pose(placed, body, second, find_person(placed, body), pose)
