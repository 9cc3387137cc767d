"""The floor that is found in a person's recording, as an empty of theirs that is keyed at its heights."""

from typing import TYPE_CHECKING

import bpy
import numpy as np

from ....model_core.calibration.levels import find_stretches
from ....model_core.errors import InputError
from ....model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ....model_core.recordings.model_frame import model_frame
from ...animation.curves import new_action, write_vector
from ...animation.timing import seconds_to_frames
from ...bpy_types import AnyObject, Scene
from ...i18n.messages import message
from ...steps import Steps
from ..people import reading_recording
from ..person_avatar import collection_of, loading_body
from ..predictions import last_calibration
from ..selection import belong, root_of
from .objects import grounds_of

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person

FLOOR_SIZE = 0.3
"""Metres of the empty."""
CONSTANT = 0
"""A height holds until the next keyframe."""


def making_found_floor(person: "THREEPOINT_PG_person", scene: Scene) -> Steps[AnyObject]:
    """An empty that is as high as what the person stands on, and is ground, keyed where they step up or down.

    A second time the same empty is keyed anew. Raises ``InputError`` where there is no calibration, or no step.
    """
    calibration = last_calibration(person)
    if calibration is None or person.armature is None:
        raise InputError(message("{person}: predict a motion first: how high somebody stands is told from how tall "
                                 "they are", person=person.name))  # fmt: skip
    recording = model_frame((yield from reading_recording(person, scene)))
    body = yield from loading_body(person.body_path)
    found = find_stretches(recording, body, calibration)
    yield
    if not found.heights.any():
        raise InputError(message("{person}: no steps are found; the floor is flat", person=person.name))
    frames = np.rint(seconds_to_frames(np.append(found.starts, recording.time[-1]), scene))
    last = np.append(np.diff(frames) > 0, True)  # Of what is found within a frame the last counts.
    heights = np.append(found.heights, found.heights[-1])
    places = convert_positions(recording.origin + np.outer(heights, [0.0, 1.0, 0.0]), MODEL_TO_BLENDER)
    item = _floor_of(person, scene)
    space = np.array(person.root.matrix_world.inverted_safe() @ person.armature.matrix_world)
    keyed = (places @ space[:3, :3].T + space[:3, 3])[last]
    write_vector(new_action(item, item.name), "location", frames[last], keyed, interpolation=CONSTANT)
    return item


def _floor_of(person: "THREEPOINT_PG_person", scene: Scene) -> AnyObject:
    """The empty that was made before, without its keyframes, or a new one."""
    before = [item for item in grounds_of(scene) if root_of(item) == person.root]
    if before:
        before[0].animation_data_clear()
        return before[0]
    item: AnyObject = bpy.data.objects.new(f"floor {person.name}", None)  # pyright: ignore[reportAssignmentType]
    collection_of(person, scene).objects.link(item)
    item.empty_display_type, item.empty_display_size = "CIRCLE", FLOOR_SIZE
    item.rotation_euler = (np.pi / 2, 0.0, 0.0)  # A circle lies across its y.
    item.show_name = item.show_in_front = True
    item.parent = person.root
    belong(item, person.root)
    item.threepoint.directed.ground = True
    return item
