"""Small text in panels and dialogs, which Blender does not break into lines by itself."""

import textwrap

MOST_LINES = 8
"""Lines of small text that a step shows at most."""
CHARACTER_WIDTH = 7.0
"""Pixels of an average character of the sidebar."""


def broken_lines(context, lines):
    """Small text below a step, broken to the sidebar's width."""
    width = max(20, int(context.region.width / (CHARACTER_WIDTH * context.preferences.system.ui_scale)))
    broken = [part for line in lines for part in textwrap.wrap(line, width)]
    if len(broken) > MOST_LINES:
        broken[MOST_LINES - 1 :] = [f"... and {len(broken) - MOST_LINES + 1} more lines"]
    return broken
