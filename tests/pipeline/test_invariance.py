"""The same motion to a tenth of a millimetre: again, later, elsewhere, turned about, and of a recording's beginning."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate_by_preset, find_person
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import quaternion_to_matrix, rotation_about_y
from threepoint.model_core.observation import FPS
from threepoint.model_core.pipeline import Options, animate, calibrate, model_frame, observe, solve_pose
from threepoint.model_core.recordings import read
from threepoint.model_core.refinement.look_ahead import LOOK_AHEAD
from threepoint.tests.recordings.samples import walking_person

pytestmark = pytest.mark.slow

WITHIN = 1e-4
"""Metres."""
SECONDS, LONG, BEGINNING = 1.0, 8.0, 5.5
REACH = 240
"""Frames of a window."""
SURE = 60
"""Frames of a beginning that are far enough from its end."""


@pytest.fixture(scope="module")
def joints_of(make_recording, networks):
    """The joints (T, 22, 3) of a recording's motion; once for each that is asked for."""
    calibration = calibrate(model_frame(make_recording(SECONDS)), Options(device="cpu"), networks)

    def joints(recording, refinement):
        options = Options(device="cpu", uncertainty=False, refinement=refinement, calibration=calibration)
        motion = animate(recording, options, networks=networks)
        rest = load_body().rest_joints(motion.betas)[:22]
        rotations = quaternion_to_matrix(motion.rotations.astype(float))
        return forward_kinematics(rotations, motion.translation.astype(float), rest)[1]

    return joints


@pytest.fixture(scope="module", params=[0.0, 1.0], ids=["predicted", "refined"])
def first(request, joints_of, make_recording):
    return request.param, joints_of(make_recording(SECONDS), request.param)


def test_it_is_the_same_to_the_last_bit_when_it_is_made_again(first, joints_of, make_recording):
    refinement, joints = first
    np.testing.assert_array_equal(joints_of(make_recording(SECONDS), refinement), joints)


@pytest.mark.parametrize("seconds", [1e5, 1.7e9])
def test_a_clock_that_began_earlier_changes_nothing(first, joints_of, make_recording, seconds):
    refinement, joints = first
    recording = make_recording(SECONDS)
    later = joints_of(replace(recording, time=recording.time + seconds), refinement)
    assert np.abs(later - joints).max() < WITHIN


@pytest.mark.parametrize("metres", [(100.0, 0, -50.0), (900.0, 0, -400.0)])
def test_far_away_and_turned_about_it_is_the_same(first, joints_of, make_recording, metres):
    refinement, joints = first
    turn, move = rotation_about_y(np.radians(np.array(77.0))), np.array(metres)
    # X and Z of the model are OpenXR's the other way round.
    elsewhere = joints_of(make_recording(SECONDS, turn=77, move=move), refinement) + move
    assert np.abs(elsewhere - joints @ turn.T).max() < WITHIN


def test_the_beginning_of_a_recording_is_predicted_as_in_the_whole(joints_of, make_recording):
    """Up to where a window of the network reaches beyond the end."""
    recording = make_recording(LONG)
    whole, beginning = joints_of(recording, 0.0), joints_of(recording.part(0, BEGINNING), 0.0)
    sure = len(beginning) - REACH
    assert sure >= SURE and np.abs(beginning[:sure] - whole[:sure]).max() < WITHIN


@pytest.mark.parametrize("who", ["walker", "player"])
def test_the_beginning_of_a_recording_is_refined_as_in_the_whole(networks, request, who):
    """Up to the stated look-ahead: feet stand where the next seconds say, whatever comes later."""
    body, count = load_body(), LOOK_AHEAD + SURE
    if who == "walker":
        recording = walking_person(2 + count / FPS, FPS)
    else:
        recording = read(request.getfixturevalue("shared") / "hmd" / "bsor" / "mgplus_usab0_0.bsor")
        recording = recording.part(0, 2 + count / FPS)
    placed = model_frame(recording)
    seen = observe(placed, calibrate_by_preset(placed, body, "grip", find_person(placed, body)))
    rest, found = body.rest_joints(seen.betas)[:22], []
    for part in (seen.first(count + 60), seen.first(count)):
        refined = solve_pose(part, rest, Options(device="cpu"), networks)
        parts = refined.rotations.double().numpy(), refined.translation.double().numpy()
        found.append(forward_kinematics(*parts, rest)[1])
    whole, beginning = found
    assert np.abs(beginning[:SURE] - whole[:SURE]).max() < WITHIN
