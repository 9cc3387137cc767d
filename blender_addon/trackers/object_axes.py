"""Which way an animated object's own axes point: found by the motion, as the axes of files are.

Threepoint's own empties look along -Y with +Z up, as characters in Blender do. Cameras, and the objects and bones that
OpenXR's devices were recorded on, look along -Z with +Y up; others have +Y, +X or +Z ahead. Positions tell nothing of
it: only the rotations differ.
"""

from collections.abc import Mapping

import bpy
import numpy as np

from ...model_core.geometry.frames import OPENXR_TO_BLENDER
from ...model_core.geometry.rotations import matrix_to_quaternion, quaternion_multiply
from ...model_core.notes import Note
from ...model_core.recordings.conventions import CONVENTIONS
from ...model_core.recordings.evidence import log_likelihoods, observe
from ...model_core.recordings.guessing import guess_note
from ...model_core.recordings.recording import Track

AXES = "threepoint_axes"
"""Custom property of an object that did not come from a recording: a key of ``PRIOR``, the way that it looks."""
OWN = "blender"
PRIOR = {OWN: 0.0, "openxr": 0.0, "z_up": -1.0, "gltf": -2.0, "ros": -2.0}
"""Conventions of ``recordings.conventions`` that objects have -> how usual they are, as log-likelihoods."""
CAMERA = 6.0
"""Evidence that an object which is a camera looks as cameras do."""


def turned(rotation: np.ndarray, axes: str) -> np.ndarray:
    """Rotations (N, 4) ``wxyz`` in OpenXR's frame of objects read as Threepoint's own -> those of objects that look
    as ``axes`` say."""
    if axes == OWN:
        return rotation
    change = matrix_to_quaternion(OPENXR_TO_BLENDER.T @ CONVENTIONS[axes].T)
    return quaternion_multiply(rotation, np.broadcast_to(change, rotation.shape))


def guess_axes(time: np.ndarray, tracks: Mapping[str, Track], head: bpy.types.Object) -> tuple[str, Note | None]:
    """The axes of objects whose ``tracks`` were read as Threepoint's own, and the note that says so.

    No note where they are Threepoint's own, or where there is nothing to tell by.
    """
    positions = {role: np.where(track.valid[:, None], track.position, np.nan) for role, track in tracks.items()}
    scores = {}
    for axes, prior in PRIOR.items():
        rotations = {role: turned(track.rotation, axes) for role, track in tracks.items()}
        seen = observe(time, positions, rotations)
        if seen is None:
            return OWN, None
        scores[axes] = prior + log_likelihoods(seen, ("openxr",))["openxr"]
    if head.type == "CAMERA":
        scores["openxr"] += CAMERA
    axes, note = guess_note("object_axes", scores, AXES)
    return axes, note if axes != OWN or note.code.endswith("_unsure") else None
