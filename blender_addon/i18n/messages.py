"""What the add-on says, as templates with values: translated and filled in only where it is shown."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...model_core.notes import Note, note_from_json


@dataclass(frozen=True)
class Message:
    """An English ``template`` with named ``{placeholders:format}`` and its ``values``.

    A value is a string, a number, or a ``Message`` or ``Note`` that is translated along. An exception that is raised
    with a message shows its English text like any other, and can still be translated.
    """

    template: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text()

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in words; ``translate`` turns an English template into another language's."""
        values = {
            name: value.text(translate) if isinstance(value, Message | Note) else value
            for name, value in self.values.items()
        }
        return translate(self.template).format(**values) if values else translate(self.template)


def message(template: str, **values: object) -> Message:
    """A ``Message``. The template is written out at the call, where the test of the translations finds it."""
    return Message(template, values)


def temporary_refusal(file: object, error: OSError) -> Message:
    """What is to be said where a ``file`` of Blender's temporary folder, or that folder itself, cannot be written."""
    return message(
        "{file}: cannot be written ({reason}); Blender's temporary folder is set in Preferences > File Paths",
        file=file, reason=error.strerror or message("the disk may be full"),
    )  # fmt: skip


def dump(said: Iterable[Message | Note]) -> str:
    """Messages and notes as the text that a string property keeps."""
    return json.dumps([_to_json(item) for item in said])


def load(text: str) -> list[Message | Note]:
    """The inverse of ``dump``; what an older version kept, a line each, becomes plain notes."""
    if not text:
        return []
    try:
        return [_from_json(item) for item in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        return [note_from_json(line) for line in text.splitlines()]


def _to_json(item: object) -> object:
    if isinstance(item, Note):
        return item.to_json()
    if isinstance(item, Message):
        return {"template": item.template, "values": {name: _to_json(value) for name, value in item.values.items()}}
    return item


def _from_json(content: object) -> Message | Note:
    if isinstance(content, dict) and "template" in content:
        values: dict[str, object] = {
            name: _from_json(value) if isinstance(value, dict) else value for name, value in content["values"].items()
        }
        return Message(content["template"], values)
    return note_from_json(content)


def of_error(error: Exception) -> Message | Note:
    """What an exception says: the message or note that it carries, else its text as it is."""
    said = error.args[0] if error.args else type(error).__name__
    return said if isinstance(said, Message | Note) else note_from_json(str(said))
