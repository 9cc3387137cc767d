"""From trackers to joints: how devices sit on the body, how big the person is, where the floor lies (numpy only).

Everything here takes recordings that are in the model's frame already (``recordings.model_frame``). Public names are
loaded on first use: Blender, which needs the least of them, loads this while an extension is enabled.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .by_preset import calibrate_by_preset, is_known
    from .calibration import Calibration, Offset, body_tracker_poses, joint_poses
    from .fitting import fit_each_hand, fit_to_forearms
    from .known_pose import ARMS_DOWN, calibrate_in_pose, find_t_pose
    from .person import Person, find_person
    from .presets import OTHER_PRESETS, PRESETS, hand_prior, preset_offsets
    from .serialization import calibration_from_json, calibration_to_json, load, save

__all__ = [
    "ARMS_DOWN",
    "OTHER_PRESETS",
    "PRESETS",
    "Calibration",
    "Offset",
    "Person",
    "body_tracker_poses",
    "calibrate_by_preset",
    "calibrate_in_pose",
    "calibration_from_json",
    "calibration_to_json",
    "find_person",
    "find_t_pose",
    "fit_each_hand",
    "fit_to_forearms",
    "hand_prior",
    "is_known",
    "joint_poses",
    "load",
    "preset_offsets",
    "save",
]
_PARTS = ("calibration", "presets", "serialization", "by_preset", "fitting", "known_pose", "person")
"""The modules that have them, in the order in which they are asked."""


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for."""
    if name in __all__:
        for part in _PARTS:
            module = import_module(f".{part}", __name__)
            if name in vars(module):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
