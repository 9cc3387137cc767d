"""Takes differ where nothing was seen, in all of a motion or in a part of it, and the rest stays as it is."""

import numpy as np
import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion
from threepoint.model_core.geometry.skeleton import ANKLES, ELBOWS, HEAD, LOWER_HALF, WRISTS
from threepoint.model_core.motion import Motion
from threepoint.model_core.options import Options, options_from_json, options_to_json
from threepoint.model_core.pipeline.takes import drawn_where_unseen, frames_of_part, part_taken_over
from threepoint.model_core.sage.inference import Prediction

FRAMES = 90
PART = 0.5, 1.0
SEEN = [HEAD, *ELBOWS, *WRISTS]


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(FRAMES)


@pytest.fixture(scope="module")
def mean(clip):
    rotations, translation = torch.as_tensor(clip.rotations()).float(), torch.as_tensor(clip.translation).float()
    return Prediction(rotations, translation, torch.ones(FRAMES, 4))


@pytest.fixture(scope="module")
def draw(mean):
    """The mean with every joint turned by another angle."""
    turns = axis_angle_to_matrix(torch.randn(22, 3, generator=torch.Generator().manual_seed(0)) * 0.2)
    return Prediction(mean.rotations @ turns, mean.translation + 0.1, torch.zeros(FRAMES, 4))


def joints_of(motion, clip):
    return forward_kinematics(motion.rotations, motion.translation, torch.as_tensor(clip.rest_joints).float())


def apart(one, other, clip):
    """Metres (T, 22) between two motions."""
    return (joints_of(one, clip)[1] - joints_of(other, clip)[1]).norm(dim=-1)


def test_a_take_has_legs_of_its_own_and_arms_and_trunk_of_the_mean(mean, draw, clip):
    take = drawn_where_unseen(mean, draw, observe_truth(clip), clip.rest_joints)
    off = apart(take, mean, clip)
    assert off[:, SEEN].max() < 1e-5 and off[:, list(ANKLES)].min() > 0.01
    world, other = joints_of(take, clip)[0], joints_of(draw, clip)[0]
    assert torch.allclose(world[:, list(LOWER_HALF)], other[:, list(LOWER_HALF)], atol=1e-5)
    assert torch.equal(take.contacts, draw.contacts)


def test_the_arm_of_a_lost_hand_is_drawn_inside_the_gap_and_the_other_never(mean, draw, clip):
    valid = np.ones((FRAMES, 3), bool)
    valid[20:70, 1] = False
    take = drawn_where_unseen(mean, draw, observe_truth(clip, valid), clip.rest_joints)
    off = apart(take, mean, clip)
    assert off[:20, SEEN].max() < 1e-5 and off[70:, SEEN].max() < 1e-5
    assert off[40:50, WRISTS[0]].min() > 0.01 and off[:, [ELBOWS[1], WRISTS[1]]].max() < 1e-5


@pytest.mark.parametrize("refined", [False, True])
def test_a_part_changes_and_the_rest_is_the_same_to_the_last_bit(mean, draw, clip, refined):
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    model.pose.scale.fill_(0.3)
    take = drawn_where_unseen(mean, draw, observe_truth(clip), clip.rest_joints)
    found = part_taken_over(
        model.eval(), observe_truth(clip), mean, take, PART, clip.rest_joints, None, refined=refined
    )
    outside = np.r_[:30, 61:FRAMES]
    for name in ("rotations", "translation", "contacts"):
        assert torch.equal(getattr(found, name)[outside], getattr(mean, name)[outside])
    off = apart(found, mean, clip)[:, list(ANKLES)]
    assert off[45].min() > 0.01 and (off[1:] - off[:-1]).abs().max() < 0.05
    if not refined:
        assert torch.allclose(found.rotations[45], take.rotations[45], atol=1e-5)


def test_a_part_that_reaches_the_end_has_no_edge_there(mean, draw, clip):
    found = part_taken_over(
        Flag(CONFIGS["smoke"]), observe_truth(clip), mean, draw, (1.0, 99.0), clip.rest_joints, None, refined=False
    )
    ankles = list(ANKLES)
    (world, joints), (drawn_world, drawn_joints) = joints_of(found, clip), joints_of(draw, clip)
    assert torch.allclose(world[-1, ankles], drawn_world[-1, ankles], atol=1e-5)
    assert torch.allclose(joints[-1, ankles], drawn_joints[-1, ankles], atol=1e-4)


@pytest.mark.parametrize("part", [(0.5, 0.5), (0.7, 0.8), (0.0, 0.05), (1.48, 9.0), (0.3, 1.2), (0.0, 9.0)])
def test_parts_of_any_length_one_after_the_other_leave_what_was_seen_and_make_no_jump(mean, draw, clip, part):
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    model.pose.scale.fill_(0.3)
    observation, ankles = observe_truth(clip), list(ANKLES)
    take = drawn_where_unseen(mean, draw, observation, clip.rest_joints)
    found = mean
    for each in (part, (0.4, 1.0)):
        found = part_taken_over(model.eval(), observation, found, take, each, clip.rest_joints, None, refined=True)
        steps = joints_of(found, clip)[1][:, ankles].diff(dim=0).norm(dim=-1)
        assert steps.max() < 0.3 * apart(take, mean, clip)[:, ankles].max()
    off = apart(found, mean, clip)
    assert off[:, SEEN].max() < 1e-4 and off[:, ankles].max() > 0.01


def test_a_part_outside_the_motion_is_refused():
    assert frames_of_part((0.5, 9.0), 60) == (30, 60)
    with pytest.raises(InputError, match=r"2\.00 to 3\.00 s, is outside the motion, which ends at 0\.98 s"):
        frames_of_part((2.0, 3.0), 60)


def test_the_part_of_a_take_survives_json_and_is_checked():
    options = Options(take=2, take_part=(1.0, 2.5))
    assert options_from_json(options_to_json(options)) == options
    for part, said in (((2.0, 1.0), "ends at 1 s"), ((1.0,), "2 numbers"), ((-1.0, 2.0), "part of the take")):
        with pytest.raises(InputError, match=said):
            Options(take_part=part).validate()


def test_a_motion_at_any_second_is_between_its_frames(clip):
    turned = matrix_to_quaternion(clip.rotations())
    motion = Motion(60.0, turned, clip.translation, np.zeros(10), start=2.0)
    rotations, places, contacts = motion.at(np.array([0.0, 2.0, 2.0 + 0.5 / 60, 99.0]))
    assert contacts is None and np.allclose(places[[0, 1, 3]], clip.translation[[0, 0, -1]])
    assert np.allclose(places[2], clip.translation[:2].mean(0)) and np.allclose(rotations[1], turned[0])
