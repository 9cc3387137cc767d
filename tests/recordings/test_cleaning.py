"""Times put in order, dropouts told apart."""

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings.cleaning import RawTrack, build_recording
from threepoint.tests.same_recording import texts


@pytest.fixture
def parts(make_recording):
    """Times and raw tracks of a clean recording, free to spoil."""
    recording = make_recording(4.0, 72.0)
    tracks = {role: RawTrack(track.position.copy(), track.rotation.copy()) for role, track in recording.tracks.items()}
    return recording.time.copy(), tracks


def lost(recording, role="head"):
    """(first, last, reason) of each dropout."""
    return [(d.first, d.last, d.reason) for d in recording.dropouts if d.role == role]


def test_a_clean_recording_stays_as_it_is(parts):
    time, tracks = parts
    recording = build_recording(time, tracks, "clean")
    assert recording.dropouts == () and recording.warnings == ()
    np.testing.assert_array_equal(recording.time, time)
    np.testing.assert_array_equal(recording.tracks["head"].position, tracks["head"].position)
    assert recording.tracks["left_hand"].valid.all()


def test_repeated_and_backward_times_are_dropped_and_counted(parts):
    time, tracks = parts
    time[10] = time[9]
    time[50] = time[40]
    recording = build_recording(time, tracks, "stuttering")
    assert (np.diff(recording.time) > 0).all() and len(recording.time) == len(time) - 2
    assert "dropped 2 samples" in texts(recording)[0]


def test_one_wild_stamp_costs_one_sample(parts):
    time, tracks = parts
    time[100] = 1e9
    recording = build_recording(time, tracks, "wild")
    assert len(recording.time) == len(time) - 1 and recording.duration == pytest.approx(4.0)


def test_a_rewind_is_cut_once_and_never_interleaved(parts):
    time, tracks = parts
    tracks["head"].position[:, 0] = np.arange(len(time)) * 1e-3
    time[200:] -= time[200] - time[150]  # 50 samples were played again
    recording = build_recording(time, tracks, "rewound")
    kept = np.round(recording.tracks["head"].position[:, 0] * 1e3)
    assert 238 <= len(kept) <= 240 and (np.diff(kept) > 1).sum() == 1


def test_shuffled_samples_are_sorted(parts):
    time, tracks = parts
    order = np.random.default_rng(0).permutation(len(time))
    shuffled = {role: RawTrack(track.position[order], track.rotation[order]) for role, track in tracks.items()}
    recording = build_recording(time[order], shuffled, "shuffled")
    np.testing.assert_array_equal(recording.time, time)
    np.testing.assert_array_equal(recording.tracks["head"].position, tracks["head"].position)


def test_times_that_are_not_numbers_are_dropped(parts):
    time, tracks = parts
    time[[3, 7]] = np.nan, np.inf
    assert len(build_recording(time, tracks, "odd").time) == len(time) - 2


def test_gaps_are_counted(parts):
    time, tracks = parts
    time[100:] += 1.0
    assert any(
        "gaps of more than 0.25 s without samples: 1" in warning
        for warning in texts(build_recording(time, tracks, "gap"))
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p, r: p.__setitem__(slice(20, 23), np.nan), "missing"),
        (lambda p, r: r.__setitem__(slice(20, 23), np.inf), "missing"),
        (lambda p, r: (p.__setitem__(slice(20, 23), 0), r.__setitem__(slice(20, 23), 0)), "zeroed"),
        (lambda p, r: (p.__setitem__(slice(20, 23), 0), r.__setitem__(slice(20, 23), [1, 0, 0, 0])), "zeroed"),
        (lambda p, r: r.__imul__(np.where(np.isin(np.arange(len(r)), [20, 21, 22]), 0.03, 1)[:, None]), "bad rotation"),
        (lambda p, r: p.__setitem__(slice(20, 23), p[20:23] + [3.0, 0, 0]), "teleport"),
    ],
)
def test_dropouts_are_told_apart(parts, spoil, reason):
    time, tracks = parts
    spoil(tracks["left_hand"].position, tracks["left_hand"].rotation)
    recording = build_recording(time, tracks, "spoilt")
    assert lost(recording, "left_hand") == [(20, 22, reason)]
    assert lost(recording, "head") == []
    track = recording.tracks["left_hand"]
    assert list(np.flatnonzero(~track.valid)) == [20, 21, 22]
    # What fills the hole is between its ends, and for the eye only.
    assert np.linalg.norm(track.position[21] - track.position[19]) < 0.05
    np.testing.assert_allclose(np.linalg.norm(track.rotation, axis=-1), 1)


def test_a_zeroed_first_frame_is_filled_with_the_first_pose(parts):
    time, tracks = parts
    for track in tracks.values():
        track.position[0], track.rotation[0] = 0, 0
    recording = build_recording(time, tracks, "bsor")
    assert lost(recording) == [(0, 0, "zeroed")]
    np.testing.assert_array_equal(recording.tracks["head"].position[0], recording.tracks["head"].position[1])


def test_a_frozen_tracker_is_lost_after_its_last_news(parts):
    time, tracks = parts
    tracks["right_hand"].position[100:180] = tracks["right_hand"].position[100]
    tracks["right_hand"].rotation[100:180] = tracks["right_hand"].rotation[100]
    recording = build_recording(time, tracks, "asleep")
    assert lost(recording, "right_hand") == [(101, 179, "frozen")]


def test_a_tracker_that_never_moves_was_never_there(parts):
    time, tracks = parts
    tracks["left_hand"].position[:] = tracks["left_hand"].position[0]
    tracks["left_hand"].rotation[:] = tracks["left_hand"].rotation[0]
    assert not build_recording(time, tracks, "asleep").tracks["left_hand"].valid.any()


def test_short_repeats_of_a_slow_device_are_no_dropout(parts):
    time, tracks = parts
    slow = np.arange(len(time)) // 7 * 7
    tracks["left_hand"] = RawTrack(tracks["left_hand"].position[slow], tracks["left_hand"].rotation[slow])
    assert build_recording(time, tracks, "slow").tracks["left_hand"].valid.all()


def test_a_jump_that_stays_is_no_dropout(parts):
    time, tracks = parts
    for track in tracks.values():
        track.position[150:] += [5.0, 0, 0]  # the player teleported through the game's world
    assert build_recording(time, tracks, "game").dropouts == ()


def test_what_the_device_does_not_track_is_not_valid(parts):
    time, tracks = parts
    tracked = np.ones(len(time), bool)
    tracked[5:9] = False
    tracks["head"] = RawTrack(tracks["head"].position, tracks["head"].rotation, tracked)
    assert lost(build_recording(time, tracks, "flagged")) == [(5, 8, "untracked")]


def test_sign_flips_of_quaternions_vanish(parts):
    time, tracks = parts
    tracks["head"].rotation[::3] *= -1
    rotation = build_recording(time, tracks, "flipping").tracks["head"].rotation
    assert ((rotation[1:] * rotation[:-1]).sum(-1) > 0).all()


@pytest.mark.parametrize("spoil", [lambda t: t.position.fill(np.nan), lambda t: t.rotation.fill(0.0)])
def test_a_recording_without_a_valid_head_is_refused(parts, spoil):
    time, tracks = parts
    spoil(tracks["head"])
    with pytest.raises(InputError, match="nothing: the head is not tracked in any sample"):
        build_recording(time, tracks, "nothing")


def test_too_few_samples_are_refused():
    track = RawTrack(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(InputError, match="short: has 1 usable samples"):
        build_recording(np.zeros(1), {"head": track}, "short")
