"""Recordings of one person share a stature and hands' offsets; each keeps its own floor, and says what is shared."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.calibration import Offset, calibrate_by_preset, find_person
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion
from threepoint.model_core.pipeline import Options, model_frame, player
from threepoint.model_core.pipeline.player import Player, calibrate_as, find_player, hands_of, shares

TURNS = {1.0: 0.1, 3.0: 0.5}
"""Radians by which hands are found to be turned, by the seconds of a recording."""


@pytest.fixture
def fitted(monkeypatch, body):
    """Fits that find what ``TURNS`` says; the statures that they were told."""
    told = []

    def calibrate(recording, options, networks):
        told.append(options.stature)
        found = calibrate_by_preset(recording, body, "grip", find_person(recording, body, options.stature))
        turn = axis_angle_to_quaternion(np.array([TURNS[round(recording.duration)], 0, 0]))
        sign = -1.0 if round(recording.duration) == 3 else 1.0  # The same rotation.
        hand = Offset(sign * turn, np.array([0, 0, float(recording.duration)]))
        return replace(found, offsets={**found.offsets, "left_hand": hand})

    monkeypatch.setattr(player, "calibrate", calibrate)
    return told


def test_a_player_is_as_tall_in_every_recording_and_holds_devices_alike(make_recording, body, fitted):
    recordings = [model_frame(make_recording(seconds)) for seconds in TURNS]
    shared = find_player(recordings, Options(body=body), None)
    alone = [find_person(recording, body, **hands_of("grip")) for recording in recordings]
    statures = sorted(float(body.stature(person.betas)) for person in alone)
    assert statures[0] - 1e-6 <= shared.stature <= statures[1] + 1e-6 and set(fitted) == {shared.stature}
    assert shared.stature_error == min(person.stature_error for person in alone) and shared.recordings == 2
    offset = shared.offsets["grip"]["left_hand"]
    angle = 2 * np.arctan2(offset.rotation[1], offset.rotation[0]) % (2 * np.pi)
    assert angle == pytest.approx(0.4, abs=0.01), "the longer recording says three times as much"
    assert offset.position[2] == pytest.approx((1 + 9) / 4, abs=0.05)

    found = [calibrate_as(recording, shared, Options(body=body), None) for recording in recordings]
    for calibration in found:
        assert float(body.stature(calibration.betas)) == pytest.approx(shared.stature, abs=0.002)
        np.testing.assert_array_equal(calibration.offsets["left_hand"].rotation, offset.rotation)
        assert calibration.notes[-1].code == "calibrated_per_player"
        assert calibration.stature_error == shared.stature_error


def test_each_recording_keeps_its_floor(make_recording, body, fitted):
    low, high = (model_frame(make_recording(1.0, move=(0.0, height, 0.0))) for height in (0.0, 2.5))
    shared = Player(1.75, 0.03, {"grip": {}}, 2)
    floors = [calibrate_as(recording, shared, Options(body=body), None).floor for recording in (low, high)]
    own = [find_person(recording, body, 1.75, **hands_of("grip")).floor for recording in (low, high)]
    assert floors == own and floors[1] > floors[0] + 2


def test_what_is_given_is_not_shared(make_recording, body):
    joints = model_frame(make_recording(1.0, device="joints"))
    assert not shares(joints, Options(body=body))
    found = calibrate_as(joints, Player(1.5, 0.1, {}, 3), Options(body=body), None)
    assert [note.code for note in found.notes] == ["tracks_are_joints"]
    assert find_player([joints], Options(body=body, stature=1.8), None) == Player(1.8, None, {}, 0)
