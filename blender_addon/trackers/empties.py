"""A recording as animated empties; ``reading`` makes one of them, or of any animated objects, again.

The empties are the animator's editable source: what is predicted is what they show, not what the file said.
"""

import bpy
import numpy as np

from ...model_core.geometry.frames import OPENXR_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.rotations import make_continuous
from ...model_core.recordings.recording import Recording, Track
from ..animation.curves import CONSTANT, fcurves_of, keyframes_of, new_action, write_curve, write_vector
from ..animation.timing import frames_to_seconds, seconds_to_frames
from ..bpy_types import Scene
from ..steps import Steps, all_at_once
from .fingers import keep_fingers

VALID = "valid"
"""Custom property of a tracker: whether the device was seen. Its keyframes are the edges of the dropouts."""
VALID_PATH = f'["{VALID}"]'
TRACKER_PATHS = ("location", "rotation_quaternion", "empty_display_size", VALID_PATH)
"""What is animated of a tracker."""

SOURCE, DEVICE, BETAS = "threepoint_source", "threepoint_device", "threepoint_betas"
"""Custom properties that keep what a recording says of itself beside its poses."""
FRAMES = "threepoint_frames"
"""Custom property of the head's tracker: the exact frames of the recording's samples. Keyframes are of single
precision; a microsecond is enough for another of several poses that fit equally well."""
LOST_BY = "threepoint_lost_by"
"""Custom property of a tracker: why it was lost, the ``Dropout.reason`` of each kind with commas between."""
ROLE = "threepoint_role"
"""Custom property of a tracker: which one of the recording it is."""

CHOSEN = ("head", "left_hand", "right_hand")
"""The roles of which a person has one object each; the others' objects lie beside the head."""
COLOURS = {
    "head": (0.95, 0.75, 0.1, 1.0),
    "left_hand": (0.1, 0.62, 0.95, 1.0),
    "right_hand": (0.85, 0.1, 0.15, 1.0),
}
OTHER_COLOUR = (0.45, 0.9, 0.35, 1.0)
"""Linear; told apart by eyes that confuse red and green, or yellow and blue, as well: a test holds it."""
HEAD_SIZE, HAND_SIZE = 0.12, 0.08
LOST_SIZE = 0.02
"""Display sizes in metres; a tracker that is not seen shrinks to the last."""


def create_trackers(
    recording: Recording, collection_name: str, scene: Scene, origin: float = 0.0
) -> dict[str, bpy.types.Object]:
    """Make an animated empty for each of the recording's trackers; return them by role.

    Keyframes lie at the recording's own times (``origin`` seconds at the scene's first frame), fractional frames
    included, so that no sample moves. Dropouts have no keyframes: there the custom property ``valid`` is off and the
    empty is small. The empties go into a new collection of the scene.
    """
    return all_at_once(creating_trackers(recording, collection_name, scene, origin))


def creating_trackers(
    recording: Recording, collection_name: str, scene: Scene, origin: float = 0.0
) -> Steps[dict[str, bpy.types.Object]]:
    """``create_trackers`` in steps, between which a window may draw."""
    recording.validate()
    yield
    collection = bpy.data.collections.new(collection_name)
    scene.collection.children.link(collection)
    frames = seconds_to_frames(recording.time, scene, origin)
    trackers = {}
    for role, track in recording.tracks.items():
        empty = bpy.data.objects.new(f"{collection_name} {role}", None)
        collection.objects.link(empty)
        _style_tracker(empty, role)
        _note_origin(empty, recording)
        empty[ROLE] = role
        reasons = dict.fromkeys(str(dropout.reason) for dropout in recording.dropouts if dropout.role == role)
        if reasons:
            empty[LOST_BY] = ",".join(reasons)
        yield from _animating(empty, track, frames)
        if role in recording.fingers:
            keep_fingers(empty, recording.fingers[role], seconds_to_frames(recording.fingers[role].time, scene, origin))
        trackers[role] = empty
    trackers["head"][FRAMES] = frames.tolist()
    return trackers


def _style_tracker(empty: bpy.types.Object, role: str) -> None:
    empty.empty_display_type = "ARROWS"
    empty.empty_display_size = HEAD_SIZE if role == "head" else HAND_SIZE
    empty.color = COLOURS.get(role, OTHER_COLOUR)
    empty.show_name = True
    empty.show_in_front = True
    empty.rotation_mode = "QUATERNION"


def _note_origin(empty: bpy.types.Object, recording: Recording) -> None:
    """What a tracker's animation does not say of its recording."""
    empty[SOURCE], empty[DEVICE] = recording.source, recording.device
    if recording.betas is not None:
        empty[BETAS] = [float(beta) for beta in recording.betas]


def _animating(empty: bpy.types.Object, track: Track, frames: np.ndarray) -> Steps[None]:
    size = empty.empty_display_size
    empty[VALID] = bool(track.valid[0])
    curves = new_action(empty, empty.name)
    seen = np.flatnonzero(track.valid)
    if len(seen):
        rotations = make_continuous(convert_quaternions(track.rotation[seen], OPENXR_TO_BLENDER))
        positions = convert_positions(track.position[seen], OPENXR_TO_BLENDER)
        yield
        write_vector(curves, "location", frames[seen], positions, "Pose")
        yield
        write_vector(curves, "rotation_quaternion", frames[seen], rotations, "Pose")
        yield
    edges = np.concatenate([[0], 1 + np.flatnonzero(np.diff(track.valid))])
    valid = track.valid[edges]
    write_curve(curves, VALID_PATH, 0, frames[edges], valid, "Dropouts", CONSTANT)
    sizes = np.where(valid, size, LOST_SIZE)
    write_curve(curves, "empty_display_size", 0, frames[edges], sizes, "Dropouts", CONSTANT)


def body_trackers(head: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """The trackers beside head and hands that came in with the object ``head``, by role: what lies with it."""
    beside = [item for collection in head.users_collection for item in collection.objects]
    roles = [(item.get(ROLE, "head"), item) for item in beside]
    # Something else than text is no role of a tracker; reading says so of those that are chosen.
    return {role: item for role, item in roles if isinstance(role, str) and role not in CHOSEN}


def find_dropouts(tracker: bpy.types.Object, scene: Scene) -> list[tuple[float, float]]:
    """List of (first, last) seconds during which a tracker was not seen, from its ``valid`` keyframes."""
    edges = [keyframes_of(f) for f in fcurves_of(tracker) if f.data_path == VALID_PATH]
    if not edges:
        return []
    times = frames_to_seconds(edges[0][:, 0], scene)
    lost = edges[0][:, 1] < 0.5
    ends = np.append(times[1:], max(times[-1], frames_to_seconds(scene.frame_end, scene)))
    return [(float(a), float(b)) for a, b, gone in zip(times, ends, lost, strict=True) if gone]
