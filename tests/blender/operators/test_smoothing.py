"""Trackers without tremor; what they were can be had back, however often they were smoothed."""

import bpy
import numpy as np
import pytest
from animators import import_tiny

from threepoint.blender_addon.animation.curves import checksum, fcurves_of, keyframes_of
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import trackers_of
from threepoint.blender_addon.trackers.smoothing import original_action


@pytest.fixture
def person(tmp_path):
    empty_file(30)
    person = import_tiny(tmp_path)
    for item in trackers_of(person).values():
        for curve in fcurves_of(item):
            if curve.data_path == "location":  # A tremor.
                keys = keyframes_of(curve)
                keys[:, 1] += 0.005 * (-1) ** np.arange(len(keys))
                curve.keyframe_points.foreach_set("co", keys.ravel())
    return person


def roughness(item):
    """Sum over the curves of place and rotation of how much they bend at their keys."""
    paths = ("location", "rotation_quaternion")
    curves = [keyframes_of(curve)[:, 1] for curve in fcurves_of(item) if curve.data_path in paths]
    return sum(np.abs(np.diff(values, 2)).sum() for values in curves)


def test_smoothing_begins_from_the_original_and_is_undone_to_the_last_bit(person):
    items = list(trackers_of(person).values())
    before = [(item.animation_data.action, checksum(item.animation_data.action)) for item in items]
    rough = sum(map(roughness, items))
    bpy.ops.threepoint.smooth_trackers(cutoff=2.0)
    smooth = sum(map(roughness, items))
    assert smooth < 0.1 * rough
    assert [(original_action(item), checksum(original_action(item))) for item in items] == before
    actions = len(bpy.data.actions)
    bpy.ops.threepoint.smooth_trackers(cutoff=2.0)
    assert sum(map(roughness, items)) == pytest.approx(smooth, rel=1e-6) and len(bpy.data.actions) == actions
    bpy.ops.threepoint.unsmooth_trackers()
    assert [(item.animation_data.action, checksum(item.animation_data.action)) for item in items] == before
    assert not any(map(original_action, items)) and len(bpy.data.actions) == actions - len(items)
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.threepoint.unsmooth_trackers()


def test_when_a_tracker_was_seen_stays_as_it_is_and_rotations_stay_unit(person):
    def of(path):
        curves = [curve for item in trackers_of(person).values() for curve in fcurves_of(item)]
        return [keyframes_of(curve) for curve in curves if curve.data_path == path]

    valid = of('["valid"]')
    bpy.ops.threepoint.smooth_trackers()
    assert all(np.array_equal(a, b) for a, b in zip(valid, of('["valid"]'), strict=True))
    turned = of("rotation_quaternion")
    assert np.allclose(sum(curve[:, 1] ** 2 for curve in turned[:4]), 1, atol=1e-5)


def test_smoothing_of_what_has_no_keys_is_said(person):
    for item in trackers_of(person).values():
        item.animation_data_clear()
    assert bpy.ops.threepoint.smooth_trackers() == {"CANCELLED"}
