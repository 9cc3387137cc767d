"""Lost hands by chosen means: they hang or hold, move with the head, and go over from and into what is seen."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.geometry.rotations import geodesic_angle, rotation_about_y
from threepoint.model_core.geometry.skeleton import SHOULDERS, WRISTS
from threepoint.model_core.options import LOST_HANDS, Options, options_from_json, options_to_json
from threepoint.model_core.pipeline.lost_hands import with_lost_hands

FRAMES, GAP = 240, slice(60, 180)
LEFT = 1


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(FRAMES)


@pytest.fixture(scope="module")
def lost(clip):
    """The left hand is lost in ``GAP``, where its track holds nonsense."""
    seen = observe_truth(clip)
    seen.valid[GAP, LEFT] = False
    seen.positions[GAP, LEFT] = 9.0
    return seen


@pytest.mark.parametrize("means", ["hold", "hang"])
def test_what_is_seen_stays_to_the_last_bit_and_nothing_jumps(clip, lost, means):
    found = with_lost_hands(lost, clip.rest_joints, means)
    for name in ("rotations", "positions"):
        mine, given = getattr(found, name).copy(), getattr(lost, name).copy()
        mine[GAP, LEFT] = given[GAP, LEFT]
        assert np.array_equal(mine, given)
    assert found.valid.all() and not lost.valid[GAP, LEFT].any()
    assert np.linalg.norm(np.diff(found.positions[:, LEFT], axis=0), axis=-1).max() < 0.06
    assert geodesic_angle(found.rotations[1:, LEFT], found.rotations[:-1, LEFT]).max() < 0.2
    assert np.allclose(np.linalg.det(found.rotations), 1, atol=1e-4)


def test_a_hanging_hand_is_below_its_shoulder_and_an_arm_long(clip, lost):
    found, (_, joints) = with_lost_hands(lost, clip.rest_joints, "hang"), clip.world()
    down = found.positions[120, LEFT] - joints[120, SHOULDERS[0]]
    arm = np.linalg.norm(clip.rest_joints[WRISTS[0]] - clip.rest_joints[SHOULDERS[0]])
    assert down[1] < -0.85 * arm and np.linalg.norm(down[[0, 2]]) < 0.25
    assert found.rotations[120, LEFT, 1, 0] < -0.9  # Fingers, which point sideways at rest, point down.


def test_a_held_hand_goes_with_the_head_wherever_the_person_turns(clip, lost):
    still = replace(lost, positions=lost.positions.copy(), rotations=lost.rotations.copy())
    still.positions[60:180, 0], still.rotations[60:180, 0] = still.positions[59, 0], still.rotations[59, 0]
    turn = rotation_about_y(np.array(0.7))
    still.positions[100:180, 0] += [0.5, 0, 0]
    still.rotations[100:180, 0] = turn @ still.rotations[100:180, 0]
    found = with_lost_hands(still, clip.rest_joints, "hold")
    before = found.positions[90, LEFT] - found.positions[90, 0]
    after = found.positions[120, LEFT] - found.positions[120, 0]
    assert np.allclose(turn @ before, after, atol=1e-3)


@pytest.mark.parametrize("means", ["hold", "hang"])
@pytest.mark.parametrize("gap", [slice(0, 50), slice(200, FRAMES), slice(0, FRAMES), slice(80, 81)])
def test_gaps_at_the_ends_of_one_frame_and_of_everything_are_filled_where_that_means_something(clip, means, gap):
    seen = observe_truth(clip)
    seen.valid[gap, LEFT] = False
    found = with_lost_hands(seen, clip.rest_joints, means)
    assert found.valid.all() == (means == "hang" or gap != slice(0, FRAMES))
    assert np.isfinite(found.positions).all()


def test_by_default_the_prior_decides_and_means_are_words_that_are_known(clip, lost):
    assert with_lost_hands(lost, clip.rest_joints, Options().lost_hands) is lost
    for means in LOST_HANDS:
        assert options_from_json(options_to_json(Options(lost_hands=means))).lost_hands == means
    with pytest.raises(InputError, match="it can be prior, hold, hang"):
        Options(lost_hands="wave").validate()
