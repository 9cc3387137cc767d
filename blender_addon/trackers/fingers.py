"""What a headset has seen of fingers, kept with the tracker of the hand: it goes wherever that goes."""

from collections.abc import Mapping

import bpy
import numpy as np

from ...model_core.geometry.hand import FINGER_COUNT, HANDS
from ...model_core.geometry.rotations import normalize
from ...model_core.recordings.fingers import Fingers

FRAMES, BONES = "threepoint_finger_frames", "threepoint_finger_bones"
"""Custom properties of a hand's tracker: scene frames, and the floats of ``Fingers.bones`` at each."""


def keep_fingers(tracker: bpy.types.Object, fingers: Fingers, frames: np.ndarray) -> None:
    """Keep the fingers of a hand with its tracker; ``frames`` (N,) are the scene's at their times."""
    tracker[FRAMES] = frames.tolist()
    tracker[BONES] = fingers.bones.astype("<f4").tobytes()


def has_fingers(trackers: Mapping[str, bpy.types.Object | None]) -> bool:
    """Whether a recording's fingers came in with the objects of its hands, by role."""
    return any(item is not None and FRAMES in item and BONES in item for item in map(trackers.get, HANDS))


def recorded_fingers(trackers: Mapping[str, bpy.types.Object | None]) -> dict[str, Fingers]:
    """The fingers that came in with the objects of hands, by role; their ``time`` is in scene frames."""
    found = {}
    for role in HANDS:
        item = trackers.get(role)
        if item is not None and has_fingers({role: item}):
            bones = np.frombuffer(bytes(item[BONES]), "<f4").astype(np.float64).reshape(-1, FINGER_COUNT, 4)
            found[role] = Fingers(np.array(item[FRAMES].to_list()), normalize(bones))
    return found
