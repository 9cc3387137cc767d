"""Recordings that share batches move as they do alone, to a tenth of a millimetre."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate_by_preset, find_person
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.pipeline import Options, model_frame, observe, solve, solve_all
from threepoint.model_core.window_blending import blend_sequences

WITHIN = 1e-4
"""Metres."""
PEOPLE = ((1.7, 1.62), (0.6, 1.9), (2.4, 1.75))
"""Seconds, and statures in metres: longer than a window, shorter, and of several."""


@pytest.fixture(scope="module")
def recorded(make_recording):
    """Observations and calibrations of people of different size."""
    body, found = load_body(), []
    for number, (seconds, stature) in enumerate(PEOPLE):
        placed = model_frame(make_recording(seconds, turn=70.0 * number))
        person = find_person(placed, body, stature=stature)
        calibration = calibrate_by_preset(placed, body, "grip", person)
        found.append((observe(placed, calibration), calibration))
    return found


def joints(motion):
    rest = load_body().rest_joints(motion.betas)[:22]
    rotations = quaternion_to_matrix(motion.rotations.astype(float))
    return forward_kinematics(rotations, motion.translation.astype(float), rest)[1]


@pytest.mark.slow
@pytest.mark.parametrize(("take", "within"), [(0, WITHIN), (1, 3 * WITHIN)], ids=["most likely", "take"])
def test_what_shares_the_batch_changes_nothing(recorded, networks, take, within):
    """Refinement multiplies what rounding makes different, of a take, which is farther from the likeliest, more."""
    options = Options(device="cpu", uncertainty=False, take=take)
    together = solve_all(*map(list, zip(*recorded, strict=True)), options, networks)
    for (observation, calibration), shared in zip(recorded, together, strict=True):
        alone = solve(observation, calibration, options, networks)
        assert shared.frame_count == observation.frame_count
        assert np.abs(joints(shared) - joints(alone)).max() < within
        assert list(map(str, shared.notes)) == list(map(str, alone.notes))


def test_windows_of_sequences_share_batches_and_none_is_lost():
    counts, seen = [200, 5, 48, 100, 5], []

    def forward(places, window):
        seen.append((len(places), window, len({sequence for sequence, _ in places})))
        return torch.stack([
            torch.stack([1000.0 * sequence + torch.arange(start, start + window)], -1) for sequence, start in places
        ])  # fmt: skip

    found = blend_sequences(counts, 48, 36, forward, 8)
    for sequence, (count, values) in enumerate(zip(counts, found, strict=True)):
        torch.testing.assert_close(values[:, 0], 1000.0 * sequence + torch.arange(count), rtol=1e-6, atol=1e-3)
    assert max(people for _, _, people in seen) > 1 and sum(count for count, _, _ in seen) == 12


def test_alone_or_beside_others_a_sequence_is_blended_alike():
    def bias(start, window):
        return (start + torch.arange(window).float())[:, None] * (1 + start % 7)

    def blended(counts):
        def forward(places, window):
            return torch.stack([bias(start, window) for _, start in places])

        return blend_sequences(counts, 48, 36, forward, 3, length=13, hold_ends=True)[-1]

    torch.testing.assert_close(blended([60, 150]), blended([150]), rtol=0, atol=0)
