"""The user interface in other languages: a few files a language, registered with Blender."""

from typing import Any

import bpy

from ...model_core.notes import Note
from . import ja_jp, ja_jp_characters, ja_jp_scene, zh_hans, zh_hans_characters, zh_hans_scene
from .messages import Message

LANGUAGES: dict[str, dict[str, str]] = {
    "zh_HANS": zh_hans.MESSAGES | zh_hans_scene.MESSAGES | zh_hans_characters.MESSAGES,
    "ja_JP": ja_jp.MESSAGES | ja_jp_scene.MESSAGES | ja_jp_characters.MESSAGES,
}
"""Blender's name of a language -> English template -> the same in that language."""
TITLES = "Threepoint"
"""Context of the panels' titles: Blender has words of its own for some of them that mean something else."""
CONTEXTS = ("*", "Operator", TITLES)


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


def register() -> None:
    """Hand the tables to Blender."""
    tables: Any = translations()
    bpy.app.translations.register(__package__, tables)


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__package__)
