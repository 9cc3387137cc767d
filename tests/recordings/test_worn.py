"""A headset that is laid down or taken off: seen, said, and no body made of it."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion
from threepoint.model_core.recordings import Track, read
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.model_core.recordings.worn import stretches, unworn


def with_head(recording, position, rotation=None, hands=None):
    """The recording with another head, and hands ``hands`` (3,) metres from it if they are given."""
    head = recording.tracks["head"]
    tracks = dict(recording.tracks)
    tracks["head"] = Track(position, head.rotation if rotation is None else rotation, head.valid)
    if hands is not None:
        for sign, role in ((-1, "left_hand"), (1, "right_hand")):
            held = hands(position, sign)
            tracks[role] = Track(held, tracks[role].rotation, tracks[role].valid)
    return replace(recording, tracks=tracks)


@pytest.fixture
def recording(make_recording):
    return make_recording(12.0, move=(0.4, 0.0, 1.0))


def lowered(recording, begin, height, noise=0.0, seconds=1.0):
    """The head's way down to ``height`` metres over ``seconds``, from the second ``begin`` on, and its rotations."""
    head, time = recording.tracks["head"], recording.time
    way = np.clip((time - begin) / seconds, 0, 1)[:, None]
    end = np.array([0.5, height, 0.6])
    shake = noise * np.random.default_rng(0).normal(size=head.position.shape)
    rotation = np.where(way < 1, head.rotation, axis_angle_to_quaternion(np.array([1.2, 0.4, 0.0])))
    return head.position * (1 - way) + (end + shake) * way, rotation


def test_who_wears_the_headset_is_let_alone(recording):
    assert not unworn(recording.time, recording.tracks).any()
    assert model_frame(recording).unworn == ()


def test_a_headset_that_is_laid_down_is_lost_from_where_it_is_taken_off(recording):
    laid = model_frame(with_head(recording, *lowered(recording, 6.0, 0.75, 2e-4)))
    (begin, end), head = laid.unworn[0], laid.tracks["head"]
    assert len(laid.unworn) == 1 and 5.8 < begin < 6.8 and end == pytest.approx(12.0, abs=0.05)
    off = ~head.valid
    assert all(not track.valid[off].any() for track in laid.tracks.values())
    assert head.position[off, 1].min() > 1.4  # what stands in is where the headset was worn


def test_a_headset_held_below_the_hands_is_not_worn(recording):
    position, rotation = lowered(recording, 5.0, 0.65, 0.02)
    path = with_head(recording, position, rotation, lambda head, sign: head + [0.15 * sign, 0.12, 0.1])
    laid = model_frame(path)
    assert len(laid.unworn) == 1 and 4.8 < laid.unworn[0][0] < 6.0


def test_a_crouch_is_worn(recording):
    position, _ = lowered(recording, 5.0, 0.8, 0.004)
    crouched = with_head(recording, position, None, lambda head, sign: head + [0.2 * sign, -0.25, 0.2])
    assert model_frame(crouched).unworn == ()


def test_who_stands_as_still_as_a_post_is_still_a_person(recording):
    head = recording.tracks["head"]
    still = np.tile(head.position[:1], (len(head.position), 1)) + 1e-4 * np.random.default_rng(1).normal(
        size=(len(head.position), 3)
    )
    assert model_frame(with_head(recording, still, np.tile(head.rotation[:1], (len(still), 1)))).unworn == ()


def test_between_two_wearings_the_head_goes_from_the_one_place_to_the_other(recording):
    head, time = recording.tracks["head"], recording.time
    position, rotation = lowered(recording, 3.0, 0.7, 2e-4)
    back = time > 9.0
    position[back], rotation[back] = head.position[back] + [2.0, 0, 0], head.rotation[back]
    laid = model_frame(with_head(recording, position, rotation))
    assert len(laid.unworn) == 1
    between = laid.tracks["head"].position[~laid.tracks["head"].valid]
    assert np.abs(np.diff(between[:, 0])).max() < 0.05 and between[:, 1].min() > 1.4


def test_stretches_are_counted_from_the_first_sample():
    mask = np.array([True, False, True, True])
    assert stretches(np.array([5.0, 6.0, 7.0, 8.0]), mask) == [(0.0, 0.0), (2.0, 3.0)]


def test_a_real_player_who_takes_the_headset_off_is_seen_to(shared):
    placed = model_frame(read(shared / "hmd" / "aframe" / "grabLeft.json"))
    assert len(placed.unworn) == 1 and placed.unworn[0][0] == pytest.approx(10.3, abs=0.4)
    for path in sorted((shared / "hmd").glob("bsor/*.bsor")):
        assert model_frame(read(path)).unworn == (), path.name
