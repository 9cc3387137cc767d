"""What the program has to say about its input and its results, as values that are put into words only when shown.

A ``Note`` is a code and the values that belong to it. The English text of every code is a template in ``TEMPLATES``, a
file an area: ``calibration``, ``recordings``, ``checks``, ``pipeline``. A user interface translates the template and
then fills in the values (``Note.text``); nothing is ever parsed back from text. Standard library only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from .calibration import TEMPLATES as CALIBRATION_TEMPLATES
from .checks import TEMPLATES as CHECK_TEMPLATES
from .pipeline import TEMPLATES as PIPELINE_TEMPLATES
from .recordings import TEMPLATES as RECORDING_TEMPLATES

PLAIN_TEXT = "text"
"""Code of a note that has no template: its only value ``text`` is shown as it is."""

TEMPLATES: dict[str, str] = {
    PLAIN_TEXT: "{text}",
    **RECORDING_TEMPLATES,
    **CHECK_TEMPLATES,
    **CALIBRATION_TEMPLATES,
    **PIPELINE_TEMPLATES,
}
"""Code -> English text with named ``{placeholders:format}``."""


@dataclass(frozen=True)
class Note:
    """One thing to tell the user: ``code`` is a key of ``TEMPLATES``, ``values`` fill its placeholders.

    A value is a string, a number or another ``Note``.
    """

    code: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text()

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The note in words; ``translate`` turns an English template into another language's."""
        values = {name: value.text(translate) if isinstance(value, Note) else value
                  for name, value in self.values.items()}  # fmt: skip
        return translate(TEMPLATES[self.code]).format(**values)

    def to_json(self) -> dict[str, object]:
        """The note as values that JSON holds."""
        values = {name: value.to_json() if isinstance(value, Note) else value for name, value in self.values.items()}
        return {"code": self.code, "values": values}


def note_from_json(content: object) -> Note:
    """The inverse of ``Note.to_json``; plain text, and a note of a code that is not known, become readable notes."""
    if not isinstance(content, dict):
        return Note(PLAIN_TEXT, {"text": str(content)})
    code, values = str(content["code"]), content.get("values", {})
    if code not in TEMPLATES:
        return Note(PLAIN_TEXT, {"text": f"{code} {values}"})
    return Note(code, {name: note_from_json(value) if isinstance(value, dict) else value
                       for name, value in values.items()})  # fmt: skip
