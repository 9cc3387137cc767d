"""When buttons can be pressed: each poll also says what is missing."""

import bpy

from ..bpy_types import Context
from .properties import active_person, require_person
from .takes import active_take


def has_head(operator: type[bpy.types.Operator], context: Context) -> bool:
    """Whether there is a person with an object that moves as the head."""
    person = active_person(context)
    if person is None:
        return _is_missing(operator, "Import a recording or use animated objects first")
    if person.head is None or not person.head.users_scene:
        return _is_missing(operator, "Choose the object that moves as the head")
    return True


def has_avatar(operator: type[bpy.types.Operator], context: Context) -> bool:
    """Whether the person has an avatar that plays a take."""
    person = active_person(context)
    if person is None or person.armature is None or not person.armature.users_scene or not person.takes:
        return _is_missing(operator, "Predict a motion first")
    return True


def has_take(operator: type[bpy.types.Operator], context: Context) -> bool:
    """Whether the person has a take to act on."""
    if not has_avatar(operator, context):
        return False
    take = active_take(require_person(context))
    if take is None or take.action is None:
        return _is_missing(operator, "The active take's action was deleted; predict it again")
    return True


def is_idle(operator: type[bpy.types.Operator], context: Context) -> bool:
    """Whether neither the engine is at work for this window, nor an export or what puts takes on a character."""
    if context.window_manager.threepoint.running:
        return _is_missing(operator, "Other work is under way; Cancel stops it")
    return True


def _is_missing(operator: type[bpy.types.Operator], reason: str) -> bool:
    operator.poll_message_set(reason)
    return False
