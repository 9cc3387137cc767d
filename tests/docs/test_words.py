"""One word for each thing: what the glossary calls something is called nothing else in the interface and the pages."""

import re

import pytest

from threepoint.tools.support.checkout import ROOT
from threepoint.tools.website.pages import pages, repository_path, without_code

NOT = {
    "Recording": ("take file", "capture file"),
    "Tracker": ("sensor", "tracking point"),
    "Dropout": ("outage", "tracking loss"),
    "Calibration": ("fitting pose",),
    "Predict": ("infer", "reconstruct"),
    "Take": ("variation",),
    "Refinement": ("fine-tuning", "post-processing"),
    "Standard deviation": ("std", "stdev", "std dev"),
    "Contact": ("footfall", "foot plant"),
    "Uncertainty": ("certainty", "confidence map"),
    "Engine": ("backend", "inference server"),
    "Avatar": ("dummy", "puppet"),
    "Character": ("target rig", "target armature", "retarget rig"),
    "Action, keyframe, track, strip, shape key, driver": ("key frame", "blend shape", "morph key"),
    "Pin": ("anchor joint",),
    "Live": ("real-time mode", "realtime"),
}
"""The glossary's term -> words that other programs have for it and that readers would take for another thing."""
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
PAGES = sorted({repository_path(page) for page in pages() if page != "CHANGELOG.md"} | {"README.md"})


def interface():
    """Every text of the interface, without the names of its values."""
    for path in sorted((ROOT / "blender_addon" / "i18n").glob("zh_hans*.py")):
        for text in re.findall(r'^    "(.+?)": ', path.read_text(encoding="utf-8"), re.MULTILINE):
            yield re.sub(r"\{[^}]*\}", "", text)


def found_in(text):
    words = "|".join(re.escape(word) for others in NOT.values() for word in others)
    return re.findall(rf"\b(?:{words})\b", text, re.IGNORECASE)


def test_the_words_are_the_glossarys():
    assert set(NOT) - set(re.findall(r"^\| \*\*(.+?)\*\*", GLOSSARY, re.MULTILINE)) == set()


def test_the_interface_has_one_word_for_each_thing():
    texts = list(interface())
    assert len(texts) > 300 and [text for text in texts if found_in(text)] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_word_for_each_thing(page):
    assert found_in(without_code((ROOT / page).read_text(encoding="utf-8"))) == []


def test_other_words_are_found():
    assert found_in("The Sensor of a target rig; stdev, sensory") == ["Sensor", "target rig", "stdev"]
