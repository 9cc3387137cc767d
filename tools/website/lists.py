"""Markdown as code hosts read it (CommonMark), written as Python-Markdown reads it: what lists hold, by four spaces.

CommonMark puts what belongs to an item under the item's first letter, two or three columns in, and lets a list begin
right below a paragraph; Python-Markdown, which MkDocs uses, wants four columns and an empty line.
"""

import re

ITEM = re.compile(r"(?:[-*+]|\d+[.)]) +(?=\S)")
FENCE = re.compile(r"```|~~~")
DEEPER = "    "


def for_python_markdown(text: str) -> str:
    """The same page, with its lists indented by four spaces a level and apart from the paragraphs above them."""
    lines: list[str] = []
    columns: list[int] = []
    """Of the lists that are open: where the text of their current item begins."""
    fence, apart, loose = "", True, False
    """The fence of code that is open, whether the line above ended its paragraph, and whether the item at hand has had
    another paragraph: the next item then wants an empty line above it."""
    for line in text.splitlines():
        words = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if fence or not words:
            lines.append(_moved(line, indent, columns) if words else "")
            apart = not words or words == fence
            loose = loose or apart
            fence = "" if words == fence else fence
            continue
        item, within = ITEM.match(words), bool(columns)
        # A line further left goes on with the paragraph above, unless it begins something of its own.
        if apart or item or words.startswith(("#", "|", "```", "~~~")):
            while columns and indent < columns[-1]:
                columns.pop()
        is_item = item is not None and indent - (columns[-1] if columns else 0) < len(DEEPER)
        if lines and lines[-1] and ((is_item and loose) or (not columns and within != is_item)):
            lines.append("")
        if item is not None and is_item:
            lines.append(DEEPER * len(columns) + words)
            columns.append(indent + item.end())
            loose = False
        else:
            lines.append(_moved(line, indent, columns))
            found = FENCE.match(words)
            fence = found[0] if found else ""
        apart = False
    return "\n".join(lines) + "\n"


def _moved(line: str, indent: int, columns: list[int]) -> str:
    """A line within the items that begin at ``columns``, of which it may be a lazy continuation."""
    inside = columns[-1] if columns else 0
    return DEEPER * len(columns) + line[min(inside, indent) :]
