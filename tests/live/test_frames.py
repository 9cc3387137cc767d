"""Frames at 60 Hz of the sender's clock, whatever a network does to the packets; trackers that lie are lost."""

import numpy as np
import pytest
from live_packets import disturbed

from threepoint.model_core.live.frames import FrameClock
from threepoint.model_core.live.roles import RoleFinder
from threepoint.model_core.live.sources.moments import Pose
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.live.tracks import KEPT_SAMPLES


def poses_of(moment):
    return {name.partition(":")[2]: pose for name, pose in moment.poses.items()}


def frames_of(moments, living=True):
    clock = FrameClock(living)
    return [frame for moment in moments for frame in clock.add(moment.time, poses_of(moment))]


@pytest.fixture(scope="module")
def moments(make_recording):
    return list(moments_of(make_recording(3.0, 90.0)))


def test_frames_come_60_times_a_second_and_lie_on_the_way_between_samples(moments):
    frames = frames_of(moments)
    assert len(frames) == pytest.approx(180, abs=5)
    np.testing.assert_allclose(np.diff([frame.time for frame in frames]), 1 / 60)
    speed = np.linalg.norm(np.diff([frame.positions for frame in frames], axis=0), axis=-1) * 60
    assert speed.max() < 1 and all(frame.valid.all() for frame in frames)


@pytest.mark.parametrize("seed", range(5))
def test_lost_doubled_and_swapped_packets_leave_every_frame_where_it_was(moments, seed):
    frames, found = frames_of(moments), frames_of(disturbed(moments, seed))
    assert len(found) >= len(frames) - 5
    for frame, other in zip(frames, found, strict=False):
        assert other.time == pytest.approx(frame.time) and other.valid.all()
        np.testing.assert_allclose(other.positions, frame.positions, atol=5e-3)


def test_swapped_and_doubled_packets_change_no_more_than_hands_tremble(moments):
    swapped = [moments[0], *(moments[index + (1 if index % 2 else -1)] for index in range(1, len(moments) - 1))]
    for frame, other in zip(frames_of(moments), frames_of([m for m in swapped for _ in range(2)]), strict=False):
        np.testing.assert_allclose(other.positions, frame.positions, atol=1e-3)


def test_devices_that_come_in_packets_of_their_own_make_the_same_frames(moments):
    clock, found = FrameClock(), []
    for moment in moments:
        for role, pose in poses_of(moment).items():
            found += clock.add(moment.time, {role: pose})
    for frame, other in list(zip(frames_of(moments), found, strict=False))[1:]:
        np.testing.assert_allclose(other.positions, frame.positions, atol=1e-9)


def test_a_hand_of_which_nothing_comes_is_lost_and_found(moments):
    def without(moment):
        poses = poses_of(moment)
        if 1.0 < moment.time < 2.0:
            del poses["left_hand"]
        return poses

    clock = FrameClock()
    frames = [frame for moment in moments for frame in clock.add(moment.time, without(moment))]
    lost = [frame.time for frame in frames if not frame.valid[1]]
    assert min(lost) == pytest.approx(1.1, abs=0.05) and max(lost) == pytest.approx(2.0, abs=0.05)
    assert all(frame.valid[[0, 2]].all() for frame in frames)


WRONG = {
    "zeros": Pose(np.zeros(3), np.array([1.0, 0, 0, 0])),
    "no rotation": Pose(np.array([0.1, 1.2, 0.1]), np.zeros(4)),
    "not finite": Pose(np.array([np.nan, 1.2, 0.1]), np.array([1.0, 0, 0, 0])),
    "another room": Pose(np.array([9.0, 1.2, 0.1]), np.array([1.0, 0, 0, 0])),
    "another country": Pose(np.array([1e5, 1.2, 0.1]), np.array([1.0, 0, 0, 0])),
    "frozen": Pose(np.array([0.18, 1.25, -0.28]), np.array([1.0, 0, 0, 0])),
}


@pytest.mark.parametrize("name", WRONG)
def test_poses_that_nobody_can_have_are_lost(moments, name):
    clock = FrameClock()
    frames = []
    for moment in moments:
        poses = poses_of(moment)
        if moment.time > 1.0:
            poses["right_hand"] = WRONG[name]
        frames += clock.add(moment.time, poses)
    late = [frame for frame in frames if 1.7 < frame.time < 1.9]
    assert late and not any(frame.valid[2] for frame in late) and all(frame.valid[1] for frame in late)


def test_what_is_animated_may_stand_still(moments):
    clock, frames = FrameClock(living=False), []
    for moment in moments:
        frames += clock.add(moment.time, {role: moments[0].poses[f"{kind}:{role}"]
                                          for kind, role in (("hmd", "head"), ("con", "left_hand"))})  # fmt: skip
    assert all(frame.valid[:2].all() and not frame.valid[2] for frame in frames)


@pytest.mark.parametrize("jump", [-3600.0, -1.0, 2.0, 1e6])
def test_a_clock_that_jumps_goes_on_from_there(moments, jump):
    clock, frames, jumps = FrameClock(), [], []
    for moment in moments:
        later = moment.time > 1.5
        frames += clock.add(moment.time + jump * later, poses_of(moment))
        jumps += [clock.jumped] if clock.jumped is not None else []
    assert len(jumps) == 1 and jumps[0] == pytest.approx(jump, abs=0.02)
    assert 160 < len(frames) < 185


@pytest.mark.parametrize("time", [float("nan"), float("inf"), 3e38, -1e300])
def test_times_that_no_clock_has_are_left_out(moments, time):
    """Beyond some size adding a sixtieth of a second changes nothing: frames would never end."""
    clock, frames = FrameClock(), []
    for number, moment in enumerate(moments):
        frames += clock.add(moment.time if number % 7 else time, poses_of(moment))
    assert len(frames) == pytest.approx(180, abs=5)


def test_an_hour_leaves_no_more_behind_than_a_second(moments):
    clock = FrameClock()
    for second in range(4):
        for moment in moments[:90]:
            clock.add(moment.time + second, poses_of(moment))
    assert all(len(track.times) <= KEPT_SAMPLES for track in clock.tracks.values())


@pytest.mark.parametrize("names", [
    ("hmd:", "con:LeftHand", "con:RightHand"), ("hmd:LHR-1", "con:LHR-7", "con:LHR-2"),
    ("hmd:x", "con:LHR-2", "con:LHR-7"), ("tra:b", "tra:a", "tra:c"),
    ("hmd:head", "tra:2", "tra:1"),
])  # fmt: skip
def test_roles_are_told_by_kind_name_and_side(moments, names):
    own = dict(zip(("hmd:head", "con:left_hand", "con:right_hand"), names, strict=True))
    finder = RoleFinder()
    for moment in moments:
        found = finder.poses(type(moment)(moment.time, {own[name]: pose for name, pose in moment.poses.items()}))
    assert finder.roles == dict(zip(("head", "left_hand", "right_hand"), names, strict=True)) and len(found) == 3


def test_the_user_says_which_tracker_is_which(moments):
    finder = RoleFinder({"head": "right_hand", "left_hand": "con:left_hand", "right_hand": "head"})
    found = finder.poses(moments[0])
    assert found["head"] is moments[0].poses["con:right_hand"] and found["right_hand"] is moments[0].poses["hmd:head"]


def test_names_without_end_are_not_remembered(moments):
    finder = RoleFinder()
    for number in range(5000):
        finder.poses(type(moments[0])(0.0, {f"tra:{number}": moments[0].poses["hmd:head"]}))
    assert len(finder.names) < 100 and len(finder.shown_names()) < 300
