"""Levels of the floor: steps that are walked are found with their heights, and nobody on a floor is put on a step."""

import numpy as np
import pytest

from threepoint.model_core.calibration import Calibration, find_person
from threepoint.model_core.calibration.levels import LEVELS, find_ground, find_stretches
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.calibration.posture import FPS, STRIDE, describe
from threepoint.model_core.recordings import Track, read
from threepoint.model_core.recordings.model_frame import model_frame

REST = np.log(1.47 * np.exp(np.arange(-0.4, 0.3, 0.02)))
STANDING = np.log([1.47])
TIME = np.arange(20 * int(FPS)) / FPS
BOXES = 0.30 * ((TIME > 4) & (TIME < 8)) + 0.18 * ((TIME > 12) & (TIME < 16))
"""Height of the ground, metres."""


def walk(ground, speed=1.0, drop=0.0):
    """Turns (T, 3, 3), heads (T, 3) and hands (T, 2, 3) of somebody who walks over a ``ground`` (T,), roughly."""
    way = speed * TIME
    bob = min(speed, 1.0) * 0.02
    heads = np.stack([bob * np.sin(6 * TIME), 1.45 + bob * np.cos(12 * TIME) + ground - drop, way], -1)
    hands = heads[:, None] + np.array([[0.3, -0.7, 0.1], [-0.3, -0.7, 0.1]])
    return np.tile(np.eye(3), (len(TIME), 1, 1)), heads, hands


def ground_of(motion, rest=STANDING):
    turns, heads, hands = motion
    found = find_ground(describe(turns, heads, hands), heads[::STRIDE], rest, np.zeros(len(rest)))
    return None if found is None else found.heights


@pytest.mark.parametrize("rest", [STANDING, REST], ids=["person known", "person unknown"])
def test_the_ground_under_who_walks_over_boxes_is_found(rest):
    off = np.abs(ground_of(walk(BOXES), rest) - BOXES[::STRIDE])
    assert np.median(off) < 0.02 and np.percentile(off, 90) < 0.08


def test_who_walks_on_a_floor_is_on_no_levels():
    assert ground_of(walk(0 * TIME)) is None and ground_of(walk(0 * TIME), REST) is None


def test_who_stands_up_and_sits_down_in_their_place_is_on_no_levels():
    assert ground_of(walk(BOXES + BOXES, speed=0.02), REST) is None


def test_who_sits_long_between_two_walks_does_not_sit_on_the_floor_and_walk_on_a_table():
    sits = (TIME > 5) & (TIME < 15)
    turns, heads, hands = walk(np.where(sits, -0.45, 0.0))
    for places in (heads, hands[:, 0], hands[:, 1]):
        places[sits, 2] = places[sits, 2][0]
    assert ground_of((turns, heads, hands), REST) is None


def test_nothing_is_found_where_nothing_is_seen():
    assert find_ground(np.zeros((0, 12)), np.zeros((0, 3)), STANDING, np.zeros(1)) is None


@pytest.fixture
def climber(make_recording):
    """A function of a ground (T,) that makes the recording of somebody who walks over it."""

    def made(ground):
        recording = make_recording(len(TIME) / FPS)
        moved = np.interp(recording.time - recording.time[0], TIME, ground)[:, None] * [0, 1, 0]
        moved = moved - (recording.time - recording.time[0])[:, None] * [0, 0, 1]
        for role, track in recording.tracks.items():
            recording.tracks[role] = Track(track.position + moved, track.rotation, track.valid)
        return model_frame(recording)

    return made


def test_stretches_of_a_recording_have_their_floors(climber, body):
    flat, stepped = climber(0 * TIME), climber(BOXES)
    person = find_person(flat, body)
    calibration = Calibration(person.betas, person.floor, {"head": head_offset(float(body.size(person.betas)))})
    none, found = (find_stretches(recording, body, calibration) for recording in (flat, stepped))
    assert none.heights.tolist() == [0.0] and none.starts.tolist() == [flat.time[0]]
    assert (
        found.starts[0] == stepped.time[0] and (np.diff(found.starts) > 0).all() and (np.diff(found.heights) != 0).all()
    )
    at = np.arange(0.5, 20, 1.0)
    heights = found.heights[np.searchsorted(found.starts, stepped.time[0] + at, side="right") - 1]
    assert np.abs(heights - np.interp(at, TIME, BOXES)).max() < LEVELS[1]


def test_steps_make_nobody_taller_and_move_no_floor(climber, body):
    flat, stepped = (find_person(climber(ground), body) for ground in (0 * TIME, np.where(TIME < 3, 0.0, 0.3)))
    assert float(body.stature(stepped.betas)) == pytest.approx(float(body.stature(flat.betas)), abs=0.08)
    assert stepped.floor == flat.floor == 0.0 and stepped.stature_error is not None


@pytest.mark.parametrize("player", range(6))
def test_real_players_stand_on_the_floor(shared, body, player):
    recording = model_frame(read(shared / "hmd" / "bsor" / f"humanid_user{player}_ref.bsor"))
    person = find_person(recording, body)
    calibration = Calibration(person.betas, person.floor, {"head": head_offset(float(body.size(person.betas)))})
    assert find_stretches(recording, body, calibration).heights.tolist() == [0.0]
