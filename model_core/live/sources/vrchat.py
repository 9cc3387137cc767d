"""VRChat's OSC trackers: ``/tracking/trackers/head`` and ``/1`` to ``/8``, each with a position and Euler angles.

https://docs.vrchat.com/docs/osc-trackers: Unity's frame, metres and degrees, turned about Z, X and Y in this order. A
number does not say where its tracker is worn: that is for the user to say.
"""

from collections.abc import Sequence

import numpy as np

from ...recordings.conventions import euler_to_quaternion, to_openxr
from .moments import HMD, TRACKER, Moment, Pose, are_numbers
from .osc import Packet

PREFIX = "/tracking/trackers/"
NAMES = {"head": f"{HMD}:head"} | {str(number): f"{TRACKER}:{number}" for number in range(1, 9)}
PARTS = ("position", "rotation")


class VrchatReader:
    """Packets -> ``Moment``s. A tracker counts once both its position and its rotation have come."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, np.ndarray]] = {}

    def read(self, packet: Packet, arrival: float) -> Moment | None:
        """The moment that a packet tells of, which came at ``arrival``; None where no tracker moves in it."""
        told: dict[str, None] = {}
        for message in packet.messages:
            name, _, part = message.address.removeprefix(PREFIX).partition("/")
            numbers = _three(message.arguments)
            if not message.address.startswith(PREFIX) or name not in NAMES or part not in PARTS or numbers is None:
                continue
            self._known.setdefault(name, {})[part] = numbers
            # A rotation alone moves nothing: its position is in the next packet, where each has its own.
            if part == "position" or len(packet.messages) > 1:
                told[name] = None
        poses = {NAMES[name]: self._pose(name) for name in told if len(self._known[name]) == len(PARTS)}
        return Moment(arrival if packet.time is None else packet.time, poses, arrival) if poses else None

    def _pose(self, name: str) -> Pose:
        parts = self._known[name]
        return Pose(*to_openxr(parts["position"], euler_to_quaternion(parts["rotation"], "YXZ"), "unity"))


def _three(arguments: Sequence[object]) -> np.ndarray | None:
    """The three numbers of a message; None where they are something else."""
    if len(arguments) != 3 or not all(isinstance(value, float) for value in arguments):
        return None
    values = np.array(arguments, np.float64)
    return values if are_numbers(values) else None
