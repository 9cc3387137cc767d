"""Notes: values that become words only when they are shown."""

import string

import pytest

from threepoint.model_core.notes import TEMPLATES, Note, note_from_json


def test_a_note_is_put_into_words_by_its_template():
    note = Note("stature_from_motion", {"stature": 1.7523, "error_cm": 1.94})
    assert str(note) == "1.75 m tall by how the head moves, give or take 1.9 cm"


def test_a_note_within_a_note_is_translated_with_it():
    start = Note("likelihood_gains_nothing", {"start": Note("natural_wrists")})
    note = Note("unknown_device_fitted", {"hands": Note("left_hand_offset"), "seconds": 12.0, "start": start})
    assert "the left hand's offset fitted to 12 s of motion (from natural wrists" in str(note)
    assert "THE LEFT HAND'S OFFSET" in note.text(lambda text: text.replace("the left hand's", "THE LEFT HAND'S OFFSET"))


def test_notes_survive_json():
    note = Note("fitted_by_likelihood", {"start": Note("natural_wrists")})
    assert note_from_json(note.to_json()) == note


def test_plain_text_and_codes_of_other_versions_stay_readable():
    assert str(note_from_json("as it was once kept")) == "as it was once kept"
    assert "made_up" in str(note_from_json({"code": "made_up", "values": {"metres": 3}}))


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_every_placeholder_has_a_name(code):
    names = [name for _, name, _, _ in string.Formatter().parse(TEMPLATES[code]) if name is not None]
    assert all(name.isidentifier() for name in names)
