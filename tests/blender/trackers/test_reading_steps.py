"""Objects that constraints move, which a scene of their own is played for: read in steps, so that a window may draw."""

import bpy
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.steps import all_at_once
from threepoint.blender_addon.trackers import reading
from threepoint.blender_addon.trackers.empties import create_trackers


@pytest.fixture
def fresh_scene():
    return empty_file(30)


@pytest.fixture
def constrained(fresh_scene):
    trackers = create_trackers(wobbly_recording(), "take", fresh_scene)
    trackers["head"].constraints.new("LIMIT_SCALE")
    return trackers


def test_the_window_may_draw_after_every_sample(constrained, fresh_scene, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLING_SECONDS", 0.0)
    samples = len(all_at_once(reading.reading_trackers(constrained, fresh_scene)).time)
    assert sum(1 for _ in reading.reading_trackers(constrained, fresh_scene)) >= samples > 60


def test_the_window_draws_seldom_where_samples_take_no_time(constrained, fresh_scene, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLING_SECONDS", 1e6)
    assert sum(1 for _ in reading.reading_trackers(constrained, fresh_scene)) < 20


def test_reading_that_is_broken_off_leaves_nothing_behind(constrained, fresh_scene, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLING_SECONDS", 0.0)
    constrained["head"].hide_viewport = True
    work = reading.reading_trackers(constrained, fresh_scene)
    for _ in range(5):
        next(work)
    assert len(bpy.data.scenes) == 2
    work.close()
    assert len(bpy.data.scenes) == 1 and constrained["head"].hide_viewport
