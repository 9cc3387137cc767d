"""How real players hold their devices: near the presets, and alike from one half of a recording to the other."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import Calibration, hand_prior
from threepoint.model_core.geometry.rotations import geodesic_angle, nearest_rotation, quaternion_to_matrix
from threepoint.model_core.pipeline import Options, calibrate, hand_offsets
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.model_core.recordings.recording import Recording, Track
from threepoint.model_core.refinement.hand_offsets import HeldDevices

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


@pytest.mark.parametrize("seen_at_first", [True, False])
def test_the_second_round_sees_every_stretch_and_goes_on_from_the_first(monkeypatch, seen_at_first):
    """A hand that half of the stretches do not show is fitted to the others."""
    time, nobody = np.arange(0, 60, 0.1), Calibration(np.zeros(10), 0.0, {})
    still = Track(np.zeros((len(time), 3)), np.tile([1.0, 0, 0, 0], (len(time), 1)), np.ones(len(time), bool))
    recording = Recording(time, {"head": still, "left_hand": still}, "still", "touch")
    held = HeldDevices(
        torch.eye(3).expand(2, 3, 3), torch.zeros(2, 3), torch.zeros(2, 3), torch.eye(3), torch.zeros(13)
    )
    looked_at, begun_at = [], []

    def arms(stretches, *_):
        looked_at.append(len(stretches))
        return [object() if seen_at_first or len(looked_at) > 1 else None, None]

    def fit(arms, prior, size, seconds, before):
        begun_at.append(before)
        return held

    monkeypatch.setattr(hand_offsets, "_arms", arms)
    monkeypatch.setattr(hand_offsets, "fit_hand_offsets", fit)
    found = hand_offsets.fit_hands(model_frame(recording), nobody, "touch", load_body(), None)
    assert looked_at == [2, 4] and begun_at == ([None, held] if seen_at_first else [None])
    assert set(found.offsets) == {"left_hand", "right_hand"} and found.notes[-1].code == "hands_fitted"
