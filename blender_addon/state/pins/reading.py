"""From pins in a scene, or from bones that were dragged, to what refinement is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ....model_core.errors import InputError
from ....model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ....model_core.geometry.kinematics import forward_kinematics
from ....model_core.geometry.rotations import (
    geodesic_angle,
    normalize,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
)
from ....model_core.geometry.skeleton import BODY_JOINT_COUNT, JOINT_NAMES
from ....model_core.pins import PIN_JOINTS, Pin
from ...animation.timing import frames_to_seconds, playhead, scene_fps
from ...avatar.bake import bone_axes, reading_action
from ...avatar.bone_names import names_of
from ...bpy_types import ArmatureObject, Context, Scene
from ...i18n.messages import message
from ...steps import Steps, all_at_once
from ...trackers.reading import rotations_of, sampling, seen_from
from ..takes import active_take
from .objects import pin_frames, pins_of

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person

POSED = {
    "pelvis": ("pelvis",), "spine1": ("chest",), "spine2": ("chest",), "spine3": ("chest",),
    **{f"{side}_{joint}": tuple(f"{side}_{role}" for role in roles)
       for side in ("left", "right") for joint, roles in
       (("hip", ("knee",)), ("knee", ("knee", "ankle")), ("ankle", ("ankle", "toes")), ("foot", ("toes",)),
        ("collar", ("shoulder",)), ("shoulder", ("shoulder", "elbow")), ("elbow", ("elbow",)))},
}  # fmt: skip
"""A joint whose bone somebody has moved or turned -> the roles that keep it so: its own, and the next one below."""
MOVED, TURNED_BY = 0.001, np.radians(0.1)
"""Metres and radians from which a bone is not where its take has it."""
TURNED = ("pelvis", "chest")
"""Roles whose rotation is kept of a pose, too: of limbs the next joint's place says it."""


@dataclass(frozen=True)
class SampledPin:
    """A pin as numbers: its joint's bone is to be at ``places`` (n, 4, 4) in the armature's space at ``frames`` (n,).

    ``turned``: with the rotation of these. The rest as in ``pins.Pin``.
    """

    name: str
    role: str
    frames: np.ndarray
    places: np.ndarray
    turned: bool = False
    hard: bool = True
    reach: float = 1.0

    def within(self, first: int, last: int) -> "SampledPin":
        """The same of the frames from ``first`` to ``last``, perhaps of none."""
        inside = (self.frames >= first) & (self.frames <= last)
        return replace(self, frames=self.frames[inside], places=self.places[inside])


def reading_pins(person: "THREEPOINT_PG_person", scene: Scene) -> Steps[list[SampledPin]]:
    """The person's pins that are not muted, as their objects are now, in steps. Raises ``InputError``."""
    items = [item for item in pins_of(person, scene) if not item.threepoint.pin.muted]
    if not items:
        return []
    if person.armature is None:
        raise InputError(
            message("{person}: there is no avatar for the pins; mute or remove them to predict one", person=person.name)
        )
    held = [pin_frames(item) for item in items]
    frames = np.unique(np.concatenate(held))
    matrices, _ = yield from sampling([*items, person.armature], frames.astype(np.float64))
    places, found = seen_from(matrices, person.armature.name), []
    for column, (item, own) in enumerate(zip(items, held, strict=True)):
        pin, rows = item.threepoint.pin, np.searchsorted(frames, own)
        found.append(SampledPin(item.name, pin.role, own, places[rows, column], pin.turned, pin.hard, pin.reach))
    return found


def bone_pins(context: Context, person: "THREEPOINT_PG_person") -> list[SampledPin]:
    """A pin of each selected bone, where it is at the current frame. Raises ``InputError`` where none has a role."""
    roles = {joint: role for role, joint in PIN_JOINTS.items()}
    selected = [JOINT_NAMES.index(joint) for joint in _selected_joints(context, person)]
    return _at_bones(context, person, [roles[joint] for joint in selected if joint in roles], ())


def posed_pins(context: Context, person: "THREEPOINT_PG_person") -> tuple[list[SampledPin], list[str]]:
    """Pins that keep what the selected bones have been dragged to, and the names of bones that need none: the active
    take has them where they are. If that is so of all, they are kept. Raises ``InputError`` where none can be kept."""
    selected = {joint: POSED[joint] for joint in _selected_joints(context, person) if joint in POSED}
    pins = _at_bones(context, person, [role for roles in selected.values() for role in roles], TURNED)
    moved = _moved_roles(pins, person, context.scene)
    kept = [joint for joint, roles in selected.items() if moved.intersection(roles)] or list(selected)
    roles, names = {role for joint in kept for role in selected[joint]}, names_of(person.armature)
    left_out = [names[JOINT_NAMES.index(joint)] for joint in selected if joint not in kept]
    return [pin for pin in pins if pin.role in roles], left_out


def _moved_roles(pins: Sequence[SampledPin], person: "THREEPOINT_PG_person", scene: Scene) -> set[str]:
    """Roles of those pins of a pose that are not where the active take has their joints at this frame."""
    take = active_take(person)
    assert take is not None
    armature: ArmatureObject = person.armature
    second = float(frames_to_seconds(playhead(scene), scene))
    motion = all_at_once(reading_action(armature, take.action, np.array(person.betas), scene, (second, second)))
    heads = np.array([armature.data.bones[name].head_local for name in names_of(armature)[:BODY_JOINT_COUNT]])
    rest = convert_positions(heads, MODEL_TO_BLENDER.T)
    world, joints = forward_kinematics(quaternion_to_matrix(motion.rotations[:1]), motion.translation[:1], rest)
    axes, moved = bone_axes(armature), set()
    for pin in pins:
        joint = PIN_JOINTS[pin.role]
        (sampled,) = _as_pins(pin, pin.places, pin.frames, np.zeros(1), axes)
        same = np.linalg.norm(np.array(sampled.positions[0]) - joints[0, joint]) < MOVED
        if sampled.rotations is not None:
            turned = quaternion_to_matrix(np.array(sampled.rotations[0]))
            same &= geodesic_angle(turned, world[0, joint]) < TURNED_BY
        moved |= set() if same else {pin.role}
    return moved


def _selected_joints(context: Context, person: "THREEPOINT_PG_person") -> list[str]:
    """SMPL's names of the person's bones that are selected in pose mode."""
    bones = list(getattr(context, "selected_pose_bones", None) or ()) if context.mode == "POSE" else []
    names = names_of(person.armature)
    chosen = {bone.name for bone in bones if bone.id_data == person.armature}
    return [joint for joint, name in zip(JOINT_NAMES, names, strict=False) if name in chosen]


def _at_bones(
    context: Context, person: "THREEPOINT_PG_person", roles: Sequence[str], turned: Sequence[str]
) -> list[SampledPin]:
    if not roles:
        raise InputError(
            message("Select bones of {armature} in Pose Mode: of trunk, legs, shoulders or elbows; head and hands are "
                    "where the recording has them", armature=person.armature.name)
        )  # fmt: skip
    context.view_layer.update()
    armature: ArmatureObject = person.armature
    names, frame = names_of(armature), playhead(context.scene)
    return [
        SampledPin(
            names[PIN_JOINTS[role]], role, np.array([frame]),
            np.array(armature.pose.bones[names[PIN_JOINTS[role]]].matrix)[None], role in turned,
        )
        for role in dict.fromkeys(roles)
    ]  # fmt: skip


def require_within(sampled: Sequence[SampledPin], scene: Scene, whole: np.ndarray) -> None:
    """Raise ``InputError`` of a pin outside a ``whole`` recording (its first and last second)."""
    half = 0.5 / scene_fps(scene)
    for pin in sampled:
        seconds = frames_to_seconds(pin.frames, scene)
        outside = np.flatnonzero((seconds < whole[0] - half) | (seconds > whole[1] + half))
        if len(outside):
            first, last = np.rint(scene.frame_start + whole * scene_fps(scene))
            raise InputError(
                message("{pin}: holds at frame {frame}, outside of the recording, which has {first:.0f} to {last:.0f}; "
                        "move or mute it", pin=pin.name, frame=int(pin.frames[outside[0]]), first=first, last=last)
            )  # fmt: skip


def pins_within(
    sampled: Sequence[SampledPin], armature: ArmatureObject, scene: Scene, part: np.ndarray
) -> tuple[Pin, ...]:
    """What refinement is told of pins: of those moments that lie in the ``part`` of a recording that is sent.

    It is first and last second; a motion begins where its part does.
    """
    half, axes, pins = 0.5 / scene_fps(scene), bone_axes(armature), []
    for pin in sampled:
        seconds = frames_to_seconds(pin.frames, scene)
        inside = (seconds > part[0] - half) & (seconds < part[1] + half)
        if inside.any():
            clipped = np.clip(seconds[inside], *part) - part[0]
            pins += _as_pins(pin, pin.places[inside], pin.frames[inside], clipped, axes)
    return tuple(pins)


def _as_pins(
    pin: SampledPin, places: np.ndarray, frames: np.ndarray, seconds: np.ndarray, axes: np.ndarray
) -> list[Pin]:
    """A pin for each run of frames that follow each other."""
    positions = convert_positions(places[:, :3, 3], MODEL_TO_BLENDER.T)
    rotations = None
    if pin.turned:
        turned = quaternion_multiply(
            rotations_of(places[:, :3, :3], pin.name), quaternion_conjugate(axes[PIN_JOINTS[pin.role]])
        )
        rotations = normalize(convert_quaternions(turned, MODEL_TO_BLENDER.T))
    runs = np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames) > 1) + 1)
    return [
        Pin(
            pin.role, _rows(seconds[run]), _rows(positions[run]), None if rotations is None else _rows(rotations[run]),
            between=len(run) > 1, hard=pin.hard, reach=pin.reach,
        ).validate()
        for run in runs
    ]  # fmt: skip


def _rows(values: np.ndarray) -> Any:
    """An array as a tuple, of tuples where it has rows."""
    return tuple(tuple(row) if isinstance(row, list) else row for row in values.tolist())
