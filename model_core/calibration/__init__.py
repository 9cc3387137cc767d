"""From trackers to joints: how devices sit on the body, how big the person is, where the floor lies (numpy only)."""

from .calibration import Calibration, Offset, body_tracker_poses, joint_poses, load, save
from .fitting import fit_each_hand, fit_to_forearms
from .person import calibrate, is_known
from .posed import calibrate_in_pose, find_t_pose
from .presets import PRESETS, preset_offsets

__all__ = [
    "PRESETS",
    "Calibration",
    "Offset",
    "calibrate",
    "calibrate_in_pose",
    "find_t_pose",
    "fit_each_hand",
    "fit_to_forearms",
    "body_tracker_poses",
    "is_known",
    "joint_poses",
    "load",
    "preset_offsets",
    "save",
]
