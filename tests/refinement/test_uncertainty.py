"""Uncertainty is the spread of drawn poses, in metres, at a few vertices that speak for all."""

import numpy as np
import pytest
import torch
from vertex_uncertainty import at_vertices

from threepoint.model_core.body import skin
from threepoint.model_core.body.probes import body_weights, choose_probes
from threepoint.model_core.flag.evidence import gather_evidence
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.skeleton import MIRRORED, TRACKED_JOINTS
from threepoint.model_core.observation import Observation
from threepoint.model_core.pins import Pin
from threepoint.model_core.pipeline.pins import held_joints
from threepoint.model_core.refinement.body_trackers import TRACKER_SIGMAS, BodyTrackers, tracker_information
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.pinning.bring import bring_to_pins
from threepoint.model_core.refinement.uncertainty import (
    EVERY,
    calibrate,
    draw_noise,
    fit_calibration,
    hand_states,
    interpolate,
    measure_uncertainty,
    sample_sigma,
    sampled_frames,
)

RED = 0.08
"""Metres from which Blender's default colours have left yellow for red."""


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    model.pose.scale.fill_(0.2)
    return model.eval().requires_grad_(False)


@pytest.fixture
def observation(make_clip):
    world, joints = make_clip(33).world()
    tracked = list(TRACKED_JOINTS)
    return Observation(world[:, tracked], joints[:, tracked], np.ones((33, 3), bool), np.zeros(10))


def evidence_of(model, observation, body, frames=slice(None)):
    seen = [torch.from_numpy(v[frames]).float() for v in (observation.rotations, observation.positions)]
    valid = torch.from_numpy(observation.valid[frames])
    return gather_evidence(model, *seen, valid, torch.from_numpy(body.rest_joints(np.zeros(10))[:22]).float())


def test_probes_hold_what_a_computation_of_every_vertex_gives(model, observation, body):
    found = measure_uncertainty(model, observation, body, samples=6)
    assert found.probes.shape == (33, 128) and np.isfinite(found.probes).all()
    evidence = evidence_of(model, observation, body, slice(4, 5))
    noise, whole = draw_noise(6, model.pose.scale), body.like(model.pose.scale)
    everywhere = sample_sigma(model, evidence, noise, lambda r, t: skin(whole, r, t, torch.zeros(10)))[0].numpy()
    spread_over = at_vertices(found, 4)
    assert np.abs(spread_over - everywhere).mean() < 0.04 * everywhere.mean()
    assert np.corrcoef(spread_over, everywhere)[0, 1] > 0.98


def test_trained_uncertainty_is_within_two_percent_of_that_of_every_vertex(observation, body, networks):
    flag, betas = networks.flag, torch.zeros(10)
    vertices, index, weight = choose_probes(body)
    evidence = evidence_of(flag, observation, body, slice(0, 33, 8))
    evidence.valid[1, 1] = evidence.valid[2, 2] = 0
    noise, whole = draw_noise(16, flag.pose.scale), body.like(flag.pose.scale)
    with torch.no_grad():
        everywhere = sample_sigma(flag, evidence, noise, lambda r, t: skin(whole, r, t, betas)).numpy()
    difference = np.abs((everywhere[:, vertices][:, index] * weight).sum(-1) - everywhere)
    assert difference.mean() < 0.02 * everywhere.mean()
    assert (difference.mean(1) < 0.025 * everywhere.mean(1)).all(), "every frame"


def test_no_spread_without_sigma_and_more_with_more(model, observation, body):
    evidence = evidence_of(model, observation, body)
    noise, points = draw_noise(4, model.pose.scale), lambda local, shift: shift[..., None, :] + local[..., 0]

    def spread(log_sigma):
        wide = gather_evidence_with(evidence, log_sigma)
        return sample_sigma(model, wide, noise, points).mean().item()

    assert spread(-30.0) < 1e-5
    assert spread(-30.0) < spread(-2.0) < spread(-1.0)


def gather_evidence_with(evidence, log_sigma):
    wide = evidence.take(torch.arange(len(evidence.mean)))
    wide.log_sigma.fill_(log_sigma)
    return wide


def test_draws_are_balanced_and_repeatable():
    like = torch.zeros(66)
    torch.testing.assert_close(draw_noise(8, like).sum(0), torch.zeros(66), atol=1e-5, rtol=0)
    assert (draw_noise(8, like, 3) == draw_noise(8, like, 3)).all()
    assert draw_noise(5, like).shape == (5, 66)


def test_calibration_turns_spread_into_the_error_it_goes_with(model):
    generator = torch.Generator().manual_seed(0)
    spread = torch.rand(4000, 22, generator=generator) * 0.1
    error = 0.01 + 0.5 * spread + 0.01 * torch.randn(4000, 22, generator=generator)
    even = torch.full((4000,), 1 / 4000)
    gain, offset = fit_calibration(spread, error, even)
    torch.testing.assert_close(gain, torch.full((22,), 0.5), atol=0.03, rtol=0)
    torch.testing.assert_close(offset, torch.full((22,), 0.01), atol=2e-3, rtol=0)
    assert (fit_calibration(spread, 0.1 - spread, even)[0] == 0).all()
    gain, offset = fit_calibration(spread, (2 * spread - 0.05).clamp_min(0), even)
    assert (offset == 0).all() and (gain > 0).all()
    error[:2000] = 0.5  # Frames that do not count may be as wrong as they like.
    first_half_out = torch.cat([torch.zeros(2000), torch.full((2000,), 1 / 2000)])
    torch.testing.assert_close(
        fit_calibration(spread, error, first_half_out)[0], torch.full((22,), 0.5), atol=0.04, rtol=0
    )


def test_a_lost_hand_has_gains_of_its_own(model):
    valid = torch.tensor([[1, 1, 1], [1, 0, 1], [1, 1, 0], [1, 0, 0]])
    assert hand_states(valid).tolist() == [0, 1, 2, 3]
    shares = torch.zeros(2, 22)
    shares[0, 20], shares[1, 20], shares[1, 21] = 1, 0.5, 0.5
    other = Flag(CONFIGS["smoke"])
    other.uncertainty_gain[1:, 20] = torch.tensor([3.0, 1.0, 5.0])
    other.uncertainty_offset[2, 21] = 0.1
    expected = torch.tensor([[0.02, 0.02], [0.06, 0.04], [0.02, 0.07], [0.10, 0.06]])
    torch.testing.assert_close(calibrate(other, torch.full((4, 2), 0.02), shares, valid), expected)


@pytest.mark.parametrize("hand, lost_wrist, seen_wrist", [(1, 20, 21), (2, 21, 20)])
def test_a_hand_out_of_view_makes_that_arm_red_and_no_other(observation, body, networks, hand, lost_wrist, seen_wrist):
    observation.valid[:, hand] = False
    found = measure_uncertainty(networks.flag, observation, body, samples=8)
    follows = body_weights(body)[choose_probes(body)[0]]
    unsure = {joint: found.probes[:, follows[:, joint] > 0.9].mean() for joint in (lost_wrist, seen_wrist)}
    assert unsure[lost_wrist] > RED, "metres"
    assert unsure[seen_wrist] < 0.01
    forearm = found.probes[:, follows[:, lost_wrist - 2] > 0.5].mean()
    assert forearm > 0.6 * RED


def test_a_tracked_foot_makes_its_leg_surer_and_no_other(observation, body, networks):
    valid = torch.zeros(33, 1)
    valid[16:] = 1
    trackers = BodyTrackers((7,), torch.eye(3).repeat(33, 1, 1, 1), torch.zeros(33, 1, 3), valid)
    alone = measure_uncertainty(networks.flag, observation, body, samples=8).probes
    beside = measure_uncertainty(networks.flag, observation, body, samples=8, body_trackers=trackers).probes
    follows = body_weights(body)[choose_probes(body)[0]]

    def ratio(joint):
        some = follows[:, joint] > 0.9
        return beside[16:, some].mean() / alone[16:, some].mean()

    assert ratio(7) < 0.8 and ratio(4) < 0.95
    assert all(ratio(joint) == pytest.approx(1, abs=1e-6) for joint in (5, 8, 19, 20))
    untouched = 16 - EVERY + 1
    np.testing.assert_array_equal(beside[:untouched], alone[:untouched])


def test_a_pin_tells_where_its_joint_is_as_a_tracker_does(make_clip):
    clip = make_clip(33)
    motion = Unrefined(torch.as_tensor(clip.rotations()).float(), torch.as_tensor(clip.translation).float(),
                       torch.ones(33, 4))  # fmt: skip
    place = tuple((clip.world()[1][15, 7] + [0.02, 0.0, 0.03]).tolist())
    joints = torch.as_tensor(clip.world()[1]).float()
    held = held_joints((Pin("left_ankle", (0.25,), (place,), reach=0.15),), np.zeros(3), joints)
    told = bring_to_pins(motion, clip.rest_joints, held).body_trackers
    valid = told.valid[:, 0].numpy()
    assert told.joints == (7,) and valid[15] == 1 and valid[[0, -1]].max() == 0
    assert np.diff(valid[:16]).min() >= 0 >= np.diff(valid[15:]).max()
    np.testing.assert_allclose(told.positions[15, 0].numpy(), place, atol=0.005)


def test_what_trackers_tell_adds_up_and_is_mirrored():
    trackers = BodyTrackers(
        (0, 7, 8), torch.eye(3).repeat(2, 3, 1, 1), torch.zeros(2, 3, 3), torch.tensor([[1.0, 1, 1], [0, 0, 0]])
    )
    information = tracker_information(trackers)
    assert (information[1] == 0).all() and (information[0, [20, 21]] == 0).all()
    torch.testing.assert_close(information[0], information[0, list(MIRRORED[:22])])
    torch.testing.assert_close(information[0, 1], torch.tensor(TRACKER_SIGMAS[0][1] ** -2 + TRACKER_SIGMAS[7][1] ** -2))


def test_frames_on_either_side_of_a_loss_are_measured():
    valid = np.ones((40, 3), bool)
    valid[19:30, 1] = False
    assert sampled_frames(valid).tolist() == [0, 8, 16, 18, 19, 24, 29, 30, 32, 39]
    assert sampled_frames(valid[:1]).tolist() == [0]


def test_uncertainty_jumps_where_a_hand_is_lost(observation, body, networks):
    """What lies between sampled frames does not smear a loss over the frames before it."""
    observation.valid[19:, 1] = False
    model, alone = networks.flag, observation.first(19)
    before = measure_uncertainty(model, observation, body, samples=4).probes[:19]
    np.testing.assert_allclose(before, measure_uncertainty(model, alone, body, samples=4).probes, atol=1e-6)


def test_frames_between_the_measured_ones_lie_between():
    values = torch.tensor([[0.0], [2.0], [3.0]])
    frames = torch.tensor([0, 2, 3])
    assert interpolate(values, frames, 4).flatten().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert interpolate(values[:1], frames[:1], 1).tolist() == [[0.0]]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_recordings_have_uncertainty_too(model, observation, body, count):
    assert measure_uncertainty(model, observation.first(count), body, samples=2).probes.shape == (count, 128)


def test_work_can_be_cancelled(model, observation, body):
    def stop(fraction, stage):
        raise InterruptedError(stage)

    with pytest.raises(InterruptedError, match="uncertainty"):
        measure_uncertainty(model, observation, body, samples=2, progress=stop)
