"""What tests of several formats need: angles as programs write them, and whether two recordings are the same."""

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import quaternion_to_matrix

ROLES = ("head", "left_hand", "right_hand")


def euler(rotation, order):
    """Degrees about x, y, z (N, 3) of quaternions (N, 4) for the orders YXZ and XZY."""
    m = quaternion_to_matrix(rotation)
    if order == "YXZ":
        x, y, z = np.arcsin(-m[:, 1, 2]), np.arctan2(m[:, 0, 2], m[:, 2, 2]), np.arctan2(m[:, 1, 0], m[:, 1, 1])
    else:
        z, x, y = np.arcsin(-m[:, 0, 1]), np.arctan2(m[:, 2, 1], m[:, 1, 1]), np.arctan2(m[:, 0, 2], m[:, 0, 0])
    return np.degrees(np.stack([x, y, z], -1))


def assert_same(again, recording, atol=1e-4):
    assert again.duration == pytest.approx(recording.duration, abs=1e-3)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position, track.position, atol=atol, err_msg=role)
        same = np.abs((again.tracks[role].rotation * track.rotation).sum(-1))
        np.testing.assert_allclose(same, 1, atol=atol, err_msg=role)


def texts(recording):
    """The recording's notes in words."""
    return [str(note) for note in recording.warnings]
