"""How tall somebody is by all that shows it: reach and head agree or are weighed, and doubt is said."""

import numpy as np
import pytest

from threepoint.model_core.calibration.height import ERRORS, HeightEvidence
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.calibration.reach import STRETCHED, FarReach, far_reaches, log_likelihood
from threepoint.model_core.calibration.stature import EXPLANATIONS, STATURES, estimate
from threepoint.model_core.recordings.model_frame import model_frame

HEAD_RATIO, MEAN = 0.868, 1.747


def evidence_of(stature, sigma):
    """The head shows this stature, with an error of this standard deviation as a logarithm."""
    density = np.exp(-0.5 * (ERRORS / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    return HeightEvidence(float(np.log(HEAD_RATIO * stature)), density)


def reach_of(stature, speed=4.0, seconds=30.0, drop=0.5):
    """The likelihood at ``STATURES`` of hands that are stretched out as those of somebody of this stature."""
    return log_likelihood([FarReach(STRETCHED * stature / MEAN, drop, speed)] * 2, seconds, STATURES / MEAN, 0.02)


def found_by(stature, sigma, reach, eyes=1.6, roams=True):
    return estimate(evidence_of(stature, sigma), eyes, reach, HEAD_RATIO, roams)


def test_reach_corrects_a_height_that_is_hardly_known_downward_as_well_as_up():
    short, same, tall = (found_by(1.75, 0.08, reach_of(stature)).stature for stature in (1.55, 1.75, 1.95))
    assert short.value < 1.68 and 1.85 < tall.value
    assert same.value == pytest.approx(1.75, abs=0.03) and same.error < found_by(1.75, 0.08, 0 * STATURES).stature.error


def test_a_height_that_is_known_well_is_not_overruled_by_short_reach_but_doubt_is_said():
    apart, together = (found_by(1.75, 0.01, reach_of(stature)).stature for stature in (1.5, 1.75))
    assert apart.value == pytest.approx(1.75, abs=0.03)
    assert apart.high - apart.low > together.high - together.low


def test_slow_hands_say_little():
    slow, fast = (reach_of(1.5, speed) for speed in (0.2, 4.0))
    at = [int(np.argmin(np.abs(STATURES - stature))) for stature in (1.5, 1.8)]
    assert fast[at[0]] - fast[at[1]] > 3 * (slow[at[0]] - slow[at[1]])


@pytest.mark.parametrize("stature", [0.9, 1.3, 2.3])
def test_people_of_any_size_are_found_where_head_and_reach_agree(stature):
    found = found_by(stature, 0.015, reach_of(stature), eyes=0.93 * stature).stature
    assert found.value == pytest.approx(stature, abs=0.05)
    assert found.low < stature < found.high


def test_who_stays_in_place_with_low_eyes_sits_and_who_roams_does_not():
    low = evidence_of(1.29, 0.02)
    seated, roaming = (estimate(low, 1.19, reach_of(1.7), HEAD_RATIO, roams) for roams in (False, True))
    assert seated.explanation == "sitting" and 1.6 < seated.stature.value < 1.8
    assert roaming.explanation in ("standing", "floor_shifted", "floor_unknown")


def test_a_floor_that_is_nowhere_near_is_unknown():
    far = estimate(HeightEvidence(float(np.log(500.0)), np.ones(len(ERRORS))), 500.0, 0 * STATURES, HEAD_RATIO, False)
    none = estimate(None, 0.05, 0 * STATURES, HEAD_RATIO, True)
    assert far.explanation == none.explanation == "floor_unknown" and EXPLANATIONS[-1] == "floor_unknown"
    assert none.stature.error == pytest.approx(0.13, abs=0.02)


def test_reach_is_measured_of_the_hands_that_are_seen(make_recording):
    placed = model_frame(make_recording(3.0))
    both = far_reaches(placed, head_offset(1.0), {})
    placed.tracks["left_hand"].valid[:] = False
    one = far_reaches(placed, head_offset(1.0), {})
    assert len(both) == 2 and one == both[1:]
    assert 0.3 < one[0].distance < 0.7 and 0 < one[0].speed < 1 and 0 < one[0].drop < 1
