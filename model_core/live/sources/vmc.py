"""The VMC protocol over OSC: devices' poses in, a whole body out. Unity's frame: left-handed, +Y up, +Z forward.

https://protocol.vmc.info/english: ``/VMC/Ext/Hmd/Pos``, ``/Con/Pos`` and ``/Tra/Pos`` have a serial, a position and a
quaternion; those that end in ``/Local`` are in metres though the avatar is scaled, and win over the others.
``/VMC/Ext/T`` is the sender's clock in seconds.
"""

import math
from collections.abc import Sequence

import numpy as np

from ...errors import InputError
from ...geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ...geometry.kinematics import joint_offsets
from ...geometry.rotations import matrix_to_quaternion
from ...geometry.skeleton import BODY_JOINT_COUNT
from ...recordings.conventions import from_openxr, to_openxr
from .moments import CONTROLLER, HMD, TRACKER, Moment, Pose, are_numbers
from .osc import Packet, write_bundle, write_message

DEVICES = {"/VMC/Ext/Hmd/Pos": HMD, "/VMC/Ext/Con/Pos": CONTROLLER, "/VMC/Ext/Tra/Pos": TRACKER}
LOCAL, CLOCK = "/Local", "/VMC/Ext/T"
LAYOUTS = ("auto", "xyzw", "wxyz")
"""Orders of a quaternion's numbers. The protocol has xyzw; some senders have the other one."""
REMEMBERED = 90.0
"""Head poses that have a say in which order it is."""
LONGEST_SERIAL = 100
BONES = (
    "Hips", "LeftUpperLeg", "RightUpperLeg", "Spine", "LeftLowerLeg", "RightLowerLeg", "Chest", "LeftFoot", "RightFoot",
    "UpperChest", "LeftToes", "RightToes", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftUpperArm",
    "RightUpperArm", "LeftLowerArm", "RightLowerArm", "LeftHand", "RightHand",
)  # fmt: skip
"""Unity's ``HumanBodyBones`` in SMPL's order of joints."""
BONE_MESSAGES = [write_message("/VMC/Ext/Bone/Pos", name, *[0.0] * 7)[:-28] for name in BONES]
"""A bone's message up to its seven numbers, of four bytes each: written once, for a body has many of them."""
BONES_PER_PACKET = 11
"""So that a packet is shorter than what networks carry whole."""
MODEL_TO_OPENXR = OPENXR_TO_MODEL.T


class VmcReader:
    """Packets -> ``Moment``s: all devices of a packet are one. ``layout`` is one of ``LAYOUTS``."""

    def __init__(self, layout: str = "auto") -> None:
        if layout not in LAYOUTS:
            raise InputError(f"the quaternions' order '{layout}' is not known; it can be {', '.join(LAYOUTS)}")
        self.layout = layout
        self._upright = 0.0
        self._clock: float | None = None
        self._tagged = self._local = False

    def read(self, packet: Packet, arrival: float) -> Moment | None:
        """The moment that a packet tells of, which came at ``arrival``; None where it tells of no device."""
        poses: dict[str, Pose] = {}
        for message in packet.messages:
            if message.address == CLOCK:
                self._set_clock(message.arguments)
                continue
            local = message.address.endswith(LOCAL)
            kind = DEVICES.get(message.address.removesuffix(LOCAL))
            if kind is None or not (local or not self._local):
                continue
            found = self._device(kind, message.arguments)
            if found is not None:
                self._local = self._local or local
                poses[found[0]] = found[1]
        if not poses:
            return None
        return Moment(self._time(packet, arrival), poses, arrival)

    def _set_clock(self, arguments: Sequence[object]) -> None:
        if arguments and isinstance(arguments[0], float) and math.isfinite(arguments[0]):
            self._clock = arguments[0]

    def _time(self, packet: Packet, arrival: float) -> float:
        """The bundle's own time, else the sender's clock, which is rounded, else when it came."""
        self._tagged = self._tagged or packet.time is not None
        if packet.time is not None:
            return packet.time
        return arrival if self._clock is None or self._tagged else self._clock

    def _device(self, kind: str, arguments: Sequence[object]) -> tuple[str, Pose] | None:
        """Name and pose of a device; None where the arguments are no pose."""
        serial = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        numbers = arguments[1:] if arguments and isinstance(arguments[0], str) else arguments
        if len(numbers) < 7 or not all(isinstance(value, float) for value in numbers[:7]):
            return None
        values = np.array(numbers[:7], np.float64)
        if not are_numbers(values):
            return None
        quaternion = values[[6, 3, 4, 5]]
        if self._is_scalar_first(kind, values[3:]):
            quaternion = values[3:]
        position, rotation = to_openxr(values[:3], quaternion, "unity")
        return f"{kind}:{serial[:LONGEST_SERIAL]}", Pose(position, rotation)

    def _is_scalar_first(self, kind: str, numbers: np.ndarray) -> bool:
        """Whether quaternions begin with their real part. Read in the wrong order, heads are upside down."""
        if self.layout != "auto":
            return self.layout == "wxyz"
        up = 1 - 2 * float(numbers[0] ** 2 + numbers[2] ** 2)
        if kind == HMD and abs(up) <= 1:
            self._upright = float(np.clip(self._upright + up, -REMEMBERED, REMEMBERED))
        return self._upright < 0


def device_packet(moment: Moment) -> bytes:
    """The packet, one bundle, that tells of a moment's devices; names as in ``Moment``."""
    return write_bundle(device_messages(moment), moment.time)


def device_messages(moment: Moment) -> list[bytes]:
    """Its messages."""
    messages = []
    addresses = {kind: address for address, kind in DEVICES.items()}
    for name, pose in moment.poses.items():
        kind, _, serial = name.partition(":")
        position, rotation = from_openxr(pose.position, pose.rotation, "unity")
        messages.append(write_message(addresses[kind], serial, *_floats(position), *_floats(rotation[[1, 2, 3, 0]])))
    return messages


def body_packets(time: float, rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray) -> list[bytes]:
    """The packets, bundles, that pose an avatar at ``time``, seconds since 1970 (``/VMC/Ext/OK``, ``/T``, ``/Root/Pos``
    and ``/Bone/Pos``).

    ``rotations`` (22, 3, 3) local and the pelvis' ``translation`` (3,) in the model's frame; ``rest_joints`` (22, 3).
    A bone's position is its offset from its parent; the hips' is where they are.
    """
    offsets = joint_offsets(np.asarray(rest_joints, np.float64)[:BODY_JOINT_COUNT]).copy()
    offsets[0] = translation
    positions = convert_positions(offsets, MODEL_TO_OPENXR)
    quaternions = convert_quaternions(matrix_to_quaternion(np.asarray(rotations, np.float64)), MODEL_TO_OPENXR)
    positions, quaternions = from_openxr(positions, quaternions, "unity")
    nowhere = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)
    head = [
        write_message("/VMC/Ext/OK", 1),
        write_message(CLOCK, float(time % 4096.0)),
        write_message("/VMC/Ext/Root/Pos", "root", *nowhere[0], *nowhere[1]),
    ]
    numbers = np.concatenate([positions, quaternions[:, [1, 2, 3, 0]]], -1).astype(">f4")
    bones = [begun + row.tobytes() for begun, row in zip(BONE_MESSAGES, numbers, strict=True)]
    parts = [bones[first : first + BONES_PER_PACKET] for first in range(0, len(bones), BONES_PER_PACKET)]
    return [write_bundle([*(head if number == 0 else ()), *part], time) for number, part in enumerate(parts)]


def _floats(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]
