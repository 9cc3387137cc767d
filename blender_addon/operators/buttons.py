"""Where buttons stand. An operator's file lists its own in ``BUTTONS``; the panels show what is listed."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

import bpy

from ..bpy_types import Context
from . import operator_modules


class Slot(Enum):
    """A place for buttons in the sidebar, named after the panel or the list that it belongs to."""

    LIVE = auto()
    RECORDING = auto()
    PEOPLE = auto()
    CALIBRATION = auto()
    FOUND = auto()
    PREDICTION = auto()
    TAKES = auto()
    TAKE_LIST = auto()
    REFINEMENT = auto()
    PINS = auto()
    PIN_LIST = auto()
    PIN_SOLVING = auto()
    DIRECTION = auto()
    AVATAR = auto()
    UNCERTAINTY = auto()
    CHARACTER = auto()
    BONES = auto()
    EXPORT = auto()


class Button(NamedTuple):
    """One or more buttons: ``draw`` puts them into a layout; those of a lower ``order`` stand above."""

    slot: Slot
    order: int
    draw: Callable[[bpy.types.UILayout, Context], None]


def draw_buttons(slot: Slot, layout: bpy.types.UILayout, context: Context) -> None:
    """Show all buttons that stand in a place."""
    buttons = [button for module in operator_modules() for button in getattr(module, "BUTTONS", ())]
    for button in sorted((b for b in buttons if b.slot is slot), key=lambda b: b.order):
        button.draw(layout, context)
