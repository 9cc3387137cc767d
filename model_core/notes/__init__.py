"""What the program has to say about its input and its results, as values that are put into words only when shown.

A ``Note`` is a code and the values that belong to it. The English text of every code is a template in ``TEMPLATES``, a
file an area: ``calibration``, ``recordings``, ``checks``, ``pipeline``, ``live``. A user interface translates the
template and then fills in the values (``Note.text``); nothing is ever parsed back from text. Standard library only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..shown import printable
from .calibration import TEMPLATES as CALIBRATION_TEMPLATES
from .checks import TEMPLATES as CHECK_TEMPLATES
from .live import TEMPLATES as LIVE_TEMPLATES
from .pipeline import TEMPLATES as PIPELINE_TEMPLATES
from .recordings import TEMPLATES as RECORDING_TEMPLATES

LONGEST_VALUE = 300
"""Characters of a text in a note."""
PLAIN_TEXT = "text"
"""Code of a note that has no template: its only value ``text`` is shown as it is."""

TEMPLATES: dict[str, str] = {
    PLAIN_TEXT: "{text}",
    **RECORDING_TEMPLATES,
    **CHECK_TEMPLATES,
    **CALIBRATION_TEMPLATES,
    **PIPELINE_TEMPLATES,
    **LIVE_TEMPLATES,
}
"""Code -> English text with named ``{placeholders:format}``."""
OPTIONS = {"stature_uncertain": "--stature"}
"""Code -> the option of a command that does what the note's last words ask for."""


@dataclass(frozen=True)
class Note:
    """One thing to tell the user: ``code`` is a key of ``TEMPLATES``, ``values`` fill its placeholders.

    A value is a string, a number or another ``Note``.
    """

    code: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """In a command's words: with the option for what a window has a field for."""
        option = OPTIONS.get(self.code)
        return self.text() if option is None else f"{self.text()} ({option})"

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The note in words; ``translate`` turns an English template into another language's."""
        return translate(TEMPLATES[self.code]).format(
            **{name: _shown(value, translate) for name, value in self.values.items()}
        )

    def to_json(self) -> dict[str, object]:
        """The note as values that JSON holds."""
        values = {name: value.to_json() if isinstance(value, Note) else value for name, value in self.values.items()}
        return {"code": self.code, "values": values}


def _shown(value: object, translate: Callable[[str], str]) -> object:
    """A value as it is put into a template: names that a file has in it are escaped."""
    if isinstance(value, Note):
        return value.text(translate)
    return printable(value, LONGEST_VALUE) if isinstance(value, str) else value


def note_from_json(content: object) -> Note:
    """The inverse of ``Note.to_json``; plain text, and a note that is not known or not whole, become readable notes."""
    if not isinstance(content, dict) or "code" not in content:
        return Note(PLAIN_TEXT, {"text": str(content)})
    code, values = str(content["code"]), content.get("values", {})
    try:
        note = Note(code, {name: note_from_json(value) if isinstance(value, dict) else value
                           for name, value in values.items()})  # fmt: skip
        note.text()
        return note
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, OverflowError):
        return Note(PLAIN_TEXT, {"text": f"{code} {values}"})
