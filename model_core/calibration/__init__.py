"""From trackers to joints: how devices sit on the body, how big the person is, where the floor lies (numpy only)."""

from .calibration import Calibration, Offset, joint_poses, load, save
from .person import calibrate
from .presets import PRESETS, preset_offsets

__all__ = ["PRESETS", "Calibration", "Offset", "calibrate", "joint_poses", "load", "preset_offsets", "save"]
