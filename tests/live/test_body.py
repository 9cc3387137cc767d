"""The live body with the weights that come with Threepoint: on its trackers, in human limits, without leaps."""

import numpy as np
import pytest
import torch
from live_packets import disturbed

from threepoint.model_core.calibration import Calibration, preset_offsets
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle
from threepoint.model_core.geometry.skeleton import ANKLES, TRACKED_JOINTS, WRISTS
from threepoint.model_core.live.arms import LiveArms
from threepoint.model_core.live.body import LiveBody, follow
from threepoint.model_core.live.calibrating import RunningCalibration
from threepoint.model_core.live.session import LiveSession
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.observation import Observation
from threepoint.model_core.refinement.closed_form.arms import meet_hand, reaching_arms
from threepoint.model_core.refinement.closed_form.elbows import Trunk, swivel_costs
from threepoint.model_core.refinement.closed_form.legs import bent_legs
from threepoint.model_core.sage.model import load_sage

FASTEST = 6.0
"""Metres a second of any joint."""


@pytest.fixture(scope="module")
def sage():
    return load_sage()


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(60)


def observed(clip, valid=None):
    world, joints = clip.world()
    seen = np.ones((len(clip), 3), bool) if valid is None else valid
    tracked = list(TRACKED_JOINTS)
    return Observation(world[:, tracked].astype(np.float32), joints[:, tracked].astype(np.float32), seen, np.zeros(10))


def posed(found, clip):
    rotations, translation = found.rotations.double().numpy(), found.translation.double().numpy()
    return forward_kinematics(rotations, translation, clip.rest_joints)


def test_head_and_hands_are_on_their_trackers(sage, clip):
    seen = observed(clip)
    world, joints = posed(follow(sage, seen, clip.rest_joints), clip)
    away = np.linalg.norm(joints[:, list(TRACKED_JOINTS)] - seen.positions, axis=-1)
    assert away.max() < 2e-3, "metres"
    turned = np.degrees(geodesic_angle(world[:, list(TRACKED_JOINTS)], seen.rotations.astype(np.float64)))
    assert turned[:, 0].max() < 0.5 and np.median(turned[:, 1:]) < 5
    assert 60 * np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < FASTEST


def test_a_hand_that_is_lost_and_found_does_not_leap(sage, clip):
    valid = np.ones((len(clip), 3), bool)
    valid[15:35, 1] = False
    _, joints = posed(follow(sage, observed(clip, valid), clip.rest_joints), clip)
    assert 60 * np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < FASTEST
    away = np.linalg.norm(joints[-1, list(TRACKED_JOINTS)] - observed(clip).positions[-1], axis=-1)
    assert away.max() < 2e-3, "it is met again"


def test_a_head_that_is_found_elsewhere_is_met_without_a_leap(sage, clip):
    body, seen = LiveBody(sage, clip.rest_joints), observed(clip)
    joints = []
    for frame in range(50):
        there = seen.positions[frame] + ([0.3, 0, 0] if frame > 20 else [0.0, 0, 0])
        valid = np.array([not 10 < frame <= 20, True, True])
        joints.append(body.step(seen.rotations[frame], there, valid).joints)
    assert 60 * np.linalg.norm(np.diff(joints, axis=0), axis=-1)[:, 15].max() < FASTEST
    assert np.linalg.norm(joints[-1][15] - there[0]) < 1e-3


def test_an_elbow_swivels_in_no_haste_whatever_the_hand_does(clip):
    """Hands that spin about themselves ask for swivels that change from frame to frame."""
    arms, random, elbows = LiveArms(clip.rest_joints), np.random.default_rng(3), []
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    for _ in range(40):
        turned = world[0, tracked] @ axis_angle_to_matrix(random.normal(0, 1.5, (3, 3)) * [[0], [1], [1]])
        body = clip.rotations()[0], world[0], joints[0]
        solved = arms.step(*body, turned, joints[0, tracked], np.ones(3, bool))
        _, found = forward_kinematics(solved, clip.translation[0], clip.rest_joints)
        elbows.append(found[[18, 19]])
    assert 60 * np.linalg.norm(np.diff(elbows, axis=0), axis=-1).max() < FASTEST


def test_packets_that_are_lost_doubled_and_swapped_make_nothing_leap(sage, body, make_recording):
    moments = disturbed(list(moments_of(make_recording(1.0, 90.0))), 4)
    given = Calibration(np.zeros(10), 0.0, {"head": head_offset(1.0), **preset_offsets("grip")})
    frames = LiveSession(sage, RunningCalibration(body, "grip", given=given)).feed(moments)
    joints = np.stack([frame.joints for frame in frames])
    assert len(frames) > 50 and 60 * np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < FASTEST


def test_numpy_and_torch_find_the_same_arms_and_legs(clip):
    """A stream's single frames, and a motion's tensors: one closed form."""
    world, joints = clip.world()
    reached = joints[:, list(WRISTS)] + [0.05, -0.04, 0.1]
    stood = joints[:, list(ANKLES)] + [0.0, 0.03, 0.05]
    hands, swivels = world[:, list(WRISTS)], np.linspace(-0.5, 0.5, len(clip))
    tensors = [torch.from_numpy(part) for part in (world, joints, reached, clip.rest_joints)]
    arms = reaching_arms(*tensors, ease=lambda bend: bend)
    legs = bent_legs(*tensors[:2], torch.from_numpy(stood), torch.from_numpy(world[:, list(ANKLES)]))
    for frame in range(0, len(clip), 7):
        one = slice(frame, frame + 1)
        alone = reaching_arms(world[one], joints[one], reached[one], clip.rest_joints, lambda bend: bend)
        side_by_side = meet_hand(
            alone, hands[one], swivels[one, None], clip.rest_joints, np.arange(2), lambda twist: twist
        )
        for side in range(2):
            several, single = arms.of(side), alone.of(side)
            met = meet_hand(single, hands[one, side], swivels[one], clip.rest_joints, side, lambda twist: twist)
            np.testing.assert_allclose(np.stack(met), np.stack(side_by_side)[:, :, side], atol=1e-9)
            turned = torch.from_numpy(hands[one, side]), torch.from_numpy(swivels[one])
            again = meet_hand(several.take(torch.tensor([frame])), *turned, tensors[3], side, lambda twist: twist)
            np.testing.assert_allclose(np.stack(met), torch.stack(again).numpy(), atol=1e-6)
            trunks = Trunk.of(world[one], joints[one]), Trunk.of(*tensors[:2]).take(torch.tensor([frame]))
            costs = swivel_costs(single, hands[one, side], trunks[0], side)
            others = swivel_costs(several.take(torch.tensor([frame])), turned[0], trunks[1], side)
            np.testing.assert_allclose(costs, others.numpy(), atol=1e-5)
        bent = bent_legs(world[one], joints[one], stood[one], world[one][:, list(ANKLES)])
        np.testing.assert_allclose(np.stack(bent), torch.stack(legs)[:, one].numpy(), atol=1e-9)
