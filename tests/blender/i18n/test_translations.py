"""Whatever the user interface says is there in every language, and nothing else."""

import ast
import importlib
import pkgutil
import string
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from threepoint import blender_addon, model_core
from threepoint.blender_addon.i18n import messages, text_wrap, translations
from threepoint.blender_addon.i18n.messages import Message, message
from threepoint.blender_addon.trackers.roles import reasons_label
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import TEMPLATES, Note

ADDON, CORE = (Path(package.__file__).parent for package in (blender_addon, model_core))
LANGUAGES = sorted(translations.LANGUAGES)
COMMAND_LINE = "command_line.py"
"""Speaks English in terminals."""
SAME_EVERYWHERE = {
    "", "FBX", "glTF", "BVH", "USD", "AMASS npz", "SMPL", "Mixamo", "VRM Humanoid", "Rigify", "CPU", "Python", "openxr",
    "unity", "unreal", "ros", "z_up", "gltf", "blender", "ft", "in", "s", "ms", "us", "ns", "m", "cm", "mm", "X", "Y",
    "Z", "XYZ", "XZY", "YXZ", "YZX",
    "ZXY", "ZYX", "leftUpperLeg, leftLowerLeg, ...", "left_hip, left_knee, ...", "Oculus Touch", "Valve Index",
    "mixamorig:LeftUpLeg, mixamorig:LeftLeg, ...", "HTC Vive", "Beat Saber",
    "{text}", "{tracker}: {first} to {last}", "{person}: {note}", "{line}: {percent}%",
}  # fmt: skip
NEVER_SHOWN = {
    "kind", "fraction", "people", "running", "stage", "step", "takes", "cancelled", "said",
    "Unique name used in the code and scripting",
    "Unique name used in the code and scripting, can be re-defined in Python sub-classes if needed",
}  # fmt: skip
"""Names of properties without a name of their own, and what Blender itself says of names."""
SPEAKING = {"message": 0, "translated": 0, "translate": 0, "_is_missing": 1, "poll_message_set": 0}
"""Functions to which a text for the user is given, and its place among the arguments."""


def modules():
    """All modules of the add-on."""
    names = [module.name for module in pkgutil.walk_packages(blender_addon.__path__, f"{blender_addon.__name__}.")]
    return [importlib.import_module(name) for name in names]


def registered_texts():
    """Labels and tooltips of what is registered."""
    for module in modules():
        for kind in list(vars(module).values()):
            if not (isinstance(kind, type) and hasattr(kind, "bl_rna") and kind.__module__ == module.__name__):
                continue
            rna = kind.bl_rna
            if issubclass(kind, bpy.types.Operator):
                rna = getattr(bpy.ops.threepoint, kind.bl_idname.partition(".")[2]).get_rna_type()
                yield kind.__doc__
            yield getattr(kind, "bl_label", "")
            for item in rna.properties:
                if item.is_hidden or item.identifier not in own_properties(kind) or item.identifier == "filepath":
                    continue
                yield from (item.name, item.description)
                for choice in getattr(item, "enum_items", ()):
                    yield from (choice.name, choice.description)


def own_properties(kind):
    return {
        name
        for base in kind.__mro__
        if base.__module__ == kind.__module__
        for name in vars(base).get("__annotations__", {})
    }


def written_texts(path):
    """Texts for the user that are written out in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg in ("text", "heading") and is_text(node.value):
            yield node.value.value
        if isinstance(node, ast.Call):
            place = SPEAKING.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
            if place is not None and len(node.args) > place and is_text(node.args[place]):
                yield node.args[place].value


def stages():
    """What the engine says it is doing."""
    for path in CORE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node.value.value for node in tree.body if is_stage(node))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "progress", "begin"
            ):  # fmt: skip
                yield from (argument.value for argument in node.args if is_text(argument))
    yield "starting the engine"
    yield "not enough memory on this device; choose the CPU, or a shorter frame range"


def is_stage(node):
    """Whether a line of a module names a stage that it and its callers speak of."""
    names = [getattr(target, "id", "") for target in node.targets] if isinstance(node, ast.Assign) else []
    return names == ["STAGE"] and is_text(node.value)


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.fixture(scope="module")
def said():
    """All texts and templates that the user interface may show."""
    texts = {*registered_texts(), *stages(), *TEMPLATES.values()}
    for path in ADDON.rglob("*.py"):
        if path.name != COMMAND_LINE:
            texts |= set(written_texts(path))
    return {text for text in texts - SAME_EVERYWHERE - NEVER_SHOWN if any(c.isalpha() for c in text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_said_is_translated(said, language):
    assert len(said) > 200
    assert sorted(said - set(translations.LANGUAGES[language])) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_is_never_said(said, language):
    assert sorted(set(translations.LANGUAGES[language]) - said) == []


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_what_the_english_text_does(language):
    for english, translation in translations.LANGUAGES[language].items():
        assert placeholders(translation) <= placeholders(english), english


def test_all_languages_are_registered():
    assert set(translations.translations()) == {"zh_HANS", "ja_JP"}


@pytest.fixture(params=["zh_HANS", "ja_JP"])
def translated(request, monkeypatch):
    """``translations.translated`` in a language; Blender as a module has no languages of its own."""
    table = translations.translations()[request.param]
    iface = SimpleNamespace(pgettext_iface=lambda text: table.get(("*", text), text))
    monkeypatch.setattr(translations, "bpy", SimpleNamespace(app=SimpleNamespace(translations=iface)))
    return translations.translated


PROGRESS = message("{stage} {percent:.0f}%", stage=message("refining"), percent=40)
SAID = [
    (Note("person", {"stature": 1.75, "floor": -0.021, "preset": "touch"}), ["1.75", "-0.02", "touch"]),
    (Note("hands_fitted", {"degrees": 56.2, "cm": 5.1}), ["56", "5"]),
    (message("{progress}, {minutes}:{seconds:02d} left", progress=PROGRESS, minutes=1, seconds=7), ["40%", "1:07"]),
    (
        message(
            "{tracker} lost {total:.2f} s in all ({reason}), dropouts: {count}, the longest {first:.2f} to "
            "{last:.2f} s",
            tracker=message("left hand"),
            total=1.5,
            count=2,
            first=0.5,
            last=1.25,
            reason=reasons_label("frozen,bad rotation"),
        ),
        ["1.50", "2", "0.50", "1.25"],
    ),
    (InputError(message("{file}: cannot be read ({reason})", file="a.csv", reason="5")), ["a.csv", "5"]),
    ("Predict a motion first", []),
]


@pytest.mark.parametrize(("said", "kept"), SAID, ids=[str(said)[:20] for said, _ in SAID])
def test_a_message_is_shown_in_the_users_language_with_its_values(translated, said, kept):
    shown = translated(said)
    assert all(part in shown for part in kept)
    for part in (*kept, "cm", "m", "T"):
        shown = shown.replace(part, "")
    assert not any(character.isascii() and character.isalpha() for character in shown), shown


def test_what_has_no_translation_stays_as_it_is(translated):
    assert translated("walk.bsor: is cut short") == "walk.bsor: is cut short"
    assert translated(InputError("walk.bsor: is cut short {")) == "walk.bsor: is cut short {"


def test_english_stays_english():
    assert translations.translated(PROGRESS) == "refining 40%"


def test_messages_and_notes_survive_being_kept_in_a_file():
    said = [PROGRESS, Note("wrists_straightened"), message("head")]
    assert messages.load(messages.dump(said)) == said
    assert [str(item) for item in messages.load("as older versions\nkept it")] == ["as older versions", "kept it"]
    assert messages.load("") == []


def test_a_message_with_braces_in_its_values_is_shown_whole():
    assert str(Message("Written: {path}", {"path": "{a}.fbx"})) == "Written: {a}.fbx"


def test_wide_characters_break_where_the_panel_ends():
    line = "双手已按录制拟合：与预设相差 56 度、5 厘米"
    parts = text_wrap._wrapped(line, 20)
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")
    assert 10 < max(map(text_wrap._columns, parts)) <= 20
    assert text_wrap._wrapped("one two three", 8) == ["one two", "three"]
    assert text_wrap._wrapped("wonderfully", 8) == ["wonderfully"]
