"""What posture networks and their error samples are made of: trackers worn anyhow, steps, and people kept apart."""

import importlib

import numpy as np
import pytest

from threepoint.model_core.calibration.posture import STRIDE, TRAITS, load_networks

motion = importlib.import_module("threepoint.tools.training.posture_motion")
samples = importlib.import_module("threepoint.tools.training.posture_samples")
training = importlib.import_module("threepoint.tools.training.posture")


@pytest.fixture(scope="module")
def sway(make_clip):
    return motion.motion_of(make_clip(240))


def people(sway, count):
    """The same motion of several people."""
    return [motion.Motion(**{**vars(sway), "person": str(number)}) for number in range(count)]


def test_a_motion_is_shown_with_trackers_worn_anyhow_and_its_true_height(sway):
    rng = np.random.default_rng(0)
    first, second = motion.observe_motion(sway, rng), motion.observe_motion(sway, rng)
    np.testing.assert_array_equal(first[1], np.log(sway.heads[::STRIDE, 1] / sway.rest))
    assert len(first[0]) == len(first[1]) and not np.allclose(first[0][:, -3:], second[0][:, -3:])
    np.testing.assert_array_equal(first[0][:, :9], second[0][:, :9])


def test_frames_with_the_head_below_the_ground_are_not_shown(sway):
    """Somebody who swings from a bar in a clip whose floor is the bar's: no height to learn from, and no logarithm."""
    heads = sway.heads.copy()
    heads[:120, 1] = -1.2
    hanging = motion.Motion(**{**vars(sway), "heads": heads})
    inputs, heights = motion.observe_motion(hanging, np.random.default_rng(0))
    assert len(inputs) == len(heights) == 120 // STRIDE and np.isfinite(heights).all()


def test_steps_lift_who_goes_and_nobody_who_stays(sway):
    rng = np.random.default_rng(1)
    way = np.linspace(0, 20, 1200)[:, None] * [0, 0, 1.0] + [0, 1.5, 0]
    grounds = np.array([motion.stepped_ground(way, rng) for _ in range(20)])
    assert (
        (grounds >= -1e-9).all()
        and grounds.max() <= motion.HIGHEST_STEP
        and (np.ptp(grounds, axis=1) > 0.01).mean() > 0.8
    )
    assert (motion.stepped_ground(np.tile([0, 1.5, 0], (100, 1)), rng) == 0).all()


def test_everybody_is_judged_by_networks_without_them(sway):
    asked = []
    folds = samples.deal([str(number) for number in range(5)], 2)
    assert folds == [["0", "2", "4"], ["1", "3"]]

    def networks_without(fold):
        asked.append(fold)
        return load_networks()

    found = samples.gather_error_samples(people(sway, 5), networks_without, folds, np.random.default_rng(0))
    assert asked == folds and set(found.people) == set(range(5))
    assert found.traits.shape == (len(found.errors), len(TRAITS)) and np.abs(found.errors).max() < 0.5
    per_person = 1 + round(samples.STRETCHES * np.sqrt(len(sway.heads) / 60))
    assert (np.bincount(found.people) == per_person).all()


def test_people_on_uneven_ground_are_left_out_of_the_training(sway):
    uneven = motion.Motion(**{**vars(sway), "person": "climber", "uneven": True})
    inputs, heights, names = training.gather([sway, uneven], np.random.default_rng(0))
    assert set(names) == {sway.person} and len(inputs) == len(heights) == len(names)


def test_who_was_captured_longer_counts_for_less_a_frame():
    weights = training.fair_weights(np.array(["a"] * 4 + ["b"]))
    np.testing.assert_allclose(weights, [0.5] * 4 + [1])
