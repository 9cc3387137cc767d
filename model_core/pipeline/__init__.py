"""The one way from a recording to a motion, which command line, Blender's worker, evaluation and clusters take.

``model_frame(recording)`` -> ``calibrate_on_ground`` -> ``observe`` -> ``solve`` -> ``Motion``; ``animate`` is all of
them. On a flat floor ``calibrate`` is enough.
"""

from ..options import KnownPose, Options, options_from_json, options_to_json
from ..recordings.model_frame import model_frame
from .animate import animate
from .calibrate import calibrate, calibrate_on_ground
from .ground import on_level_ground
from .networks import Networks, choose_device, load_networks
from .observe import observe
from .solve import Solution, meet_pins, solve, solve_all, solve_pose

__all__ = [
    "KnownPose",
    "Networks",
    "Options",
    "Solution",
    "animate",
    "calibrate",
    "calibrate_on_ground",
    "choose_device",
    "load_networks",
    "meet_pins",
    "model_frame",
    "observe",
    "on_level_ground",
    "options_from_json",
    "options_to_json",
    "solve",
    "solve_all",
    "solve_pose",
]
