"""Small text in panels and dialogs, which Blender does not break into lines by itself."""

import re
from unicodedata import east_asian_width

from ..i18n.translations import translated

MOST_LINES = 8
"""Lines of small text that a step shows at most."""
CHARACTER_WIDTH = 7.0
"""Pixels of an average character of the sidebar; those of Chinese and Japanese are twice as wide."""
PIECES = re.compile(r"[\u2e80-\uffef]\s*|[^\s\u2e80-\uffef]+\s*|\s+")
"""What a line is not broken within: a word with the space behind it, or a wide character."""


def broken_lines(context, lines, most=MOST_LINES):
    """Lines in the user's language, broken to the region's width, and at most so many."""
    width = max(20, int(context.region.width / (CHARACTER_WIDTH * context.preferences.system.ui_scale)))
    broken = [part for line in lines for part in _wrapped(translated(line), width)]
    if len(broken) > most:
        broken[most - 1 :] = [translated(f"... and {len(broken) - most + 1} more lines")]
    return broken


def _wrapped(line, width):
    """Parts of a line, ``width`` narrow characters at most if its words are; breaks at spaces and wide characters."""
    parts = [""]
    for word in PIECES.findall(line):
        if parts[-1] and _columns(parts[-1] + word.rstrip()) > width:
            parts.append("")
        parts[-1] += word if parts[-1] else word.lstrip()
    return [part.rstrip() for part in parts]


def _columns(text):
    """How many narrow characters are as wide as a text."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
