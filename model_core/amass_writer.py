"""A motion as an AMASS npz, which SMPL tools read (numpy only).

AMASS's frame is +Z up. Its ``trans`` is SMPL's: the position of the pelvis joint minus where that joint lies in the
rest pose of these betas. The global orientation turns the rest pose, which is +Y up, straight into AMASS's frame.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .body import Body
from .geometry.frames import MODEL_TO_BLENDER, convert_positions
from .geometry.hand import FINGER_COUNT, HANDS
from .geometry.rotations import matrix_to_quaternion, quaternion_multiply, quaternion_to_axis_angle
from .geometry.skeleton import BODY_JOINT_COUNT, JOINT_COUNT, PELVIS
from .motion import Motion
from .recordings.formats.amass import OWN_BODY

MODEL_TO_AMASS = MODEL_TO_BLENDER
"""AMASS's frame is Blender's: +Z up, a body at rest faces -Y."""
LAYOUTS = {"SMPLH": 52, "SMPL": JOINT_COUNT, "SMPLX": 55}
"""Joints of each layout of ``poses``: AMASS's own is SMPL-H's, newer parts of it are SMPL-X's."""
FIRST_FINGERS = {"SMPLH": BODY_JOINT_COUNT, "SMPLX": BODY_JOINT_COUNT + 3}
"""Where the left hand's fingers begin, then the right hand's: SMPL-X has a jaw and two eyes before."""


def amass_arrays(
    motion: Motion,
    body: Body,
    body_model: str,
    layout: str = "SMPLH",
    fingers: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of a motion's AMASS npz, by name. ``body_model`` says whose betas these are.

    ``layout`` of ``LAYOUTS``; ``fingers``: ``left_hand`` or ``right_hand`` -> rotations (T, 15, 4) as of
    ``geometry.hand.finger_rotations``, flat without; SMPL has none. ``poses`` (T, 156, 72 or 165) axis-angle in
    radians, ``trans`` (T, 3) metres, ``betas`` (10,), ``mocap_framerate``, ``gender``,
    ``body_model``; ``start``, the recording's clock in seconds at frame 0; where the motion knows them, ``contacts``
    (T, 4), the probability that each of ``skeleton.FEET`` stands; and, where it knows how sure it is,
    ``uncertainty`` (T, P) metres at the probes, with ``uncertainty_index`` and ``uncertainty_weight`` (V, 4) as in
    ``motion.Uncertainty``.
    """
    room = np.broadcast_to(matrix_to_quaternion(MODEL_TO_AMASS), motion.rotations[:, PELVIS].shape)
    rotations = motion.rotations.astype(np.float64)
    rotations[:, PELVIS] = quaternion_multiply(room, rotations[:, PELVIS])
    poses = np.zeros((motion.frame_count, LAYOUTS[layout], 3), np.float32)
    poses[:, :BODY_JOINT_COUNT] = quaternion_to_axis_angle(rotations)
    for hand, turned in (fingers or {}).items() if layout in FIRST_FINGERS else ():
        first = FIRST_FINGERS[layout] + FINGER_COUNT * HANDS.index(hand)
        poses[:, first : first + FINGER_COUNT] = quaternion_to_axis_angle(turned)
    pelvis = convert_positions(motion.translation.astype(np.float64), MODEL_TO_AMASS)
    arrays = {
        "poses": poses.reshape(motion.frame_count, -1),
        "trans": (pelvis - body.rest_joints(motion.betas)[PELVIS]).astype(np.float32),
        "betas": motion.betas.astype(np.float32),
        "mocap_framerate": np.float64(motion.fps),
        "gender": np.array("neutral"),
        "body_model": np.array(body_model),
        "start": np.float64(motion.start),
    }
    if motion.contacts is not None:
        arrays["contacts"] = motion.contacts
    if motion.uncertainty is not None:
        arrays["uncertainty"] = motion.uncertainty.probes
        arrays["uncertainty_index"] = motion.uncertainty.index
        arrays["uncertainty_weight"] = motion.uncertainty.weight
    return arrays


def write_amass(
    path: str | Path,
    motion: Motion,
    body: Body,
    body_model: str = OWN_BODY,
    layout: str = "SMPLH",
    fingers: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a ``Motion`` to ``path`` (.npz); ``body`` gives the rest position of the pelvis. See ``amass_arrays``."""
    np.savez_compressed(path, **amass_arrays(motion, body, body_model, layout, fingers))
