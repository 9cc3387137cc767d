"""Sanity of meaning: what cannot be is found, corrected, and never found where all is well."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import (
    axis_angle_to_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
)
from threepoint.model_core.recordings import Recording, Track, read
from threepoint.model_core.recordings.checks import WORLD_TURNS, check, fix
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.model_core.recordings.guessing import rotate
from threepoint.model_core.recordings.report import report
from threepoint.tests.recordings.samples import about_x, about_y

SPOILT = {}


def spoils(name):
    """Name a way of spoiling a recording by the check that should find it."""

    def register(function):
        SPOILT[function.__name__] = (name, function)
        return function

    return register


def change(recording, convert):
    return replace(
        recording,
        tracks={role: Track(*convert(t.position, t.rotation), t.valid) for role, t in recording.tracks.items()},
    )


@spoils("clock")
def milliseconds(recording):
    return replace(recording, time=recording.time * 1000)


@spoils("clock")
def nanoseconds(recording):
    return replace(recording, time=recording.time * 1e9)


@spoils("clock")
def thousandths(recording):
    return replace(recording, time=recording.time / 1000)


@spoils("sides")
def swapped_hands(recording):
    tracks = dict(recording.tracks)
    tracks["left_hand"], tracks["right_hand"] = tracks["right_hand"], tracks["left_hand"]
    return replace(recording, tracks=tracks)


@spoils("metres")
def centimetres(recording):
    return change(recording, lambda position, rotation: (position * 100, rotation))


@spoils("metres")
def feet(recording):
    return change(recording, lambda position, rotation: (position / 0.3048, rotation))


@spoils("axes")
def read_as_unity(recording):
    return change(recording, lambda position, rotation: from_openxr(position, rotation, "unity"))


@spoils("axes")
def read_as_ros(recording):
    return change(recording, lambda position, rotation: from_openxr(position, rotation, "ros"))


@spoils("axes")
def lying_room(recording):
    turn = quaternion_conjugate(WORLD_TURNS["a quarter turn about x"])
    return change(
        recording,
        lambda position, rotation: (
            rotate(np.broadcast_to(turn, rotation.shape), position),
            quaternion_multiply(np.broadcast_to(turn, rotation.shape), rotation),
        ),
    )


def clear_recording(make_recording):
    """A person who looks about and waves the controllers, so that no controller could be the head."""
    return make_recording(6.0, turn=25.0)


@pytest.mark.parametrize("way", SPOILT)
def test_what_was_spoilt_is_found_and_corrected(make_recording, way):
    name, spoil = SPOILT[way]
    recording = clear_recording(make_recording)
    spoilt = spoil(recording)
    assert [finding.check for finding in check(spoilt)] == [name]
    corrected, notes = fix(spoilt)
    assert len(notes) == 1 and "\n" not in str(notes[0])
    np.testing.assert_allclose(corrected.time, recording.time, atol=1e-9)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(corrected.tracks[role].position, track.position, atol=1e-9)
        same = np.abs((corrected.tracks[role].rotation * track.rotation).sum(-1))
        np.testing.assert_allclose(same, 1, atol=1e-9)


def test_a_controller_in_the_heads_place_is_found(make_recording):
    recording = make_recording(6.0)
    tracks = dict(recording.tracks)
    # A hand that is waved about: its up axis goes everywhere.
    spin = np.linspace(0, 40, len(recording.time))[:, None] * [0.5, 0, 0]
    waved = np.concatenate([np.cos(spin[:, :1]), np.sin(spin[:, :1]), np.zeros((len(spin), 2))], -1)
    tracks["left_hand"], tracks["head"] = tracks["head"], replace(tracks["left_hand"], rotation=waved)
    corrected, notes = fix(replace(recording, tracks=tracks))
    assert str(notes[0]).startswith("head: 'left_hand' stays above the others")
    np.testing.assert_array_equal(corrected.tracks["head"].position, recording.tracks["head"].position)


def test_a_refused_correction_is_not_made(make_recording):
    spoilt = swapped_hands(make_recording(6.0))
    kept, notes = fix(spoilt, refused=("sides",))
    assert notes == () and kept is spoilt


def test_a_sound_recording_has_no_findings(make_recording):
    for turn in (0.0, 90.0, 180.0, 260.0):
        assert check(make_recording(6.0, turn=turn)) == []


def test_a_recording_without_hands_has_no_findings(make_recording):
    recording = make_recording(6.0)
    assert check(replace(recording, tracks={"head": recording.tracks["head"]})) == []


def test_real_recordings_have_no_findings(shared):
    files = [*(shared / "hmd" / "bsor").glob("*.bsor"), *(shared / "hmd" / "aframe").glob("*.json")]
    files += [shared / "hmd" / "iwer" / "cap.json", shared / "hmd" / "questset" / "sample_movement_data.csv"]
    for path in files:
        assert check(read(path)) == [], path.name


def test_the_report_lists_what_was_lost_and_why(make_recording):
    from threepoint.model_core.recordings.cleaning import RawTrack, build_recording

    recording = make_recording(4.0, 72.0)
    tracks = {role: RawTrack(t.position.copy(), t.rotation.copy()) for role, t in recording.tracks.items()}
    tracks["left_hand"].position[36:72] = np.nan
    tracks["right_hand"].position[10] = 0
    tracks["right_hand"].rotation[10] = 0
    lines = report(swapped_hands(build_recording(recording.time, tracks, "lost.csv", "touch")))
    text = "\n".join(lines)
    assert "lost.csv: 4.00 s, 289 samples (72.0 a second), hands by 'touch'" in text
    assert "missing: 1 times, 0.51 s in all: 0.50-0.99 s (samples 36-71)" in text
    assert "zeroed: 1 times" in text
    assert "hands should be swapped (--fix sides)" in text


def nodding_person(seed):
    """Somebody who stands, nods for some seconds around where they look, and hardly moves their hands."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(60 * rng.uniform(5, 10))) / 60
    nod = rng.uniform(-0.9, 0.3) + rng.uniform(0.1, 0.8) * np.sin(2 * np.pi * rng.uniform(0.3, 1.5) * time)
    heading = about_y(rng.uniform(-3, 3) + 0.1 * np.sin(0.5 * time))
    head = quaternion_multiply(heading, about_x(nod + rng.normal(0, 2e-3, len(time))))
    neck = np.array([0.0, 1.57, 0.0]) + rng.normal(0, 3e-4, (len(time), 3))
    seen = np.ones(len(time), bool)
    tracks = {"head": Track(neck + quaternion_to_matrix(head) @ np.array([0.0, 0.08, -0.09]), head, seen)}
    ahead, low = rng.uniform(-0.05, 0.35), rng.uniform(0.3, 0.75)
    for role, side in (("left_hand", -1), ("right_hand", 1)):
        place = quaternion_to_matrix(heading) @ np.array([side * rng.uniform(0.15, 0.3), -low, -ahead])
        turn = axis_angle_to_quaternion(rng.normal(0, 0.5, 3) + rng.normal(0, 3e-3, (len(time), 3)))
        position = neck + place + rng.normal(0, 4e-4, (len(time), 3))
        tracks[role] = Track(position, quaternion_multiply(heading, turn), seen)
    return Recording(time, tracks, "made up", "grip").validate()


def test_somebody_who_nods_is_never_to_be_turned():
    offered = [seed for seed in range(30) if any(f.check == "axes" for f in check(nodding_person(seed)))]
    assert offered == []


@pytest.mark.slow
def test_stretches_of_real_recordings_are_never_to_be_turned(shared):
    for path in sorted((shared / "hmd" / "bsor").glob("*.bsor")):
        recording = read(path)
        for seconds in (5.0, 10.0):
            for begin in np.arange(0, recording.duration - seconds, 2 * seconds):
                assert not [found for found in check(recording.part(begin, begin + seconds)) if found.check == "axes"]
