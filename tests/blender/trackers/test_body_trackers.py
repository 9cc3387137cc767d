"""Trackers beside head and hands: they come in as empties, the engine hears of them, and what was lost is listed."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.i18n import messages
from threepoint.blender_addon.state import people
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.ui import panel
from threepoint.model_core.recordings.formats import plain


@pytest.fixture
def recording():
    """Head, hands and a waist that was lost for a second."""
    recording = wobbly_recording()
    head = recording.tracks["head"]
    valid = (recording.time < 1) | (recording.time > 2)
    waist = replace(head, position=head.position - [0, 0.6, 0], valid=valid)
    return replace(recording, tracks={**recording.tracks, "waist": waist}).validate()


@pytest.fixture
def person(recording, tmp_path):
    scene = empty_file(30)
    plain.write(tmp_path / "walk.csv", recording)
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "walk.csv"))
    return people_of(scene)[0]


def test_a_waist_comes_in_as_an_empty_and_goes_to_the_engine(person, recording):
    assert bpy.data.objects["waist walk"].type == "EMPTY"
    again = people.recording_of(person, bpy.context.scene)
    assert list(again.tracks) == ["head", "left_hand", "right_hand", "waist"]
    middle = np.searchsorted(again.time, 0.5)
    at = np.searchsorted(recording.time - recording.time[0], again.time[middle] - 1e-4)
    waist = again.tracks["waist"]
    np.testing.assert_allclose(waist.position[middle], recording.tracks["waist"].position[at], atol=0.02)
    assert not waist.valid.all() and waist.valid.any()


def test_a_person_of_another_import_keeps_to_their_own_trackers(person, tmp_path):
    plain.write(tmp_path / "other.csv", wobbly_recording())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "other.csv"))
    other = people_of(bpy.context.scene)[1]
    assert "waist" in people.trackers_of(people_of(bpy.context.scene)[0])
    assert "waist" not in people.trackers_of(other)


def test_what_was_lost_and_why_is_listed(person):
    lines = [str(said) for said in (*panel.dropout_messages(person, bpy.context.scene), *messages.load(person.notes))]
    (waist,) = (line for line in lines if "waist" in line)
    assert "s in all (the device says so), dropouts: 1, the longest 1.0" in waist
