"""How tall a person is, from how the head moves: what does not depend on size, and what is no posture at all."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.calibration.height import height_evidence
from threepoint.model_core.calibration.person import find_person
from threepoint.model_core.calibration.posture import FPS, STRIDE, TRAITS, describe, estimate_height, load_networks
from threepoint.model_core.calibration.stature import GROWN_MEAN, GROWN_SIGMA, STATURES, estimate
from threepoint.model_core.recordings import Track
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.calibrating import calibrate, calibrate_as_grips

simulate_devices = importlib.import_module("threepoint.tools.simulation.devices")
STANDING = 1.47
"""Metres: a head joint's height at rest."""


def height_by(inputs, heights, head_ratio=STANDING / 1.70):
    """The ``Height`` of a person whose head joint is ``STANDING`` metres high at rest, as far as the head shows it."""
    evidence = height_evidence(inputs, np.log(heights))
    found = estimate(evidence, 1.6, np.zeros(len(STATURES)), head_ratio, True).stature
    return replace(found, **{name: head_ratio * value for name, value in vars(found).items()})


@pytest.fixture(scope="module")
def walk():
    """Head turns (T, 3, 3), heads (T, 3) and hands (T, 2, 3) of somebody who walks for ten seconds, roughly."""
    time = np.arange(600) / FPS
    heads = np.stack([0.02 * np.sin(6 * time), 1.45 + 0.02 * np.cos(12 * time), 1.2 * time], -1)
    hands = heads[:, None] + np.array([[0.3, -0.7, 0.1], [-0.3, -0.7, 0.1]])
    return np.tile(np.eye(3), (600, 1, 1)), heads, hands


def test_posture_is_described_alike_for_people_of_all_sizes(walk):
    turns, heads, hands = walk
    np.testing.assert_allclose(describe(turns, heads, hands), describe(turns, 1.15 * heads, 1.15 * hands), atol=1e-9)


def test_the_networks_tell_distributions(walk):
    inputs = describe(*walk)
    place, log_spread, log_weight = load_networks().mixture(inputs)
    np.testing.assert_allclose(np.exp(log_weight).sum(-1), 1)
    assert (np.exp(log_spread) > 0.005).all()
    # Who walks so is upright most of the time: the likeliest place is within five hundredths of the rest pose's height.
    likeliest = np.take_along_axis(place, log_weight.argmax(-1)[:, None], -1)
    assert np.abs(np.median(likeliest)) < 0.05


@pytest.mark.parametrize("size", [0.85, 1.0, 1.15])
def test_the_height_of_who_walks_is_found_whatever_it_is(walk, size):
    turns, heads, hands = walk
    found = height_by(describe(turns, heads, hands), size * heads[::STRIDE, 1])
    assert found.value / size == pytest.approx(STANDING, abs=0.03)
    assert 0.01 < found.error < 0.06


def test_flights_tell_how_somebody_jumps_and_not_how_tall_they_are(walk):
    turns, heads, hands = walk
    phase = np.arange(600) / FPS % 2.0
    rise = np.where(phase < 0.6, 3.0 * phase - 5.0 * phase**2, 0.0)[:, None] * [0, 1, 0]
    jumping = describe(turns, heads + rise, hands + rise[:, None])
    found = height_by(jumping, (heads + rise)[::STRIDE, 1])
    still = height_by(describe(*walk), heads[::STRIDE, 1])
    assert (heads + rise)[:, 1].max() > 1.85 and found.value == pytest.approx(still.value, abs=0.03)


def test_a_change_that_posture_does_not_explain_shows_in_the_traits(walk):
    turns, heads, hands = walk
    inputs, networks = describe(turns, heads, hands), load_networks()
    raised = np.log(heads[::STRIDE, 1] + np.where(np.arange(100) < 50, 0.0, 0.05))
    same, changed = (estimate_height(inputs, heights, networks)[1] for heights in (np.log(heads[::STRIDE, 1]), raised))
    assert TRAITS[-1] == "change" and changed[-1] > same[-1] + 0.5


def test_hands_that_are_not_seen_hinder_nothing(walk):
    turns, heads, hands = walk
    inputs = describe(turns, heads, np.full_like(hands, np.nan))
    assert height_by(inputs, heads[::STRIDE, 1]).value == pytest.approx(STANDING, abs=0.03)


def test_without_frames_the_prior_remains():
    found = height_by(np.zeros((0, 12)), np.zeros(0), 1.0)
    assert found.value == pytest.approx(GROWN_MEAN, abs=0.02)
    assert found.error == pytest.approx(GROWN_SIGMA, rel=0.1)
    assert (found.high - found.low) / 2 == pytest.approx(1.645 * GROWN_SIGMA, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_height_of_simulated_people_who_bend_their_knees_is_found(make_clip, body, seed):
    simulation = simulate_devices.simulate(make_clip(600), body, np.random.default_rng(seed))
    found = calibrate_as_grips(simulate_devices.without_t_pose(simulation), body)
    assert float(body.stature(found.betas)) == pytest.approx(float(body.stature(simulation.betas)), abs=0.04)
    assert found.stature_error is not None


def test_who_roams_stands_however_small(make_recording, body):
    recording = make_recording(20.0, move=(0, -0.42, 0))
    walked = np.linspace(0, 3, len(recording.time))[:, None] * [1.0, 0, 0]
    tracks = {role: Track(t.position + walked, t.rotation, t.valid) for role, t in recording.tracks.items()}
    seated, roaming = (find_person(model_frame(r), body) for r in (recording, replace(recording, tracks=tracks)))
    assert [any(note.code == "nobody_stands" for note in found.notes) for found in (seated, roaming)] == [True, False]
    assert float(body.stature(roaming.betas)) < 1.50 and 1.6 < float(body.stature(seated.betas)) < 1.85


def test_the_shortest_recording_is_calibrated(make_recording, body):
    recording = make_recording(1.0)
    found = calibrate(recording.at(slice(0, 2)), body)
    assert 1.5 < float(body.stature(found.betas)) < 2.0
