"""Panels without a window: a layout that writes down what is drawn into it."""

from types import SimpleNamespace
from typing import NamedTuple

import bpy


class Drawn(NamedTuple):
    """A call of a layout, and what it returned: of buttons what their properties were set to."""

    name: str
    arguments: tuple
    words: dict
    result: object


class Layout:
    """A layout that writes down what is drawn into it; ``lines`` are what stands below each other."""

    def __init__(self, seen, lines=None):
        self.seen, self.lines = seen, lines

    def __getattr__(self, name):
        def draw(*arguments, **words):
            result = Layout(self.seen) if name != "operator" else SimpleNamespace()
            self.seen.append(Drawn(name, arguments, words, result))
            if self.lines is not None:
                self.lines.append(name)
            return result

        return draw

    def __setattr__(self, name, value):
        self.__dict__[name] = value


def context():
    """What a panel is drawn with, beside the open scene."""
    return SimpleNamespace(
        scene=bpy.context.scene, view_layer=bpy.context.view_layer, window_manager=bpy.context.window_manager,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)), region=SimpleNamespace(width=300),
        space_data=SimpleNamespace(shading=SimpleNamespace(type="RENDERED")), workspace=bpy.context.workspace,
    )  # fmt: skip


def calls(kind, lines=None):
    """What a panel draws, call after call."""
    seen = []
    kind.draw(SimpleNamespace(layout=Layout(seen, lines)), context())
    return seen


def drawn(kind, lines=None):
    """What a panel draws: operators and texts."""
    seen = calls(kind, lines)
    operators = [call.arguments[0] for call in seen if call.name == "operator"]
    return operators, " ".join(str(call.words.get("text", "")) for call in seen)
