"""How real players hold their devices: near the presets, and alike from one half of a recording to the other."""

import numpy as np
import pytest

from threepoint.model_core.calibration import hand_prior
from threepoint.model_core.geometry.rotations import geodesic_angle, nearest_rotation, quaternion_to_matrix
from threepoint.model_core.pipeline import Options, calibrate
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.model_frame import model_frame

MIRROR = np.diag([-1.0, 1, 1])
APART = {
    "aframe/dev-recording.json": 15,
    "aframe/grabLeft.json": 15,
    "bsor/humanid_user0_ref.bsor": 15,
    "bsor/humanid_user1_ref.bsor": 15,
    "bsor/humanid_user3_ref.bsor": 15,
    "iwer/cap.json": 40,
}
"""Degrees between what is found in the first and in the second half of a recording, at most. The last changes from
controllers to bare hands in between."""


def held(recording, stature):
    """How the left hand is turned from its device, (3, 3): mean of both hands."""
    found = calibrate(model_frame(recording), Options(stature=stature))
    left, right = (quaternion_to_matrix(found.offsets[role].rotation) for role in ("left_hand", "right_hand"))
    return nearest_rotation(left + MIRROR @ right @ MIRROR)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "apart"), APART.items())
def test_presets_are_near_what_the_motion_says_and_both_halves_of_it_agree(shared, path, apart):
    recording = read(shared / "hmd" / path)
    middle = len(recording.time) // 2
    first, second = (held(recording.at(part), 1.75) for part in (slice(middle), slice(middle, None)))
    for found in (first, second):
        assert np.degrees(geodesic_angle(found, hand_prior(recording.device).rotation)) < 40
    assert np.degrees(geodesic_angle(first, second)) < apart
