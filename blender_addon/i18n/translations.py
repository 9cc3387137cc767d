"""The user interface in other languages: a few files a language, registered with Blender."""

import re
from typing import Any

import bpy

from ...model_core.notes import TEMPLATES, Note
from . import (
    ja_jp,
    ja_jp_characters,
    ja_jp_live,
    ja_jp_pins,
    ja_jp_scene,
    ja_jp_takes,
    zh_hans,
    zh_hans_characters,
    zh_hans_live,
    zh_hans_pins,
    zh_hans_scene,
    zh_hans_takes,
)
from .messages import Message

LANGUAGES: dict[str, dict[str, str]] = {
    "zh_HANS": zh_hans.MESSAGES
    | zh_hans_scene.MESSAGES
    | zh_hans_characters.MESSAGES
    | zh_hans_pins.MESSAGES
    | zh_hans_live.MESSAGES
    | zh_hans_takes.MESSAGES,
    "ja_JP": ja_jp.MESSAGES
    | ja_jp_scene.MESSAGES
    | ja_jp_characters.MESSAGES
    | ja_jp_pins.MESSAGES
    | ja_jp_live.MESSAGES
    | ja_jp_takes.MESSAGES,
}
"""Blender's name of a language -> English template -> the same in that language."""
TITLES = "Threepoint"
"""Context of the panels' titles: Blender has words of its own for some of them that mean something else."""
CONTEXTS = ("*", "Operator", TITLES)
VALUE_FIRST = re.compile(r"\{(\w+)")
"""The name of the value with which a template begins."""


def translations() -> dict[str, dict[tuple[str, str], str]]:
    """The tables as Blender takes them: language -> {(context, English): translation}."""
    return {
        language: {(context, english): text for context in CONTEXTS for english, text in messages.items()}
        for language, messages in LANGUAGES.items()
    }


def translate(english: str) -> str:
    """A text or template in the user's language; as it is where there is no translation."""
    translation: Any = bpy.app.translations.pgettext_iface(english)
    return translation


def translated(said: object) -> str:
    """A text, ``Message``, ``Note``, or the exception that carries one, in the user's language."""
    if isinstance(said, BaseException):
        said = said.args[0] if said.args else type(said).__name__
    return said.text(translate) if isinstance(said, Message | Note) else translate(str(said))


def as_sentence(said: object) -> str:
    """``translated``, to stand by itself: with a capital, unless it begins with a name or whatever else is a value."""
    text = translated(said)
    carried = said.args[0] if isinstance(said, BaseException) and said.args else said
    return text[:1].upper() + text[1:] if _begins_with_words(carried) else text


def _begins_with_words(said: object) -> bool:
    if not isinstance(said, Message | Note):
        return False
    value = VALUE_FIRST.match(TEMPLATES[said.code] if isinstance(said, Note) else said.template)
    return value is None or _begins_with_words(said.values.get(value[1]))


def register() -> None:
    """Hand the tables to Blender."""
    tables: Any = translations()
    bpy.app.translations.register(__package__, tables)


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__package__)
