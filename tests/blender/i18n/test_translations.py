"""Every word of the user interface is there in Chinese and Japanese."""

import ast
import importlib
from pathlib import Path

import bpy
import pytest

from threepoint.blender_addon.i18n import translations
from threepoint.blender_addon.i18n.message_catalog import SENTENCES

FACE = Path(translations.__file__).parent
PARTS_WITH_CLASSES = (
    "properties", "engine_buttons", "preferences", "importing", "predicting", "results", "exporting", "panel",
)  # fmt: skip
NOT_WORDS = {
    "", "FBX", "glTF", "BVH", "USD", "AMASS npz", "SMPL", "Mixamo", "VRM Humanoid", "Rigify", "CPU", "Python", "openxr",
    "unity", "unreal", "ros", "z_up", "s", "ms", "us", "ns", "m", "cm", "mm", "X", "Y", "Z", "XYZ", "XZY", "YXZ", "YZX",
    "ZXY", "ZYX", "leftUpperLeg, leftLowerLeg, ...", "left_hip, left_knee, ...", "Oculus Touch", "Valve Index",
    "mixamorig:LeftUpLeg, mixamorig:LeftLeg, ...", "HTC Vive", "Beat Saber", "kind", "fraction", "people", "running",
    "stage", "takes",
}  # fmt: skip
"""Names that are the same everywhere, and those of properties that are never shown."""


def own_classes():
    """The classes that the extension registers."""
    for name in PARTS_WITH_CLASSES:
        module = importlib.import_module(f"threepoint.blender_addon.{name}")
        yield from (kind for kind in vars(module).values() if isinstance(kind, type) and hasattr(kind, "bl_rna")
                    and kind.__module__ == module.__name__)  # fmt: skip


def shown_words():
    """(place, words) of labels and tooltips that are declared."""
    for kind in own_classes():
        rna = kind.bl_rna
        if issubclass(kind, bpy.types.Operator):
            rna = getattr(bpy.ops.threepoint, kind.bl_idname.partition(".")[2]).get_rna_type()
            yield kind.__name__, kind.__doc__
        yield kind.__name__, getattr(kind, "bl_label", "")
        for item in rna.properties:
            if item.is_hidden or item.identifier not in annotations_of(kind) or item.identifier == "filepath":
                continue
            place = f"{kind.__name__}.{item.identifier}"
            yield place, item.name
            yield place, item.description
            for choice in getattr(item, "enum_items", ()):
                yield place, choice.name
                yield place, choice.description


def annotations_of(kind):
    return {
        name
        for base in kind.__mro__
        if base.__module__ == kind.__module__
        for name in vars(base).get("__annotations__", {})
    }


def written_words():
    """(place, words) that panels and messages write out as they are."""
    for path in sorted(FACE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("text", "heading") and is_text(node.value):
                yield path.name, node.value.value
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("poll_message_set",):
                yield from ((path.name, word.value) for word in node.args if is_text(word))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_is_missing", "translated", "_predict"):
                yield from ((path.name, word.value) for word in node.args if is_text(word) and " " in word.value)


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def untranslated(words):
    return sorted(
        {
            word
            for _, word in words
            if word not in translations.WORDS and word not in NOT_WORDS and any(c.isalpha() for c in word)
        }
    )


def test_every_label_and_tooltip_is_translated():
    assert untranslated(shown_words()) == []


def test_every_word_that_is_written_out_is_translated():
    assert untranslated(written_words()) == []


def test_nothing_is_translated_that_nobody_says():
    said = {word for _, word in (*shown_words(), *written_words())} | set(every_string())
    assert sorted(set(translations.WORDS) - set(SENTENCES) - said) == []


def every_string():
    """All texts that the face's files hold, translations aside."""
    for path in FACE.glob("*.py"):
        if path.name not in ("translations.py", "tooltips.py", "sentences.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if is_text(node):
                    yield node.value


@pytest.mark.parametrize(("language", "wanted"), [("zh_HANS", "骨骼名称"), ("ja_JP", "ボーンの名前")])
def test_blender_shows_the_words(language, wanted):
    assert translations.table()[language]["*", "Bone Names"] == wanted
    assert translations.table()[language]["Operator", "Bone Names"] == wanted
