"""Pictures and films: what is in them, and that they leave the scene alone."""

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion, wobbly_recording

from threepoint.blender_addon.render.preview import Subject, render_film, render_still
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


def counts():
    return {name: len(getattr(bpy.data, name)) for name in ("scenes", "objects", "meshes", "actions", "collections")}


def has_colour(picture, colour):
    """Whether many pixels have the hue of a linear colour: the same order and ratio of channels, whatever the light."""
    wanted = np.array(colour[:3]) ** (1 / 2.2)
    shown = picture[..., :3].reshape(-1, 3)
    shown = shown[shown.max(1) > 0.3]
    return (np.abs(shown / shown.max(1, keepdims=True) - wanted / wanted.max()).max(1) < 0.12).sum() > 8


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
