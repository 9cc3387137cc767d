"""Text in panels and dialogs, which Blender does not break into lines by itself."""

import re
from collections.abc import Iterable
from unicodedata import east_asian_width

import bpy

from ..bpy_types import Context
from .messages import message
from .translations import as_sentence, translated

MAX_LINES = 8
"""Lines of text that a panel shows at most."""
CHARACTER_WIDTH = 7.0
"""Pixels of an average character of the sidebar; those of Chinese and Japanese are twice as wide."""
PIECES = re.compile(r"[\u2e80-\uffef]\s*|[^\s\u2e80-\uffef]+\s*|\s+")
"""What a line is not broken within: a word with the space behind it, or a wide character."""
LINE_HEIGHT = 0.75
"""Of a label's height: lines of text lie closer together than buttons."""


def wrapped_lines(
    context: Context, said: Iterable[object], most: int = MAX_LINES, pixels: float | None = None
) -> list[str]:
    """Messages in the user's language, broken to ``pixels`` of a normal scale or the region's width, ``most`` lines."""
    pixels = pixels or context.region.width / context.preferences.system.ui_scale
    width = max(20, int(pixels / CHARACTER_WIDTH))
    lines = [part for item in said for part in _wrapped(as_sentence(item), width)]
    if len(lines) > most:
        lines[most - 1 :] = [translated(message("... and {count} more lines", count=len(lines) - most + 1))]
    return lines


def draw_lines(layout: bpy.types.UILayout, context: Context, said: Iterable[object], most: int = MAX_LINES) -> None:
    """Show messages below each other, ``most`` lines at most."""
    column = layout.column(align=True)
    column.scale_y = LINE_HEIGHT
    for line in wrapped_lines(context, said, most):
        column.label(text=line, translate=False)


def _wrapped(line: str, width: int) -> list[str]:
    """Parts of a line, ``width`` narrow characters at most if its words are; breaks at spaces and wide characters."""
    parts = [""]
    for word in PIECES.findall(line):
        if parts[-1] and _columns(parts[-1] + word.rstrip()) > width:
            parts.append("")
        parts[-1] += word if parts[-1] else word.lstrip()
    return [part.rstrip() for part in parts]


def _columns(text: str) -> int:
    """How many narrow characters are as wide as a text."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
