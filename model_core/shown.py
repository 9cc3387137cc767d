"""Text from outside as it may be shown: on one line, without characters that steer a terminal, not too long."""

import unicodedata

LONGEST_LINE, LONGEST_NAME = 380, 120
"""Characters of a message and of a name in it; longer ones lose their middle."""
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode's categories of what is not seen or steers what is: controls, formats, surrogates, unassigned, separators."""


def printable(text: object, longest: int = LONGEST_NAME) -> str:
    """``text`` with every hidden character as its escape (``\\x1b``), cut in the middle to ``longest`` characters."""
    shown = str(text)
    if not shown.isprintable():
        shown = "".join(_escaped(character) for character in shown[: 2 * longest] + shown[2 * longest :][-longest:])
    if len(shown) > longest:
        kept = (longest - 3) // 2
        shown = f"{shown[:kept]}...{shown[-kept:]}"
    return shown


def one_line(message: object) -> str:
    """A message as one line that can be printed anywhere."""
    return printable(" ".join(str(message).split()), LONGEST_LINE)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
