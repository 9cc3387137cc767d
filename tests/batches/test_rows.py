"""Rows of a batch hold motions so that joints come back within a tenth of a millimetre, and say the rest as it was."""

import numpy as np
import pytest

from threepoint.model_core.amass_writer import amass_arrays
from threepoint.model_core.batches.rows import BatchRow, columns_of, motion_of, row_of
from threepoint.model_core.calibration import Calibration, Offset
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_to_matrix
from threepoint.model_core.motion import Motion

WITHIN = 1e-4
"""Metres."""


@pytest.fixture(scope="module")
def motion(body):
    """A person who tumbles: every joint turns by up to half a turn, metres from the origin."""
    rng, frames = np.random.default_rng(3), 90
    phase = np.linspace(0, 3, frames)[:, None, None]
    turned = np.pi * np.sin(phase + rng.normal(0, 2, (1, 22, 3))) / np.sqrt(3)
    return Motion(
        fps=60.0,
        rotations=axis_angle_to_quaternion(turned).astype(np.float32),
        translation=(rng.normal(0, 5, (1, 3)) + np.sin(phase[:, 0])).astype(np.float32),
        betas=np.linspace(-1, 1, 10).astype(np.float32),
        start=12.5,
        floor=-0.2,
        contacts=rng.uniform(0, 1, (frames, 4)).astype(np.float32),
    )


def joints(motion, body):
    rotations = quaternion_to_matrix(motion.rotations.astype(float))
    return forward_kinematics(rotations, motion.translation.astype(float), body.rest_joints(motion.betas)[:22])[1]


def test_a_motion_comes_back_from_its_amass_arrays(motion, body):
    again = motion_of(amass_arrays(motion, body, "own"), body, motion.floor)
    assert np.abs(joints(again, body) - joints(motion, body)).max() < 1e-5
    assert (again.fps, again.start, again.floor) == (motion.fps, motion.start, motion.floor)


def test_a_row_comes_back_from_its_columns(motion, body):
    offsets = {"head": Offset(np.array([1.0, 0, 0, 0]), np.array([0, -0.1, 0.0]))}
    calibration = Calibration(np.zeros(10), -0.2, offsets, stature_error=0.03)
    fingers = np.random.default_rng(1).normal(0, 0.3, (90, 90)).astype(np.float32)
    row = BatchRow("a/b.csv", "a", "ok", "", 1.5, calibration, {"hovering": 0.5}, ("said",), motion, fingers)
    columns = columns_of(row, body)
    assert columns["poses"].dtype == np.int32 and len(columns["poses"]) == 156 * 90
    again = row_of(columns, body)
    assert np.abs(joints(again.motion, body) - joints(motion, body)).max() < WITHIN
    np.testing.assert_allclose(again.finger_poses, fingers, atol=2e-5)
    np.testing.assert_allclose(again.motion.contacts, motion.contacts, atol=0.5 / 255 + 1e-6)
    assert again.motion.floor == calibration.floor and again.calibration.stature_error == 0.03
    assert (again.id, again.player, again.status, again.notes) == ("a/b.csv", "a", "ok", ("said",))
    assert again.figures == {"hovering": 0.5}


def test_an_error_has_a_row_without_a_motion(body):
    row = BatchRow("broken.csv", status="error", error="broken.csv: is empty")
    columns = dict.fromkeys(("frames", "poses", "trans", "contacts")) | columns_of(row, body)
    again = row_of(columns, body)
    assert again == row
