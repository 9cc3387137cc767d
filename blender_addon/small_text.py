"""Small text in panels and dialogs, which Blender does not break into lines by itself."""

import textwrap

MOST_LINES = 8
"""Lines of small text that a step shows at most."""
CHARACTER_WIDTH = 7.0
"""Pixels of an average character of the sidebar."""


def broken_lines(context, lines, most=MOST_LINES):
    """Lines broken to the region's width, and at most so many."""
    width = max(20, int(context.region.width / (CHARACTER_WIDTH * context.preferences.system.ui_scale)))
    broken = [part for line in lines for part in textwrap.wrap(line, width)]
    if len(broken) > most:
        broken[most - 1 :] = [f"... and {len(broken) - most + 1} more lines"]
    return broken
