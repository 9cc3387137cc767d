"""Whole sentences of the mind, the engine and the buttons are there in Chinese and Japanese."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from threepoint.blender_addon.ui import text_wrap as text_wrap
from threepoint.blender_addon.i18n import translations
from threepoint.blender_addon.i18n.message_catalog import SENTENCES

FACE = Path(translations.__file__).parent
MIND = FACE.parent / "model_core"
WORD_LISTS = ("translations.py", "tooltips.py", "sentences.py")
IN_TERMINALS = ("commands.py",)
HEARD_OF_THE_MIND = ("calibration/*.py", "recordings/*.py", "worker.py", "pipeline.py", "sage/inference.py",
                     "flag/refine.py", "flag/uncertainty.py", "body.py")  # fmt: skip
"""Where what the panels and reports show of the mind's words is said."""
REFUSING_IN_ENGLISH = ("recordings", "calibration.py", "posed.py", "pipeline.py")
"""Files and folders of the mind whose errors are of a damaged file or a wrong option: they stay English."""
SPOKEN = {
    "InputError", "EngineError", "report", "progress", "begin", "translated", "broken_lines", "_stop", "Calibration",
    "check_version",
}  # fmt: skip
"""Functions whose words are for the user."""
SPEAKING = {
    "stature_line", "state_lines", "describe", "check_python", "death_reason", "_explain", "stage_words",
    "lost_lines", "avatar_lines",
}  # fmt: skip
"""Functions that put words for the user together."""
NAMES = {"note", "notes", "warnings", "lost", "words"}
"""What holds such words."""


def sentence(node):
    """A text with ``{}`` for what differs from time to time; None where the node is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def texts(node):
    """All sentences below a node; parts of one are not sentences of their own."""
    found = sentence(node)
    if found is not None:
        yield found
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def nodes(path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def spoken(path):
    """Sentences for the user in a file."""
    refusing = not any(part in REFUSING_IN_ENGLISH for part in path.relative_to(FACE.parent).parts)
    for node in nodes(path):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            holder = getattr(getattr(node.func, "value", None), "id", "")
            if (name in SPOKEN and (refusing or name != "InputError")) or (name == "append" and holder in NAMES):
                yield from (text for argument in node.args for text in texts(argument))
            yield from (text for word in node.keywords if word.arg in NAMES for text in texts(word.value))
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") in NAMES for target in node.targets):
            yield from texts(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name in SPEAKING:
            yield from (text for statement in node.body[1:] for text in texts(statement))


def files():
    face = [path for path in FACE.glob("*.py") if path.name not in (*WORD_LISTS, *IN_TERMINALS)]
    return face + [path for pattern in HEARD_OF_THE_MIND for path in MIND.glob(pattern)]


def is_sentence(text):
    """Whether there is a language in a text: two words, not names of things."""
    return len(re.findall(r"[A-Za-z]{2,}", text.replace("{}", " "))) > 1 and " " in text.strip()


def without_names(text):
    return re.sub(r"\{\w+\}", "{}", text)


def test_whatever_is_said_in_a_sentence_is_translated():
    known = {without_names(text) for text in translations.WORDS}
    said = {text for path in files() for text in spoken(path)}
    assert sorted(text for text in said if is_sentence(text) and text not in known) == []


def test_stages_of_the_engine_are_translated():
    stages = {text for path in files() if path.is_relative_to(MIND) for node in nodes(path)
              if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in
              ("progress", "begin") for argument in node.args for text in texts(argument)}  # fmt: skip
    assert "refining" in stages and sorted(stages - set(SENTENCES)) == []


def test_no_sentence_is_translated_that_nobody_says():
    said = {text for path in files() for node in nodes(path) if (text := sentence(node)) is not None}
    said |= {role.replace("_", " ") for role in said}
    assert sorted(text for text in SENTENCES if without_names(text) not in said) == []


@pytest.mark.parametrize("text", SENTENCES)
def test_a_translation_tells_nothing_that_the_sentence_does_not(text):
    for translation in SENTENCES[text]:
        assert set(translations.SLOT.findall(translation)) <= set(translations.SLOT.findall(text))


@pytest.fixture(params=["zh_HANS", "ja_JP"])
def speak(request, monkeypatch):
    """``translated`` in a language; Blender as a module has no languages of its own."""
    words = translations.table()[request.param]
    iface = SimpleNamespace(pgettext_iface=lambda text: words.get(("*", text), text))
    monkeypatch.setattr(translations, "bpy", SimpleNamespace(app=SimpleNamespace(translations=iface)))
    return translations.translated


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("person 1.75 m tall, floor at -0.02 m, hands by preset 'touch'", ["1.75", "-0.02", "touch"]),
        ("hands fitted to the recording: 56 degrees and 5 cm from the preset", ["56", "5"]),
        ("1 gap of more than 0.25 s without samples", ["1", "0.25"]),
        ("refining 40%, 1:07 left", ["40%", "1:07"]),
        ("Running: torch 2.13.0+cpu, Python 3.11.9, on NVIDIA L4 with 24 GB", ["2.13.0+cpu", "NVIDIA L4", "24"]),
        ("left hand lost: bad rotation", []),
        ("right hand lost 1.00 to 1.25 s", ["1.00", "1.25"]),
        ("the engine has stopped (exit status 3, no reason given); the scene is as it was, try again", ["3"]),
        ("Predict a motion first", []),
    ],
)
def test_a_line_is_told_in_the_users_language_with_its_values(speak, line, kept):
    told = speak(line)
    assert all(part in told for part in kept)
    rest = told
    for part in (*kept, "torch", "Python", "GB", "cm", " m", " s"):
        rest = rest.replace(part, "")
    assert not re.search("[A-Za-z]", rest), told


def test_what_is_no_sentence_of_ours_stays_as_it_is(speak):
    assert speak("walk.bsor: is cut short") == "walk.bsor: is cut short"


def test_english_stays_as_it_is():
    assert translations.translated("refining 40%, 1:07 left") == "refining 40%, 1:07 left"


def test_wide_characters_break_where_the_panel_ends():
    line = "双手已按录制拟合：与预设相差 56 度、5 厘米"
    parts = text_wrap._wrapped(line, 20)
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")
    assert 10 < max(map(text_wrap._columns, parts)) <= 20
    assert text_wrap._wrapped("one two three", 8) == ["one two", "three"]
    assert text_wrap._wrapped("wonderfully", 8) == ["wonderfully"]
