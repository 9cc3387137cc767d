"""The metrics: against rows that were published beside their predictions, and against cases known by hand."""

import json

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.metrics import METRICS, metric
from threepoint.model_core.evaluation.scores import (
    aggregate,
    aggregate_by,
    format_table,
    head_placed,
    score_clip,
    score_motion,
)
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, rotation_about_y
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, HEAD
from threepoint.model_core.mocap.clips import Clip, load_clips

FRAMES = 90
TOLERANCE = 0.01
ROUNDING = 0.0006
"""The rows are rounded to three digits after the point."""
SINGLE_PRECISION = 0.012
"""Degrees between equal rotations by an arc cosine in single precision, as the true row was made."""


@pytest.fixture(scope="module")
def walk(make_clip):
    return make_clip(FRAMES)


@pytest.fixture(scope="session")
def baseline_rows(shared):
    return json.loads((shared / "baselines" / "baselines.json").read_text())


@pytest.fixture(scope="session")
def baseline_clips(shared):
    return load_clips(shared / "baselines" / "valtest.npz")


def test_the_truth_scores_zero(walk):
    row = score_clip(walk.rotations(), walk)
    for name in ("mpjpe", "mpjve", "mpjre", "mpjre_geo", "flag_full", "p95"):
        assert row[name] == pytest.approx(0, abs=1e-6)
    assert row["jitter"] == pytest.approx(row["gt_jitter"])
    assert row["skate"] == pytest.approx(row["gt_skate"])
    assert row["contacts"] > 0


def test_placement_by_the_head_hides_a_shift_that_the_motion_keeps(walk):
    shifted = walk.translation + [0.3, 0, 0.4]
    assert score_clip(walk.rotations(), walk)["mpjpe"] == pytest.approx(0, abs=1e-6)
    row = score_motion(walk.rotations(), shifted, walk)
    assert row["mpjpe"] == pytest.approx(50)
    assert row["flag_full"] == pytest.approx(0, abs=1e-5)
    assert row["mpjve"] == pytest.approx(0, abs=1e-3)


def test_a_turned_root_keeps_the_head_in_place(walk):
    rotations = walk.rotations()
    rotations[:, 0] = rotation_about_y(np.full(FRAMES, np.pi / 6)) @ rotations[:, 0]
    row = score_clip(rotations, walk)
    assert row["root_geo"] == pytest.approx(30)
    assert row["mpjre_geo"] == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(head_placed(rotations, walk)[:, HEAD], walk.world()[1][:, HEAD], atol=1e-9)


def test_published_rotation_error_averages_components(walk):
    poses = walk.poses.reshape(FRAMES, BODY_JOINT_COUNT, 3).copy()
    poses[:, 7, 0] = poses[:, 7, 0] + np.radians(21.0)
    row = score_clip(axis_angle_to_matrix(poses.astype(float)), walk)
    assert row["mpjre"] == pytest.approx(21 / (21 * 3), rel=1e-5)


def test_sinking_is_penetration_and_sliding_is_skating(walk):
    rest = Clip(walk.name, np.zeros_like(walk.poses), walk.translation * 0, walk.rest_joints, walk.sole, {})
    standing = rest.translation + [0, rest.rest_joints[0, 1] - rest.sole, 0]
    rest = Clip(rest.name, rest.poses, standing, rest.rest_joints, rest.sole, {})
    sunk = score_motion(rest.rotations(), standing - [0, 0.02, 0], rest)
    assert sunk["floor_pen"] == pytest.approx(2)
    assert sunk["contacts"] == 4 * (FRAMES - 1)
    slide = np.arange(FRAMES)[:, None] / 60 * [0.3, 0, 0.4]
    assert score_motion(rest.rotations(), standing + slide, rest)["skate"] == pytest.approx(50)


def test_means_are_weighted_by_frames_and_skating_by_contacts():
    short = dict.fromkeys(METRICS, 1.0) | {"frames": 10, "contacts": 30, "activity": "walk"}
    long = dict.fromkeys(METRICS, 4.0) | {"frames": 20, "contacts": 0, "activity": "run"}
    total = aggregate([short, long])
    assert (total["mpjpe"], total["mpjpe_clipmean"], total["skate"], total["frames"]) == (3, 2.5, 1, 30)
    by_activity = aggregate_by([short, long], "activity")
    assert list(by_activity) == ["run", "walk"]
    assert "run" in format_table(by_activity) and "4.00" in format_table(by_activity)


def test_a_new_metric_is_one_entry(walk):
    """Scores, means and tables have it, weighted as it says."""
    names = list(METRICS)
    try:

        @metric("cm", "largest distance of any joint", weight="contacts")
        def largest(pair):
            return pair.errors.max()

        shifted = score_motion(walk.rotations(), walk.translation + [0.3, 0, 0.4], walk)
        assert shifted["largest"] == pytest.approx(50)
        assert aggregate([shifted])["largest"] == pytest.approx(50)
        assert "largest" in format_table({"shifted": aggregate([shifted])})
    finally:
        METRICS.pop("largest", None)
    assert list(METRICS) == names


def test_wrong_shapes_are_refused_in_one_line(walk):
    with pytest.raises(InputError, match=r"predicted rotations \(80, 22, 3, 3\) should be \(90, 22, 3, 3\)"):
        score_clip(walk.rotations()[:80], walk)
    with pytest.raises(InputError, match="predicted translation"):
        score_motion(walk.rotations(), walk.translation[:80], walk)


@pytest.mark.parametrize("name", ["avatarposer", "knn8"])
def test_baselines_are_reproduced(shared, baseline_clips, baseline_rows, name):
    with np.load(shared / "baselines" / "valtest.npz") as data:
        predicted = data[name]
    assert_row_matches(score_all(baseline_clips, predicted), baseline_rows[name])


def test_ground_truth_row_is_reproduced(baseline_clips, baseline_rows):
    assert_row_matches(score_all(baseline_clips, baseline_clips.poses), baseline_rows["oracle_gt"], SINGLE_PRECISION)


def score_all(clips, poses):
    rotations = axis_angle_to_matrix(poses.reshape(-1, BODY_JOINT_COUNT, 3).astype(np.float64))
    ends = [start + len(clip) for start, clip in zip(clips.starts, clips, strict=True)]
    pairs = zip(clips.starts, ends, clips, strict=True)
    return aggregate([score_clip(rotations[start:end], clip) for start, end, clip in pairs])


def assert_row_matches(row, expected, absolute=ROUNDING):
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=TOLERANCE, abs=absolute), name
