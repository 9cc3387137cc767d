"""Trackers beside head and hands: where they sit is found, and refinement brings the body to them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.calibration import Calibration, Offset, body_tracker_poses
from threepoint.model_core.calibration.body_trackers import fit_body_tracker_offsets
from threepoint.model_core.calibration.calibration import BODY_TRACKER_JOINTS, NO_OFFSET
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.geometry.skeleton import FEET, LOWER_HALF, PELVIS
from threepoint.model_core.pipeline import calibrate, observe
from threepoint.model_core.pipeline.body_trackers import body_trackers
from threepoint.model_core.recordings import Track
from threepoint.model_core.recordings.model_frame import ModelFrameRecording
from threepoint.model_core.refinement.body_trackers import (
    gather_body_trackers,
    initial_motion_trust,
    measured_contacts,
    measured_joints,
)
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.refine import RefinementOptions, refine

WORN = ("waist", "left_foot", "right_foot")
FRAMES = 60


@pytest.fixture(scope="module")
def model():
    """An untrained FLAG: what is shown here holds for any weights."""
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    model.pose.scale.fill_(0.3)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(FRAMES)


def worn_recording(clip, offsets):
    """A recording, in the model's frame, of head, hands and a tracker for each of ``offsets`` on the true joints."""
    world, joints = clip.world()
    tracks = {}
    roles = {"head": 15, "left_hand": 20, "right_hand": 21} | {role: BODY_TRACKER_JOINTS[role] for role in offsets}
    for role, joint in roles.items():
        offset = offsets.get(role, NO_OFFSET)
        rotation = world[:, joint] @ quaternion_to_matrix(offset.rotation).T
        position = joints[:, joint] - rotation @ offset.position
        tracks[role] = Track(position, matrix_to_quaternion(rotation), np.ones(len(clip), bool))
    return ModelFrameRecording(np.arange(len(clip)) / 60, tracks, "worn", "joints").validate()


def anyhow(roles):
    """An offset for each of the roles, some centimetres and degrees."""
    rng = np.random.default_rng(2)
    return {role: Offset(axis_angle_to_quaternion(rng.normal(0, 0.4, 3)), rng.normal(0, 0.04, 3)) for role in roles}


def observed(recording):
    """The observation of a recording of joints."""
    return observe(recording, calibrate(recording))


def knowing(offsets):
    return Calibration(np.zeros(10), 0.0, offsets)


def bent(clip):
    """A start that is wrong: every joint turned a little, hips and knees more, as local rotations and pelvis places."""
    generator = torch.Generator().manual_seed(4)
    size = torch.full((22, 1), 0.05)
    size[[0, 1, 2, 4, 5]] = 0.25
    off = axis_angle_to_matrix(size * torch.randn(22, 3, generator=generator))
    return torch.from_numpy(clip.rotations()).float() @ off, torch.from_numpy(clip.translation).float()


def test_where_a_tracker_sits_is_found_from_a_prediction_that_is_right_on_average(clip):
    offsets = anyhow(WORN)
    world, joints = clip.world()
    rng = np.random.default_rng(0)
    predicted = joints + rng.normal(0, 0.02, joints.shape)
    turned = world @ axis_angle_to_matrix(rng.normal(0, 0.1, (*joints.shape[:2], 3)))
    fitted = fit_body_tracker_offsets(worn_recording(clip, offsets), knowing({}), turned, predicted)
    assert set(fitted.offsets) == set(WORN) and fitted.notes[0].code == "body_trackers_fitted"
    for role, true in offsets.items():
        found = fitted.offsets[role]
        assert np.linalg.norm(found.position - true.position) < 0.04, role
        assert np.degrees(geodesic_angle(*map(quaternion_to_matrix, (found.rotation, true.rotation)))) < 4, role


def test_an_offset_that_is_known_is_kept_and_a_tracker_that_is_hardly_seen_is_left_out(clip):
    offsets = anyhow(WORN)
    recording = worn_recording(clip, offsets)
    recording.tracks["left_foot"].valid[10:] = False
    fitted = fit_body_tracker_offsets(recording, knowing({"waist": offsets["waist"]}), *clip.world())
    assert fitted.offsets["waist"] is offsets["waist"] and set(fitted.offsets) == {"waist", "right_foot"}


@pytest.mark.parametrize("told", [True, False])
def test_refinement_brings_the_body_to_waist_and_feet(model, clip, told):
    offsets = anyhow(WORN)
    recording, (rotations, translation) = worn_recording(clip, offsets), bent(clip)
    # What is not told is fitted to a start that is wrong in one and the same way: only places in time can be better.
    calibration = knowing(offsets if told else {})
    trackers = body_trackers(observed(recording), calibration, rotations, translation, clip.rest_joints)
    assert trackers.joints == (PELVIS, 7, 8) and trackers.valid.all()
    truth = clip.world()[1]

    def off(motion):
        return np.linalg.norm(forward_kinematics(*motion, rest)[1].numpy() - truth, axis=-1)[:, LOWER_HALF].mean()

    rest, seen = torch.from_numpy(clip.rest_joints).float(), observe_truth(clip)
    motion, options = Unrefined(rotations, translation), RefinementOptions(iterations=25)
    alone = refine(model, seen, motion, rest, options=options).motion
    helped = refine(model, seen, motion, rest, trackers, options).motion
    assert off(helped) < (0.4 if told else 1.05) * off(alone)


def test_a_tracker_that_is_never_seen_changes_nothing_to_the_last_bit(model, clip):
    recording, (rotations, translation) = worn_recording(clip, anyhow(WORN)), bent(clip)
    for role in WORN:
        recording.tracks[role].valid[:] = False
        recording.tracks[role].position[:] = np.nan
    poses = body_tracker_poses(recording, knowing(anyhow(WORN)))
    unseen = gather_body_trackers(poses, translation)
    seen, rest = observe_truth(clip), clip.rest_joints
    motion, options = Unrefined(rotations, translation), RefinementOptions(iterations=4)
    alone = refine(model, seen, motion, rest, options=options).motion
    beside = refine(model, seen, motion, rest, unseen, options).motion
    for first, second in zip(alone, beside, strict=True):
        assert torch.equal(first, second)


def test_a_foot_goes_where_its_tracker_is_whatever_contacts_say(model, clip):
    offsets = anyhow(("left_foot",))
    recording, (rotations, translation) = worn_recording(clip, offsets), bent(clip)
    trackers = body_trackers(observed(recording), knowing(offsets), rotations, translation, clip.rest_joints)
    seen, contacts = observe_truth(clip), torch.ones(FRAMES, 4)
    rest = torch.from_numpy(clip.rest_joints).float()

    def missed(closed_form):
        options = RefinementOptions(iterations=7, closed_form=closed_form)
        motion = refine(model, seen, Unrefined(rotations, translation, contacts), rest, trackers, options).motion
        return (forward_kinematics(*motion, rest)[1][:, 7] - trackers.positions[:, 0]).norm(dim=-1).mean()

    assert missed(closed_form=True) < 0.01 < 0.03 < missed(closed_form=False), "metres"


def test_three_points_and_trackers_of_unknown_roles_are_no_body_trackers(clip):
    recording, motion = worn_recording(clip, {}), bent(clip)
    assert body_trackers(observed(recording), knowing({}), *motion, clip.rest_joints) is None
    other = replace(recording, tracks={**recording.tracks, "tail": recording.tracks["head"]})
    assert body_trackers(observed(other), knowing({}), *motion, clip.rest_joints) is None


def test_a_start_is_trusted_less_where_a_tracker_refutes_it(clip):
    joints = torch.from_numpy(clip.world()[1]).float()
    recording = worn_recording(clip, {"left_foot": NO_OFFSET})
    recording.tracks["left_foot"].valid[30:] = False
    trackers = gather_body_trackers(body_tracker_poses(recording, knowing({"left_foot": NO_OFFSET})), joints)
    wrong = joints.clone()
    wrong[:, 7, 0] += 0.06
    trust = initial_motion_trust(wrong, trackers)
    assert trust[:30, [1, 4, 7, 10]].numpy() == pytest.approx(0.2, abs=1e-4)
    assert (trust[30:] == 1).all() and (trust[:, [0, 2, 5, 8, 15]] == 1).all()
    rest = torch.from_numpy(clip.rest_joints).float()
    measured = measured_joints(wrong, trackers, rest)
    torch.testing.assert_close(measured[:30, [7, 10]], joints[:30, [7, 10]], atol=1e-4, rtol=0)
    assert torch.equal(measured[30:], wrong[30:])


def test_whether_a_tracked_foot_stands_is_seen(clip):
    recording = worn_recording(clip, {"right_foot": NO_OFFSET})
    trackers = gather_body_trackers(body_tracker_poses(recording, knowing({"right_foot": NO_OFFSET})), torch.zeros(1))
    predicted, seen = torch.full((FRAMES, 4), 0.3), torch.ones(FRAMES, 4)
    contacts = measured_contacts(predicted, seen, trackers)
    right = [FEET.index(joint) for joint in (8, 11)]
    assert (contacts[:, right] == 1).all()
    left = [FEET.index(joint) for joint in (7, 10)]
    assert torch.equal(contacts[:, left], predicted[:, left])
