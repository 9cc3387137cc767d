"""Pictures and films: what is in them, and that they leave the scene alone."""

import os
import signal

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion, wobbly_recording

from threepoint.blender_addon.animation.curves import fcurves_of
from threepoint.blender_addon.render.preview import Subject, render_film, render_frames, render_still
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.trackers.empties import COLOURS, create_trackers


@pytest.fixture
def subject():
    scene = empty_file(60)
    avatar = animated_avatar(wild_motion(probes=16), BoxBody(), "Ann", scene)
    scene.frame_end = 240
    return Subject(avatar, create_trackers(wobbly_recording(), "Ann trackers", scene), "Ann")


def pixels(path):
    image = bpy.data.images.load(str(path))
    values = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return values


COUNTED = ("scenes", "objects", "meshes", "actions", "collections", "worlds", "node_groups")


def counts():
    return {name: len(getattr(bpy.data, name)) for name in COUNTED}


def has_colour(picture, colour):
    """Whether many pixels have the hue of a linear colour: the same order and ratio of channels, whatever the light."""
    return hue_count(picture, colour) > 8


def hue_count(picture, colour):
    """How many pixels have the hue of a linear colour."""
    wanted = np.array(colour[:3]) ** (1 / 2.2)
    shown = picture[..., :3].reshape(-1, 3)
    shown = shown[shown.max(1) > 0.3]
    return (np.abs(shown / shown.max(1, keepdims=True) - wanted / wanted.max()).max(1) < 0.12).sum()


def test_a_still_shows_body_colours_and_tracked_points(subject, tmp_path):
    before = counts()
    render_still(tmp_path / "still.png", [subject], frame=60)
    picture = pixels(tmp_path / "still.png")
    assert picture.shape == (360, 640, 4)
    for role in ("head", "left_hand", "right_hand"):
        assert has_colour(picture, COLOURS[role]), role
    assert counts() == before


def test_a_lost_tracker_is_not_drawn(subject, tmp_path):
    render_still(tmp_path / "lost.png", [subject], frame=100)  # The left hand is lost from 1.4 to 1.9 s.
    assert not has_colour(pixels(tmp_path / "lost.png"), COLOURS["left_hand"])


def test_hands_that_are_straight_up_are_in_the_picture(subject, tmp_path):
    for fcurve in fcurves_of(subject.trackers["left_hand"]):
        if (fcurve.data_path, fcurve.array_index) == ("location", 2):
            for key in fcurve.keyframe_points:
                key.co.y = 2.3
            fcurve.update()
    render_still(tmp_path / "up.png", [subject], frame=60)
    assert has_colour(pixels(tmp_path / "up.png"), COLOURS["left_hand"])


def test_the_ground_is_where_the_avatar_stands(subject, tmp_path):
    render_still(tmp_path / "at_zero.png", [Subject(subject.avatar)], frame=60)
    subject.avatar.armature.location.z = -0.4
    bpy.context.view_layer.update()
    render_still(tmp_path / "lower.png", [Subject(subject.avatar)], frame=60)
    assert np.abs(pixels(tmp_path / "at_zero.png") - pixels(tmp_path / "lower.png")).mean() < 0.01


def test_a_film_plays_in_real_time_beside_another(subject, tmp_path):
    before, frame = counts(), bpy.context.scene.frame_current
    render_film(tmp_path / "film.mp4", [subject, subject], first=1, last=31, size=(160, 90))
    film = bpy.data.movieclips.load(str(tmp_path / "film.mp4"))
    assert film.frame_duration == 16 and film.fps == pytest.approx(30)
    bpy.data.movieclips.remove(film)
    assert counts() == before and bpy.context.scene.frame_current == frame


def test_a_film_tells_of_its_frames_and_a_signal_stops_it_between_two(subject, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    def report(fraction):
        told.append(fraction)
        if len(told) == stop_after:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        told, stop_after = [], 3
        with pytest.raises(KeyboardInterrupt):
            render_film(tmp_path / "stopped.mp4", [subject], first=1, last=121, size=(80, 44), progress=report)
        assert told == pytest.approx([1 / 61, 2 / 61, 3 / 61])
        told, stop_after = [], 0
        render_film(tmp_path / "whole.mp4", [subject], first=1, last=9, size=(80, 44), progress=report)
        assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
        assert signal.getsignal(signal.SIGTERM) == interrupt
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_the_progress_raises_ends_the_film(subject, tmp_path):
    def report(fraction):
        raise ValueError(f"at {fraction:g}")

    with pytest.raises(ValueError, match=r"at 0\.5"):
        render_film(tmp_path / "film.mp4", [subject], first=1, last=3, size=(80, 44), progress=report)


def test_the_floor_meets_the_background_unseen_and_takes_soft_shadows(subject, tmp_path):
    render_still(tmp_path / "still.png", [Subject(subject.avatar)], frame=60, size=(320, 180))
    picture = pixels(tmp_path / "still.png")[..., :3]
    edge = picture[:, 2]  # From the floor at the left, past the horizon, to the background.
    assert np.abs(np.diff(edge[60:], axis=0)).max() < 0.02 and np.abs(edge[90] - edge[-5]).max() < 0.03
    row = picture[: len(picture) // 3, 160:].mean(-1)  # The shadow falls to the right, away from the camera.
    lit = np.median(row[:, -20:], axis=1, keepdims=True)
    assert (row < 0.85 * lit).any() and np.abs(np.diff(row, axis=1)).min() < 0.01


def test_what_is_shown_may_be_the_points_alone_with_their_trail(subject, tmp_path):
    before = counts()
    points = Subject(subject.avatar, subject.trackers, meshes=(), trail=0.5)
    (first, second) = render_frames(tmp_path, [points], range(60, 64, 2), (320, 180))
    bare = Subject(subject.avatar, subject.trackers, meshes=())
    (without,) = render_frames(tmp_path / "bare", [bare], range(60, 62, 2), (320, 180))
    shown, trailless = pixels(first), pixels(without)
    assert (pixels(second) != shown).any()
    blue = COLOURS["left_hand"]
    assert hue_count(shown, blue) > 1.5 * hue_count(trailless, blue) > 0
    assert (shown[..., :3].max(-1) < 0.9).mean() > 0.95, "no body"
    assert counts() == before
