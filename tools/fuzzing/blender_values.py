"""Scenes of Blender with wrong values in them: what somebody, a script or another add-on has put in place of others.

Every scene has a person, whom an engine without networks animates; then some things of it are changed, and the person
is predicted again. That is done, or refused in one line that leaves nothing behind.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import bpy
import numpy as np

from ...blender_addon.animation.curves import fcurves_of
from ...blender_addon.engine.client import EngineError
from ...blender_addon.state import people, person_avatar, predictions
from ...blender_addon.state.new_file import empty_file
from ...blender_addon.state.properties import THREEPOINT_PG_person
from ...blender_addon.trackers import empties
from ...blender_addon.trackers.object_axes import AXES
from ...model_core.calibration import calibrate_by_preset, calibration_from_json, calibration_to_json, find_person
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ...model_core.options import options_from_json
from ...model_core.recordings import Recording, Track
from ...model_core.recordings.model_frame import model_frame
from ...model_core.worker import messages
from .other_inputs import outcome_of

Person = THREEPOINT_PG_person
Random = np.random.Generator
LONGEST_SECONDS, SECONDS_A_SECOND = 4.0, 0.02
"""CPU time that a prediction may take in this process, the making of an avatar included, and for a second of motion."""
RECORDED_SECONDS, RATE = 1.0, 30
WRONG: tuple[Any, ...] = (
    5, -1, 2**31 - 1, 0.5, float("nan"), float("inf"), 1e30, "", "abc", "\x1b[2J", "nan", "calibration/left_hand", True,
    [1, 2, 3], [1.0, 2.0], [float("nan")] * 10, [1e30] * 10, [0.0] * 10, [0.0] * 10_000, {"a": 1}, {}, ["a", "b"],
)  # fmt: skip
"""Values of custom properties."""
NUMBERS = (0.0, -1.0, 1e30, -1e30, 1e-30, float("nan"), float("inf"), -float("inf"), 1e6)
FRAMES = (-(2**20), -1000, 0, 1, 5, 60, 1000, 2**20 - 1)
TRACKER_PROPERTIES = (empties.ROLE, empties.SOURCE, empties.DEVICE, empties.BETAS, empties.FRAMES, empties.VALID, AXES)
TEXTS = ("", "{}", "[]", "null", "{", "[" * 5000, '{"betas": 5}', "nan", "\x1b[2J", '{"betas": [1e400]}', "x" * 100_000)
KINDS = ("MEAN", "TAKE", "RANGE", "MEAN")


def one_of(random: Random, values: Any) -> Any:
    """One of the values, whatever kinds they are of."""
    return values[int(random.integers(len(values)))]


def _tracker(person: Person, random: Random) -> bpy.types.Object:
    found = [item for role in ("head", "left_hand", "right_hand") if (item := getattr(person, role)) is not None]
    return one_of(random, found or [person.root])


def _custom_property(person: Person, random: Random) -> None:
    _tracker(person, random)[one_of(random, TRACKER_PROPERTIES)] = one_of(random, WRONG)


def _another_tracker(person: Person, random: Random) -> None:
    """Another object beside the trackers says that it is one."""
    other = bpy.data.objects.new("other", None)
    other[empties.ROLE] = one_of(random, (*WRONG, "waist", "head", "left_foot"))
    (_tracker(person, random).users_collection or [_scene().collection])[0].objects.link(other)
    if random.random() < 0.7:
        other.threepoint.root = person.root  # type: ignore[attr-defined]


def _number_setting(person: Person, random: Random) -> None:
    name = one_of(random, ("stature", "floor", "refinement", "shown_floor", "fps", "low", "high"))
    setattr(person, name, one_of(random, NUMBERS))
    person.override_stature, person.override_floor = bool(random.integers(2)), bool(random.integers(2))


def _whole_setting(person: Person, random: Random) -> None:
    name = one_of(random, ("seed", "first", "last", "t_pose_frame", "active_take", "chosen_take"))
    setattr(person, name, int(one_of(random, (*FRAMES, 2**31 - 1, -(2**31)))))
    person.use_t_pose = bool(random.integers(2))


def _text_setting(person: Person, random: Random) -> None:
    name = one_of(random, ("calibration", "calibration_key", "notes", "built_from"))
    setattr(person, name, one_of(random, TEXTS))
    if name == "calibration" and random.random() < 0.5:
        options = predictions.calibration_options(person, people.recording_of(person, _scene()), _scene())
        person.calibration_key = predictions.calibration_key(person, options)


def _body(person: Person, random: Random) -> None:
    person.body_path = one_of(random, ("nowhere.npz", "/dev/zero", "/", "\x1b", "x" * 900, __file__))


def _betas(person: Person, random: Random) -> None:
    person.betas = [one_of(random, NUMBERS) for _ in range(10)]


def _scene() -> Any:
    return bpy.context.scene


def _layer() -> Any:
    return bpy.context.view_layer


def _frame_rate(person: Person, random: Random) -> None:
    render = _scene().render
    render.fps, render.fps_base = int(one_of(random, (1, 24, 240, 32767))), one_of(random, (1.0, 1.001, 1e-5, 1e6))


def _frame_range(person: Person, random: Random) -> None:
    scene = _scene()
    scene.frame_start, scene.frame_end = max(0, int(one_of(random, FRAMES))), max(0, int(one_of(random, FRAMES)))
    if random.random() < 0.5:
        _tracker(person, random).animation_data_clear()


def _unit(person: Person, random: Random) -> None:
    _scene().unit_settings.scale_length = one_of(random, (1e-9, 0.01, 1e5))


def _delete_tracker(person: Person, random: Random) -> None:
    _delete(person, _tracker(person, random))


def _delete(person: Person, item: bpy.types.Object) -> None:
    """Delete an object; not the root, with which the person goes, who then is nobody whom a button could predict."""
    if item != person.root:
        bpy.data.objects.remove(item)


def _rename(person: Person, random: Random) -> None:
    _tracker(person, random).name = one_of(random, ("x" * 60, "\x1b[2J", "head"))


def _one_object_twice(person: Person, random: Random) -> None:
    setattr(person, one_of(random, ("head", "left_hand", "right_hand")), one_of(random, (person.head, person.root)))


def _no_animation(person: Person, random: Random) -> None:
    for role in ("head", "left_hand", "right_hand"):
        item = getattr(person, role)
        if item is not None and (role == "head" or random.random() < 0.5):
            item.animation_data_clear()


def _transform(person: Person, random: Random) -> None:
    name = one_of(random, ("scale", "delta_location", "delta_scale", "location"))
    setattr(_tracker(person, random), name, [one_of(random, (1.0, *NUMBERS)) for _ in range(3)])


def _parent(person: Person, random: Random) -> None:
    parent = bpy.data.objects.new("parent", None)
    _scene().collection.objects.link(parent)
    parent.scale = one_of(random, ((1, 5, 0.2), (0, 0, 0), (1e-8,) * 3, (1e30,) * 3, (-1, 1, 1), (float("nan"),) * 3))
    parent.rotation_euler = (0.5, 0.5, 0.5)
    _tracker(person, random).parent = one_of(random, (parent, person.root, person.head))


def _constraint(person: Person, random: Random) -> None:
    one, other = _tracker(person, random), _tracker(person, random)
    constraint: Any = one.constraints.new("COPY_LOCATION")
    constraint.target = other
    if random.random() < 0.5:
        driver: Any = one.driver_add("location", 0)
        driver.driver.expression = one_of(random, ("1/0", "nothing", "float('nan')", "frame * 1e30"))


def _keyframes(person: Person, random: Random) -> None:
    curves = fcurves_of(_tracker(person, random))
    for fcurve in curves if random.random() < 0.5 else curves[:1]:
        points = fcurve.keyframe_points
        kind = random.integers(5)
        if kind == 0:
            points.insert(one_of(random, (1e6, -1e6, 1e5)), 1.0)
        elif kind == 1 and len(points):
            points[int(random.integers(len(points)))].co.y = one_of(random, NUMBERS)
        elif kind == 2 and len(points):
            points[-1].co.x = one_of(random, NUMBERS)
        elif kind == 3:
            for point in list(points)[1:]:
                points.remove(point)
        else:
            fcurve.mute = True


def _layers(person: Person, random: Random) -> None:
    children = _layer().layer_collection.children
    if not len(children) or random.random() < 0.3:
        for collection in list(_scene().collection.children):
            bpy.data.collections.remove(collection)
        return
    setattr(children[0], one_of(random, ("exclude", "hide_viewport")), True)
    item = _tracker(person, random)
    item.hide_viewport = item.hide_select = item.hide_render = bool(random.integers(2))


def _avatar_parts(person: Person, random: Random) -> None:
    others = (None, person.head, person.mesh, person.armature, person.root)
    setattr(person, one_of(random, ("armature", "mesh", "head")), one_of(random, others))


def _bones(person: Person, random: Random) -> None:
    armature: Any = person.armature
    if armature is None or armature.type != "ARMATURE":
        return
    if random.random() < 0.5:
        one_of(random, list(armature.data.bones)).name = one_of(random, ("x", "pelvis", "\x1b", "head"))
        return
    _layer().objects.active = armature
    if armature.name not in _layer().objects:
        return
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones.remove(one_of(random, list(armature.data.edit_bones)))
    if random.random() < 0.8:
        bpy.ops.object.mode_set(mode="OBJECT")


def _mesh(person: Person, random: Random) -> None:
    mesh: Any = person.mesh
    if mesh is None or mesh.type != "MESH":
        return
    kind = random.integers(4)
    if kind == 0:
        mesh.modifiers.clear()
    elif kind == 1:
        mesh.vertex_groups.clear()
    elif kind == 2:
        mesh.shape_key_clear()
    else:
        mesh.data.clear_geometry()


def _takes(person: Person, random: Random) -> None:
    kind = random.integers(4)
    if kind == 0:
        person.takes.clear()
    elif kind == 1 and len(person.takes) and person.takes[0].action is not None:
        bpy.data.actions.remove(person.takes[0].action)
    elif kind == 2 and len(person.takes):
        take = person.takes[0]
        take.number, take.identifier, take.baked = -5, -5, "x" * 1000
    elif person.armature is not None:
        _delete(person, one_of(random, [person.armature, *([person.mesh] if person.mesh else [])]))


CHANGES: tuple[Callable[[Person, Random], None], ...] = (
    _custom_property, _custom_property, _another_tracker, _number_setting, _whole_setting, _text_setting, _body, _betas,
    _frame_rate, _frame_range, _unit, _delete_tracker, _rename, _one_object_twice, _no_animation, _transform, _parent,
    _constraint, _keyframes, _keyframes, _layers, _avatar_parts, _bones, _mesh, _takes,
)  # fmt: skip
"""What can be wrong; each changes a person by the random numbers that it is given."""


class StandingJob:
    """An engine's answer without networks: what is asked goes through the pipe's messages, and somebody stands."""

    def __init__(
        self, python: object, kind: str, recording: Recording, options: Mapping[str, object],
        body_path: str | None = None, calibration: Any = None, key: str = "", start: Any = None,
    ) -> None:  # fmt: skip
        """As ``engine.client.Job``."""
        header, arrays = messages.request(kind, recording, dict(options), calibration, body_path)
        header, arrays = messages.unpack(io.BytesIO(messages.pack(header, arrays)))
        seen = messages.read_recording(header["recording"], arrays)
        body = person_avatar.body_of(body_path or "")
        given = header["calibration"]
        known = None if given is None else calibration_from_json(given)
        chosen = options_from_json(header["options"], body, known)
        placed = model_frame(seen)
        person = find_person(placed, body, chosen.stature, chosen.floor)
        found = known or calibrate_by_preset(placed, body, "grip", person)
        self.calibration = calibration_from_json(calibration_to_json(found))
        self.key, self.finished = key, True
        count = int(seen.duration * 60) + 1
        rotations = np.zeros((count, 22, 4))
        rotations[..., 0] = 1
        start = float(seen.time[0])
        place = np.tile([0, 0.95, 0.0], (count, 1))
        self.motion = Motion(60.0, rotations, place, found.betas, start, found.floor, None, {"take": chosen.take})
        self.motion.validate()

    def poll(self) -> bool:
        """It is there."""
        return True

    def wait(self) -> None:
        """It is there."""


def wobbling_recording() -> Recording:
    """A second of head and hands that move a little."""
    time_ = np.arange(round(RECORDED_SECONDS * RATE)) / RATE
    places = {"head": (0, 1.6, 0), "left_hand": (-0.2, 1.1, -0.3), "right_hand": (0.2, 1.1, -0.3)}
    rotation = np.tile([1.0, 0, 0, 0], (len(time_), 1))
    tracks = {
        role: Track(np.array(place) + 0.02 * np.sin(6 * time_)[:, None], rotation, np.ones(len(time_), bool))
        for role, place in places.items()
    }
    return Recording(time_, tracks, "wobbling", "grip").validate()


def fuzz_blender(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` scenes with wrong values in them. Within ``scene_file.scene_properties``."""
    with patch.object(predictions, "Job", StandingJob):
        return Counter(
            outcome_of(lambda number=number: _one_scene(number), number) for number in range(seed, seed + count)
        )


def _one_scene(number: int) -> None:
    """Make, change and predict one scene. Raises ``InputError`` where that is refused."""
    random = np.random.default_rng(number)
    scene = empty_file(30)
    person = people.add_person(wobbling_recording(), "person", scene)
    if random.random() < 0.7:
        predict(person, "MEAN")
    said = change(person, random)
    before = _names()
    begun = time.process_time()
    try:
        allowed = LONGEST_SECONDS + SECONDS_A_SECOND * predict(person, one_of(random, KINDS))
    except (InputError, EngineError) as error:
        if _names() != before:
            raise AssertionError(f"{said}: refused, but left something behind") from error
        raise InputError(str(error)) from None
    except Exception as error:
        raise RuntimeError(f"{said}: {type(error).__name__}: {error}") from error
    if time.process_time() - begun > allowed:
        raise AssertionError(f"{said}: took {time.process_time() - begun:.1f} s")


def change(person: Person, random: Random) -> str:
    """Make one to three things of a person's scene wrong; their names."""
    changes = [one_of(random, CHANGES) for _ in range(random.integers(1, 4))]
    for one in changes:
        try:
            one(person, random)
        except (TypeError, ValueError, AttributeError, ReferenceError, RuntimeError):
            continue  # Blender itself does not take it, or what it changes is gone by now.
    return ", ".join(one.__name__.strip("_") for one in changes)


def predict(person: Person, kind: str) -> float:
    """As the button does: ask, wait, bring the answer into the scene. Returns how long the motion is, in seconds."""
    scene = _scene()
    take = 1 if kind == "TAKE" else 0
    frames = (person.first, person.last) if kind == "RANGE" else None
    job = predictions.ask_for_motion(person, scene, "python", take, frames)
    assert job.motion is not None and job.calibration is not None
    if frames is not None:
        for _ in predictions.receiving_range(person, job.motion, scene, *frames, []):
            pass
    else:
        predictions.receive_motion(person, job.motion, scene)
        predictions.receive_calibration(person, job.calibration, job.key)
    return job.motion.duration


def _names() -> dict[str, list[str]]:
    """What is in the file."""
    kinds = ("objects", "meshes", "armatures", "actions", "scenes", "collections", "node_groups")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}
