"""One take over time into another: both stay, and a third is made."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import bpy
import numpy as np
from bpy.props import EnumProperty

from ...model_core.errors import InputError
from ...model_core.geometry.filters import smoothstep
from ...model_core.geometry.rotations import slerp
from ...model_core.motion import Motion
from ..animation.curves import checksum
from ..animation.timing import EDGE_FRAMES, frames_to_seconds, scene_fps
from ..avatar.bake import read_action, replace_frames, take_frames
from ..avatar.uncertainty import read_uncertainty, replace_uncertainty
from ..bpy_types import Context, Scene, current_context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state.polls import has_take, is_idle
from ..state.predictions import range_take
from ..state.properties import THREEPOINT_PG_person, active_person, require_person
from ..state.takes import active_take, duplicate_take, show_uncertainty_of_take, whole_range
from .buttons import Button, Slot

_items: list[tuple[str, str, str]] = []
"""The menu's entries: Blender does not keep them."""


def _other_takes(_operator: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    """The person's takes but the active one, by their identifiers."""
    person = active_person(current_context())
    if person is not None:
        shown = active_take(person)
        _items[:] = [(str(take.identifier), take.name, "") for take in person.takes
                     if take != shown and take.action is not None]  # fmt: skip
    return _items


class THREEPOINT_OT_blend_to_take(bpy.types.Operator):
    """Go over from the active take into another one, from First to Last, in a take of its own"""

    bl_idname = "threepoint.blend_to_take"
    bl_label = "Blend to Take"
    bl_options = {"REGISTER", "UNDO"}

    take: EnumProperty(name="Take", items=_other_takes)

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return is_idle(cls, context) and has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Make the take."""
        person = require_person(context)
        try:
            blend_to_take(person, int(self.take or 0), context.scene)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def blend_to_take(person: THREEPOINT_PG_person, identifier: int, scene: Scene) -> None:
    """Make a take that is the active one up to the person's ``first`` frame and another one from ``last`` on.

    Between, joints turn along the shortest arc, slowly at first and at last. Raises ``InputError`` and changes nothing
    where that cannot be done.
    """
    first, last = person.first, person.last
    begun = range_take(person, first, last)
    goal = next((take for take in person.takes if take.identifier == identifier), None)
    if goal is None or goal == begun or goal.action is None:
        raise InputError(message("Choose another take to blend into"))
    (begin, end), has = whole_range(begun.action), whole_range(goal.action)
    if has[0] > max(first, begin) or has[1] < min(last, end):  # Of a trimmed recording.
        raise InputError(
            message("Frames {first} to {last} lie outside of the take, which has {begin} to {end}",
                    first=first, last=last, begin=has[0], end=has[1])
        )  # fmt: skip
    armature, betas = person.armature, np.array(person.betas)
    frames = take_frames(armature, goal.action)
    one, other = (read_action(armature, take.action, betas, scene) for take in (begun, goal))
    name, index = f"{begun.name} > {goal.name}", list(person.takes).index(goal)
    weight = smoothstep((frames - first) / max(last - first, 1))
    shown = person.active_take
    person.active_take = index
    sure = read_uncertainty(person.mesh, frames) if person.mesh is not None and goal.uncertainty is not None else None
    take = duplicate_take(person, shown)
    take.name, mixed = name, _between(one, other, frames_to_seconds(frames, scene), weight, scene)
    # What is replaced fades in before the first frame, where both are the same, and nowhere at the end.
    end = int(frames[-1]) + 2 * EDGE_FRAMES
    replace_frames(armature, take.action, mixed, scene, first - EDGE_FRAMES - 1, end)
    take.baked = checksum(take.action)
    if sure is not None and take.uncertainty is not None and person.mesh is not None:
        show_uncertainty_of_take(person)
        there = Motion(mixed.fps, mixed.rotations, mixed.translation, betas, mixed.start, uncertainty=sure)
        replace_uncertainty(person.mesh, there, scene, (first + last - EDGE_FRAMES) // 2, end)


def _between(one: Motion, other: Motion, seconds: np.ndarray, weight: np.ndarray, scene: Scene) -> Motion:
    """The motion at ``seconds`` (n,), by ``weight`` (n,) the other one."""
    (turned, place, contacts), (to_turned, to_place, to_contacts) = one.at(seconds), other.at(seconds)
    rotations = slerp(turned, to_turned, weight[:, None])
    mixed = None
    if contacts is not None and to_contacts is not None:
        mixed = (contacts + weight[:, None] * (to_contacts - contacts)).astype(np.float32)
    return Motion(
        scene_fps(scene), rotations, place + weight[:, None] * (to_place - place), one.betas, float(seconds[0]),
        contacts=mixed,
    )  # fmt: skip


def _draw_blend(layout: bpy.types.UILayout, context: Context) -> None:
    if len(require_person(context).takes) > 1:
        layout.operator_menu_enum(THREEPOINT_OT_blend_to_take.bl_idname, "take", icon="IPO_EASE_IN_OUT")


BUTTONS = (Button(Slot.REFINEMENT, 30, _draw_blend),)
register, unregister = registration((THREEPOINT_OT_blend_to_take,))
