"""Which of the trackers that come is worn where: as the user says in the *Live* panel, kept with the scene."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from collections.abc import Callable, Sequence
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...model_core.calibration.calibration import BODY_TRACKER_JOINTS
from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ..i18n.messages import message
from ..i18n.translations import translated
from .roles import role_label

WORN = (*ROLES, *BODY_TRACKER_JOINTS)
"""The roles that a tracker can have."""
LONGEST_NAME = 200
DESCRIPTION = (
    "Serial number or name of the tracker, or of the object, that is worn there; empty: by kind, name and side"
)
known_names: Callable[[], Sequence[str]] = tuple
"""The names of the trackers that came last, from which a field can be filled; ``operators.live`` knows them."""


def _matching(_group: Any, _context: bpy.types.Context, typed: str) -> list[str]:
    return [name for name in known_names() if typed.lower() in name.lower()]


class THREEPOINT_PG_live_roles(bpy.types.PropertyGroup):
    """The trackers' names by role; saved with the scene."""

    chosen: BoolProperty(
        name="Choose Trackers", description="Say which tracker is worn where; off, by kind, name and side"
    )


THREEPOINT_PG_live_roles.__annotations__.update(
    {
        role: StringProperty(
            name=str(role_label(role)), description=DESCRIPTION, maxlen=LONGEST_NAME, search=_matching,
            search_options={"SORT", "SUGGESTION"},
        )
        for role in WORN
    }
)  # fmt: skip


def named(scene: Any) -> dict[str, str]:
    """Role -> name of the tracker, as far as the user says. Raises ``InputError`` where one tracker has two roles."""
    group = scene.threepoint_live_roles
    names = {role: name for role in WORN if group.chosen and (name := getattr(group, role).strip())}
    for role, name in names.items():
        other = next(one for one in names if names[one] == name)
        if other != role:
            raise InputError(message("The tracker {name} is named twice, for {role} and {other}", name=name,
                                     role=role_label(other), other=role_label(role)))  # fmt: skip
    return names


def draw(layout: bpy.types.UILayout, scene: Any) -> None:
    """The fields, where they are asked for."""
    group = scene.threepoint_live_roles
    layout.prop(group, "chosen")
    if not group.chosen:
        return
    column = layout.column(align=True)
    for role in WORN:
        column.prop(group, role, text=translated(role_label(role)).title(), translate=False)
