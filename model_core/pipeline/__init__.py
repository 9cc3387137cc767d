"""The one way from a recording to a motion: the command line, Blender's worker, evaluation and clusters all take it."""

from .observing import observe
from .pipeline import Networks, Options, animate, choose_device, load_networks

__all__ = ["Networks", "Options", "animate", "choose_device", "load_networks", "observe"]
