"""How hand-held devices sit in the hand: from a device's pose to SMPL's wrist joint (numpy only).

Every device is described by where OpenXR's grip lies on it. The grip's origin is the palm's centroid of a closed fist;
-Z runs through the tube of the fingers from the little finger to the thumb, +Y to the shoulder, and +X is normal to the
palm, out of it on the left and into it on the right (OpenXR specification 1.0, section 6.3.1).
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..geometry.frames import OPENXR_TO_MODEL
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix
from .calibration import NO_OFFSET, Offset

GRIP_IN_T_POSE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]]).T
"""The left grip's axes as columns, in the model's frame, in SMPL's T-pose: palm down, fingers along +X."""
HAND_IN_T_POSE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]).T
"""The same for a tracked left hand's wrist joint: -Z along the fingers, +Y out of the hand's back."""
WRIST_FROM_GRIP = np.array([-0.025, 0.085, 0.0])
"""The left wrist joint from the palm's centre, metres, for a person of the mean size: against the fingers (+Y of
``GRIP_IN_T_POSE``) and towards the hand's back."""
HELD_TILT = 60.0
"""Degrees by which a fist's tube, and so whatever it holds, leans towards the fingers when the wrist is as players have
it: a handle lies obliquely across the palm, and who points with it bends the hand towards the little finger. Found in
recordings of every device, once its own ``tilt`` is taken off."""
PALM_RADIUS = 0.06
"""Metres from the palm's centre within which a hand holds its device."""
MIRROR = np.diag([-1.0, 1, 1])


@dataclass(frozen=True)
class Preset:
    """Where the left grip lies on the left device, in the device's axes (OpenXR's: X right, +Y up, -Z forward).

    ``roll`` degrees by which the grip is turned about the device's Z, then ``tilt`` degrees by which it is turned up
    about X; ``palm`` (3,) metres. ``rotation_sigma`` degrees and ``position_sigma`` metres: how differently people
    hold it, and ``roll_sigma`` degrees about the forearm, of which the motion tells least. ``reach_sigma`` metres: how
    far the device may say that a hand is from where it is, along the arm; players move their sabers away from their
    hands.
    """

    tilt: float
    palm: tuple[float, float, float]
    about: str
    roll: float = 0.0
    rotation_sigma: float = 25.0
    roll_sigma: float = 15.0
    position_sigma: float = 0.015
    reach_sigma: float = 0.03


PRESETS = {
    "grip": Preset(0.0, (0.0, 0.0, 0.0), "OpenXR and WebXR grip pose"),
    "touch": Preset(45.0, (-0.010, -0.016, 0.049), "Oculus Touch: pointing pose (measured in a WebXR capture)"),
    "index": Preset(15.4, (0.0, -0.015, 0.130), "Valve Index: OpenVR's raw pose"),
    "vive": Preset(5.0, (0.0, -0.015, 0.097), "HTC Vive wand: OpenVR's raw pose", roll=-45.0, rotation_sigma=40.0),
    "saber": Preset(5.0, (0.000, -0.020, 0.050), "Beat Saber: the saber's handle, blade along -Z", roll=20.0,
                    rotation_sigma=40.0, position_sigma=0.02, reach_sigma=0.08),
}  # fmt: skip
"""How devices sit in the hand as far as that is known before their motion is seen: ``pipeline.hand_offsets`` fits the
offsets of every recording, with these as a prior. ``roll`` and ``HELD_TILT`` are those of real recordings: of eight
players of Beat Saber, two of whom hold sabers turned by 80 degrees about the blade, and of one or two people with each
of the other devices."""
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


@dataclass(frozen=True)
class HandPrior:
    """What is known of how a left hand holds its device before any motion is seen, in the model's frame.

    The hand is turned by ``rotation`` (3, 3) from the device, give or take ``rotation_sigma`` radians, about
    the forearm ``roll_sigma``. The point
    ``handle`` (3,) of the device, metres in its axes, lies ``from_palm`` (3,) from the palm's centre in the hand's
    axes, give or take ``position_sigma`` metres along each, and within ``PALM_RADIUS`` of it.
    """

    rotation: np.ndarray
    handle: np.ndarray
    from_palm: np.ndarray
    rotation_sigma: float
    roll_sigma: float
    position_sigma: float


def hand_prior(name: str) -> HandPrior:
    """The ``HandPrior`` of a device of ``PRESETS``.

    The handle is where the device says that it is, if that is where a hand can be: OpenVR's raw poses are not.
    """
    preset = PRESETS[name]
    rotation = quaternion_to_matrix(preset_offsets(name)["left_hand"].rotation)
    palm = OPENXR_TO_MODEL @ np.array(preset.palm)
    handle = np.zeros(3) if np.linalg.norm(palm) < PALM_RADIUS else palm
    from_palm = rotation.T @ (handle - palm)
    return HandPrior(
        rotation,
        handle,
        from_palm,
        float(np.radians(preset.rotation_sigma)),
        float(np.radians(preset.roll_sigma)),
        preset.position_sigma,
    )


def palm_center(size: float = 1.0) -> np.ndarray:
    """The left palm's centre (3,) in the wrist joint's axes, metres, for a person of ``size`` times the mean one's."""
    return -size * (GRIP_IN_T_POSE @ WRIST_FROM_GRIP)


def _held(preset: Preset, size: float) -> Offset:
    roll, tilt, fist = (
        axis_angle_to_matrix(np.radians(angles))
        for angles in ([0, 0, preset.roll], [preset.tilt, 0, 0], [HELD_TILT, 0, 0])
    )
    hand = roll @ tilt @ fist
    return _offset(GRIP_IN_T_POSE @ hand.T, np.array(preset.palm) + hand @ WRIST_FROM_GRIP * size)


def _offset(device_in_t_pose: np.ndarray, wrist: np.ndarray) -> Offset:
    """``Offset`` from the device's axes in T-pose (columns, model's frame) and the wrist in the device's axes."""
    # A device's rotation in the model's frame is its axes, each with the model's name: by conjugation.
    return Offset(matrix_to_quaternion(OPENXR_TO_MODEL @ device_in_t_pose.T), OPENXR_TO_MODEL @ wrist)
