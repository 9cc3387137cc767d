"""Make what is tried out: devices, trackers, pins, takes on motion capture, ground; many recordings (X --help)."""

import importlib

from .support.arguments import choose_subcommand

SIMULATIONS = ("devices", "trackers", "pins", "takes", "ground", "recordings")


def run(arguments: list[str]) -> int:
    """Pass the remaining arguments to the simulation that the first one names."""
    name = choose_subcommand("simulate", SIMULATIONS, arguments, __doc__)
    return importlib.import_module(f".simulation.{name}", __package__).run(arguments[1:]) if name else 0
