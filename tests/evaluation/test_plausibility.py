"""What tells a human motion from one that is none, without its truth."""

import importlib.util

import numpy as np
import pytest

from threepoint.model_core.amass_writer import MODEL_TO_AMASS
from threepoint.model_core.body import load_body
from threepoint.model_core.body.model import DEFAULT_BODY
from threepoint.model_core.evaluation.plausibility import LIMITS, plausibility
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from threepoint.tools.support.checkout import SHARED

FPS = 60.0


@pytest.fixture(scope="module")
def person():
    """Rest joints and the sole's height of the mean person."""
    body = load_body()
    return body.rest_joints(np.zeros(10))[:22], float(body.sole(np.zeros(10)))


def standing(person, frames=120):
    """Local rotations and pelvis positions of somebody who stands in T-pose."""
    rest, sole = person
    rotations = np.tile(np.eye(3), (frames, 22, 1, 1))
    return rotations, np.tile(rest[0] - [0, sole, 0], (frames, 1))


def test_somebody_who_stands_is_human_in_everything(person):
    row = plausibility(*standing(person), *person, FPS)
    assert set(LIMITS) < set(row) and row["seconds"] == row["still_seconds"] == 2.0
    assert all(row[name] <= limit.most for name, limit in LIMITS.items())


@pytest.mark.parametrize(
    ("joint", "axis_angle", "column"),
    [(20, (0, 0, -1.5), "wrist_over_75"), (21, (1.2, 0, 0), "twist_over_60"), (18, (0, 0, -1.6), "in_torso")],
)
def test_what_no_human_does_is_seen(person, joint, axis_angle, column):
    rotations, translation = standing(person)
    rotations[:, joint] = axis_angle_to_matrix(np.array(axis_angle, float))
    if column == "in_torso":
        rotations[:, 16] = axis_angle_to_matrix(np.array([0, 0, -1.3]))
    assert plausibility(rotations, translation, *person, FPS)[column] > LIMITS[column].most


def test_feet_that_slide_or_hover_under_a_still_head_are_seen(person):
    rotations, translation = standing(person)
    swing = 0.05 * np.sin(np.arange(120) / FPS * 2 * np.pi)
    for hip, ankle in ((1, 7), (2, 8)):
        rotations[:, hip] = axis_angle_to_matrix(np.outer(swing, [1.0, 0, 0]))
        rotations[:, ankle] = axis_angle_to_matrix(np.outer(-swing, [1.0, 0, 0]))
    row = plausibility(rotations, translation, *person, FPS)
    assert row["still_ankles"] > LIMITS["still_ankles"].most and row["still_sliding"] > LIMITS["still_sliding"].most
    assert plausibility(rotations, translation + [0, 0.05, 0], *person, FPS)["hovering"] == 100


@pytest.mark.skipif(not (SHARED / "instruments" / "plausibility.py").exists(), reason="needs ../shared")
def test_it_agrees_with_the_instrument(person, make_clip, tmp_path):
    spec = importlib.util.spec_from_file_location("instrument", SHARED / "instruments" / "plausibility.py")
    instrument = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(instrument)
    clip, rng = make_clip(200), np.random.default_rng(0)
    rest, sole = person
    noise = np.cumsum(rng.normal(0, 0.03, (200, 22, 3)), 0)
    rotations = clip.rotations() @ axis_angle_to_matrix(noise)
    turned = rotations.copy()
    turned[:, 0] = MODEL_TO_AMASS @ turned[:, 0]
    poses = np.concatenate([matrix_to_axis_angle(turned).reshape(200, -1), np.zeros((200, 6))], 1)
    pelvis = clip.translation @ MODEL_TO_AMASS.T
    np.savez(tmp_path / "motion.npz", poses=poses, trans=pelvis - rest[0], betas=np.zeros(10), mocap_framerate=FPS)
    expected = instrument.measure(DEFAULT_BODY, tmp_path / "motion.npz")
    found = plausibility(rotations, clip.translation, rest, sole, FPS)
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-5, abs=1e-4)
    assert set(found) == set(expected)
