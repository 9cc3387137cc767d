"""How hand-held devices sit in the hand: from a device's pose to SMPL's wrist joint (numpy only).

Every device is described by where OpenXR's grip lies on it. The grip's origin is the palm's centroid of a closed fist;
-Z runs through the tube of the fingers from the little finger to the thumb, +Y to the shoulder, and +X is normal to the
palm, out of it on the left and into it on the right (OpenXR specification 1.0, section 6.3.1).
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..geometry.frames import OPENXR_TO_MODEL
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion
from .calibration import NO_OFFSET, Offset

GRIP_IN_T_POSE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]]).T
"""The left grip's axes as columns, in the model's frame, in SMPL's T-pose: palm down, fingers along +X."""
HAND_IN_T_POSE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]).T
"""The same for a tracked left hand's wrist joint: -Z along the fingers, +Y out of the hand's back."""
WRIST_FROM_GRIP = np.array([-0.025, 0.085, 0.0])
"""The left wrist joint in the left grip's axes, metres, for a person of the mean size."""
MIRROR = np.diag([-1.0, 1, 1])


@dataclass(frozen=True)
class Preset:
    """Where the left grip lies on the left device, in the device's axes (OpenXR's: X right, +Y up, -Z forward).

    ``roll`` degrees by which the grip is turned about the device's Z, then ``tilt`` degrees by which it is turned up
    about X; ``palm`` (3,) metres.
    """

    tilt: float
    palm: tuple[float, float, float]
    about: str
    roll: float = 0.0


PRESETS = {
    "grip": Preset(0.0, (0.0, 0.0, 0.0), "OpenXR and WebXR grip pose"),
    "touch": Preset(45.0, (-0.010, -0.016, 0.049), "Oculus Touch: pointing pose (measured in a WebXR capture)"),
    "index": Preset(15.4, (0.0, -0.015, 0.130), "Valve Index: OpenVR's raw pose"),
    "vive": Preset(5.0, (0.0, -0.015, 0.097), "HTC Vive wand: OpenVR's raw pose"),
    "saber": Preset(75.0, (0.010, -0.020, 0.030), "Beat Saber: the handle of the saber, blade along -Z", roll=35.0),
}
FITTED_PRESETS = ("saber",)
"""Devices that every player holds differently, with offsets of their own: the preset is only a first guess."""
OTHER_PRESETS = ("hand", "joints")
"""``hand``: the wrist joint of a tracked hand; ``joints``: tracks that are SMPL's joints already."""
DEFAULT_PRESET = "grip"


def preset_offsets(name: str, size: float = 1.0) -> dict[str, Offset]:
    """The ``Offset`` of each hand for the preset ``name``; ``size`` is the person's over the mean person's."""
    if name == "joints":
        return {"left_hand": NO_OFFSET, "right_hand": NO_OFFSET}
    if name == "hand":
        left = _offset(HAND_IN_T_POSE, np.zeros(3))
    elif name in PRESETS:
        left = _held(PRESETS[name], size)
    else:
        known = ", ".join([*PRESETS, *OTHER_PRESETS])
        raise InputError(f"no device preset '{name}'; there are {known}")
    return {"left_hand": left, "right_hand": mirrored(left)}


def mirrored(offset: Offset) -> Offset:
    """The right hand's offset for a left hand's, and the reverse: the devices are mirror images."""
    rotation = offset.rotation * np.array([1.0, 1, -1, -1])
    return Offset(rotation, MIRROR @ offset.position)


def _held(preset: Preset, size: float) -> Offset:
    roll, tilt = (axis_angle_to_matrix(np.radians(angles)) for angles in ([0, 0, preset.roll], [preset.tilt, 0, 0]))
    grip = roll @ tilt
    return _offset(GRIP_IN_T_POSE @ grip.T, np.array(preset.palm) + grip @ WRIST_FROM_GRIP * size)


def _offset(device_in_t_pose: np.ndarray, wrist: np.ndarray) -> Offset:
    """``Offset`` from the device's axes in T-pose (columns, model's frame) and the wrist in the device's axes."""
    # A device's rotation in the model's frame is its axes, each with the model's name: by conjugation.
    return Offset(matrix_to_quaternion(OPENXR_TO_MODEL @ device_in_t_pose.T), OPENXR_TO_MODEL @ wrist)
