"""Refinement brings head and hands to their trackers, keeps what it must, and does not show where windows meet."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.errors import InputError
from threepoint.model_core.flag.evidence import gather_evidence, place_body
from threepoint.model_core.flag.model import CONFIGS, Flag, load_flag, save_flag
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, rotation_about_y
from threepoint.model_core.geometry.skeleton import FEET, HEAD, LEFT_WRIST, RIGHT_WRIST, TRACKED_JOINTS
from threepoint.model_core.observation import Observation
from threepoint.model_core.refinement.closed_form.arms import (
    COLLAR_SPEED,
    MAX_COLLAR_ROTATION,
    collar_rotations,
    extend_reach_with_collar,
    smooth_collar_rotations,
    solve_arm_ik,
    two_bone_ik,
)
from threepoint.model_core.refinement.closed_form.lost_hands import hands_to_meet, smooth_dropouts
from threepoint.model_core.refinement.energy import (
    Reference,
    floor_penetration_energy,
    foot_anchor_energy,
    foot_height_energy,
    foot_slide_energy,
    jerk_energy,
    reach_energy,
    tracker_energy,
)
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.refine import (
    RefinementOptions,
    refine,
)
from threepoint.model_core.refinement.single_frames import fit_latent, fit_pose
from threepoint.model_core.refinement.standing.feet import foot_anchors, foot_contacts
from threepoint.model_core.refinement.windows import OVERLAP, WINDOW
from threepoint.model_core.window_blending import window_starts


@pytest.fixture(scope="module")
def model():
    """An untrained FLAG whose flow is no identity: everything here must hold for any weights."""
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    for coupling in model.flow.couplings:
        torch.nn.init.normal_(coupling.leave.weight, std=0.02)
    model.pose.scale.fill_(0.3)
    return model.eval().requires_grad_(False)


def moving(make_clip, frames):
    """A clip's local rotations, pelvis places and rest joints, as tensors."""
    clip = make_clip(frames)
    rotations = torch.from_numpy(clip.rotations()).float()
    return rotations, torch.from_numpy(clip.translation).float(), torch.from_numpy(clip.rest_joints).float()


def observe(rotations, translation, rest_joints):
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    tracked = list(TRACKED_JOINTS)
    valid = torch.ones(len(rotations), 3, dtype=torch.bool)
    return Observation(world[:, tracked], joints[:, tracked], valid, np.zeros(10))


def refine_for(model, seen, rotations, translation, rest_joints, iterations, closed_form=True):
    """Rotations and pelvis positions after so many iterations."""
    options = RefinementOptions(iterations, closed_form=closed_form)
    return refine(model, seen, Unrefined(rotations, translation), rest_joints, options=options).motion


def evidence_of(model, make_clip, frames=12):
    rotations, translation, rest_joints = moving(make_clip, frames)
    seen = observe(rotations, translation, rest_joints)
    return gather_evidence(model, seen.rotations, seen.positions, seen.valid, rest_joints)


def bent(rotations, radians=0.15):
    """The same motion with every joint off by a little, always the same way."""
    generator = torch.Generator().manual_seed(4)
    off = axis_angle_to_matrix(radians * torch.randn(rotations.shape[1], 3, generator=generator) / 3**0.5)
    return rotations @ off


def test_the_true_pose_has_no_tracker_energy_and_a_wrong_one_has(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 5)
    seen = observe(rotations, translation, rest_joints)
    evidence = gather_evidence(model, seen.rotations, seen.positions, seen.valid, rest_joints)
    world, joints = place_body(model.pose, model.pose.encode(rotations, evidence.heading), evidence)
    assert tracker_energy(world, joints, evidence).max() < 1e-3
    joints[:, LEFT_WRIST, 0] += 0.02
    torch.testing.assert_close(tracker_energy(world, joints, evidence), torch.full((5,), 2.0), atol=0.02, rtol=0)


def test_a_dropped_hand_feeds_no_value_not_even_a_broken_one(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 6)
    seen = observe(rotations, translation, rest_joints)
    seen.valid[:, 1] = False
    results = []
    for garbage in (3.0, float("nan")):
        seen.positions[:, 1], seen.rotations[:, 1] = garbage, garbage
        evidence = gather_evidence(model, seen.rotations, seen.positions, seen.valid, rest_joints)
        z = evidence.mean.clone().requires_grad_(True)
        energy = tracker_energy(*place_body(model.pose, model.flow(z, evidence.context), evidence), evidence)
        (gradient,) = torch.autograd.grad(energy.sum(), z)
        results.append((evidence.condition, evidence.mean, energy.detach(), gradient))
    for first, second in zip(*results, strict=True):
        assert first.isfinite().all()
        torch.testing.assert_close(first, second, atol=0, rtol=0)


@pytest.mark.parametrize("fit", ["latent", "literal", "pose"])
def test_fitting_single_frames_closes_in_on_head_and_hands(model, make_clip, fit):
    evidence = evidence_of(model, make_clip)

    def off(x):
        _, joints = place_body(model.pose, x, evidence)
        return (joints[:, [LEFT_WRIST, RIGHT_WRIST]] - evidence.positions[:, 1:]).norm(dim=-1).mean()

    before = off(model.flow(evidence.mean, evidence.context))
    if fit == "pose":
        x = fit_pose(model, evidence, iterations=40)
    else:
        x, z = fit_latent(model, evidence, iterations=40, literal=fit == "literal")
        torch.testing.assert_close(model.flow(z, evidence.context), x)
    assert off(x) < 0.2 * before


def test_refinement_meets_trackers_and_stays_near_its_start(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 100)
    seen = observe(rotations, translation, rest_joints)
    with torch.inference_mode():  # As SAGE hands it over.
        start = bent(rotations)
    refined, place = refine_for(model, seen, start, translation, rest_joints, 30, closed_form=False)
    world, joints = forward_kinematics(refined, place, rest_joints)
    _, joints_before = forward_kinematics(start, translation, rest_joints)
    off = (joints[:, TRACKED_JOINTS] - seen.positions).norm(dim=-1).mean(0)
    off_before = (joints_before[:, TRACKED_JOINTS] - seen.positions).norm(dim=-1).mean(0)
    assert off[0] < 1e-4
    assert (off[1:] < 0.35 * off_before[1:]).all()
    assert (joints - joints_before).norm(dim=-1).mean() < 0.1


def test_windows_meet_without_a_seam(model, make_clip):
    """The correction's own jerk is no larger where windows overlap than inside them."""
    rotations, translation, rest_joints = moving(make_clip, 140)
    seen = observe(rotations, translation, rest_joints)
    refined, place = refine_for(model, seen, bent(rotations), translation, rest_joints, 12)
    _, joints = forward_kinematics(refined, place, rest_joints)
    jerk = joints.diff(n=3, dim=0).norm(dim=-1).mean(-1)
    starts = torch.tensor(window_starts(140, WINDOW, WINDOW - OVERLAP))
    counts = torch.bincount((starts[:, None] + torch.arange(WINDOW)).flatten(), minlength=140)[3:]
    assert jerk[counts > 1].max() < 2 * jerk[counts == 1].max()


def test_refinement_moves_and_turns_with_the_person(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 60)
    start = bent(rotations)
    turn, shift = rotation_about_y(torch.tensor(1.3)), torch.tensor([5.0, 0.0, -3.0])

    def turned(rotations, translation):
        return torch.cat([turn @ rotations[:, :1], rotations[:, 1:]], 1), translation @ turn.T + shift

    here = refine_for(model, observe(rotations, translation, rest_joints), start, translation, rest_joints, 4)
    there_seen = observe(*turned(rotations, translation), rest_joints)
    there = refine_for(model, there_seen, *turned(start, translation), rest_joints, 4)
    for moved, found in zip(turned(*here), there, strict=True):
        torch.testing.assert_close(found, moved, atol=1e-3, rtol=0)


def test_one_frame_and_a_lost_head_are_refined_too(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 70)
    seen = observe(rotations, translation, rest_joints)
    seen.valid[20:40, 0] = False
    seen.positions[20:40, 0], seen.rotations[20:40, 0] = float("nan"), float("nan")
    refined, place = refine_for(model, seen, bent(rotations), translation, rest_joints, 3)
    assert refined.isfinite().all() and place.isfinite().all()
    one = seen.first(1)
    refined, place = refine_for(model, one, rotations[:1], translation[:1], rest_joints, 3)
    assert refined.shape == (1, 22, 3, 3) and refined.isfinite().all()


def test_standing_feet_that_slide_or_sink_cost_and_still_ones_do_not(make_clip):
    _, _, rest_joints = moving(make_clip, 2)
    heights = foot_rest_heights(rest_joints)
    joints = rest_joints.expand(6, -1, -1).clone()
    joints[:, list(FEET), 1] = heights
    contacts = torch.ones(6, 4)

    def cost(joints, contacts):
        anchors = foot_anchors(joints, contacts)
        reference = Reference(joints, torch.zeros(6, 66), contacts, anchors, heights, torch.ones(66))
        terms = foot_slide_energy, foot_anchor_energy, foot_height_energy, floor_penetration_energy
        return sum(term(joints, reference, 0.01) for term in terms)

    assert cost(joints, contacts) < 1e-6
    slid, sunk = joints.clone(), joints.clone()
    slid[:, :, 0] += 0.01 * torch.arange(6.0)[:, None]
    sunk[:, :, 1] -= 0.02
    assert cost(slid, contacts) > 1
    assert cost(slid, 0 * contacts) < 1e-3
    assert cost(sunk, 0 * contacts) > 1
    shaken = slid.clone()
    shaken[3] += 0.01
    assert jerk_energy(slid, 100.0) < 1e-3 < 1 < jerk_energy(shaken, 100.0)


def test_feet_are_standing_at_the_mean_of_each_stretch_of_contact():
    joints = torch.zeros(8, 22, 3)
    joints[:, FEET[0], 0] = torch.tensor([0.0, 1.0, 2.0, 9.0, 9.0, 4.0, 6.0, 9.0])
    contacts = torch.zeros(8, 4)
    contacts[[0, 1, 2, 5, 6], 0] = 0.9
    standing = foot_anchors(joints, contacts)
    assert standing[[0, 1, 2, 5, 6], 0, 0].tolist() == [1.0, 1.0, 1.0, 5.0, 5.0]


def test_low_slow_feet_stand_where_nobody_says(make_clip):
    rotations, translation, rest_joints = moving(make_clip, 50)
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    heights = foot_rest_heights(rest_joints)
    assert foot_contacts(joints, heights).mean() > 0.9
    assert foot_contacts(joints + torch.tensor([0.0, 0.3, 0.0]), heights).sum() == 0
    assert foot_contacts(joints[:1], heights).shape == (1, 4)


def test_arms_in_reach_are_closed_exactly_and_those_out_of_reach_point_there():
    generator = torch.Generator().manual_seed(0)
    shoulder, elbow = torch.zeros(200, 3), 0.3 * torch.nn.functional.normalize(torch.randn(200, 3, generator=generator))
    wrist = elbow + 0.25 * torch.nn.functional.normalize(torch.randn(200, 3, generator=generator))
    target = torch.nn.functional.normalize(torch.randn(200, 3, generator=generator))
    target = target * torch.rand(200, 1, generator=generator)
    hinge = torch.tensor([[0.0, -1.0, 0.0]]).expand(200, 3)
    upper, fore = two_bone_ik(shoulder, elbow, wrist, target, hinge)
    new_wrist = (upper @ elbow[..., None] + fore @ (wrist - elbow)[..., None])[..., 0]
    distance = target.norm(dim=-1)
    reach = (distance < 0.98 * 0.55) & (distance > 0.051)
    assert reach.sum() > 80
    torch.testing.assert_close(new_wrist[reach], target[reach], atol=1e-4, rtol=0)
    near = (distance >= 0.98 * 0.55) & (distance < 0.55)
    assert (new_wrist[near] - target[near]).norm(dim=-1).max() < 0.005
    cosine = torch.nn.functional.cosine_similarity(new_wrist, target)
    assert (cosine > 0.999).all()


def test_a_straight_or_overstretched_arm_bends_about_its_hinge_and_one_that_fits_is_not_moved():
    hinge = torch.tensor([[0.0, -1.0, 0.0]])
    for overstretched in (0.0, 0.03):
        limb = torch.tensor([[[0.0, 0, 0]], [[0.3, 0, overstretched]], [[0.55, 0, 0]]])
        upper, fore = two_bone_ik(*limb, torch.tensor([[0.4, 0.0, 0.0]]), hinge)
        elbow = (upper @ limb[1][..., None])[..., 0]
        wrist = elbow + (fore @ (limb[2] - limb[1])[..., None])[..., 0]
        torch.testing.assert_close(wrist, torch.tensor([[0.4, 0.0, 0.0]]), atol=1e-4, rtol=0)
        assert elbow[0, 2] < -0.1 and elbow[0, 1].abs() < 1e-4
    fitting = torch.tensor([[0.0, 0, 0]]), torch.tensor([[0.3, 0, 0]]), torch.tensor([[0.4, 0, 0.2]])
    for rotation in two_bone_ik(*fitting, fitting[2], hinge):
        torch.testing.assert_close(rotation, torch.eye(3)[None], atol=1e-3, rtol=0)


def closed(start, translation, rest_joints, seen):
    """A motion whose head and arms meet what is seen, as refinement ends."""
    hands = hands_to_meet(start, translation, seen.rotations, seen.positions, seen.valid, rest_joints)
    collars = smooth_collar_rotations(collar_rotations(start, translation, hands[1], rest_joints), seen.valid)
    exact = solve_arm_ik(start, translation, hands[1], hands[0], collars, rest_joints)
    return smooth_dropouts(exact, seen.valid)


def test_hands_are_exact_wherever_they_are_seen_and_go_their_own_way_where_they_are_lost(make_clip):
    rotations, translation, rest_joints = moving(make_clip, 140)
    seen = observe(rotations, translation, rest_joints)
    seen.valid[25:115, 2] = False
    start = bent(rotations, 0.05)
    exact = closed(start, translation, rest_joints, seen)
    _, joints = forward_kinematics(exact, translation, rest_joints)
    off = (joints[:, RIGHT_WRIST] - seen.positions[:, 2]).norm(dim=-1)
    assert off[seen.valid[:, 2]].max() < 2e-3
    _, own = forward_kinematics(start, translation, rest_joints)
    away = (joints - own)[:, RIGHT_WRIST].norm(dim=-1)
    assert away[60:80].max() < 0.02 < away[[25, 114]].min()
    held = (exact - start)[:, [17, 19, RIGHT_WRIST]]
    assert held.diff(dim=0).abs().max() < 0.06


def test_a_hand_that_is_lost_for_a_moment_is_carried_across(make_clip):
    rotations, translation, rest_joints = moving(make_clip, 60)
    seen = observe(rotations, translation, rest_joints)
    start = bent(rotations, 0.05)
    whole = closed(start, translation, rest_joints, seen)
    seen.valid[30:33, 1] = False
    carried = closed(start, translation, rest_joints, seen)
    assert (carried - whole).abs().max() < 0.03 < 0.1 < (start - whole)[30:33].abs().max()


def test_a_shoulder_lends_what_an_arm_lacks_and_no_more(make_clip):
    rotations, translation, rest_joints = moving(make_clip, 60)
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    collar, shoulder, arm = joints[:, 13], joints[:, 16], 0.5
    forward = shoulder + torch.tensor([0.0, 0.0, 1.0]) * arm
    for beyond, left in ((0.9, 0.0), (1.05, 0.005)):
        target = shoulder + beyond * (forward - shoulder)
        turn = extend_reach_with_collar(collar, shoulder, target, torch.tensor(arm))
        moved = collar + (axis_angle_to_matrix(turn) @ (shoulder - collar)[..., None])[..., 0]
        assert ((target - moved).norm(dim=-1) - min(beyond, 0.99) * arm).max() <= left + 1e-6
        assert beyond > 1 or (turn == 0).all()
    turn = extend_reach_with_collar(collar, shoulder, shoulder + 3 * (forward - shoulder), torch.tensor(arm))
    assert turn.norm(dim=-1).max() <= MAX_COLLAR_ROTATION + 1e-6


def test_a_hand_out_of_the_arms_reach_is_met_with_the_shoulders_help_which_is_in_no_haste(make_clip):
    rotations, translation, rest_joints = moving(make_clip, 90)
    seen = observe(rotations, translation, rest_joints)
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    arm = (rest_joints[[16, 18]] - rest_joints[[18, 20]]).norm(dim=-1).sum()
    seen.positions[40:43, 1] = joints[40:43, 16] + torch.tensor([0.0, 0.0, 1.04]) * arm
    exact = closed(rotations, translation, rest_joints, seen)
    _, joints = forward_kinematics(exact, translation, rest_joints)
    assert (joints[:, TRACKED_JOINTS] - seen.positions).norm(dim=-1).max() < 5e-3
    turned = (exact[1:, 13] - exact[:-1, 13]).norm(dim=(-2, -1)) / 2**0.5
    assert turned.max() < 1.5 * COLLAR_SPEED and exact[41, 13].sub(rotations[41, 13]).norm() > 0.1
    torch.testing.assert_close(exact[:15, 13], rotations[:15, 13], atol=1e-5, rtol=0)


def test_shoulders_too_far_from_their_hands_cost_and_others_do_not(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 5)
    evidence = evidence_of(model, make_clip, 5)
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    assert (reach_energy(joints, evidence, 0.005) == 0).all()
    joints[:, 17] += torch.tensor([1.0, 0.0, 0.0])
    assert (reach_energy(joints, evidence, 0.005) > 1).all()
    evidence.valid[:, 2] = 0
    assert (reach_energy(joints, evidence, 0.005) == 0).all()


def test_saved_weights_load_again_and_other_files_are_refused(model, tmp_path):
    save_flag(tmp_path / "of" / "flag.safetensors", model)
    loaded = load_flag(tmp_path / "of" / "flag.safetensors")
    assert loaded.config == model.config
    for name, value in loaded.state_dict().items():
        torch.testing.assert_close(value, model.state_dict()[name], atol=2e-3, rtol=2e-3)
    (tmp_path / "text.safetensors").write_text("no weights")
    for wrong in ("text.safetensors", "missing.safetensors"):
        with pytest.raises(InputError, match=wrong):
            load_flag(tmp_path / wrong)


def test_head_and_arms_are_exact_at_the_end(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 60)
    seen = observe(rotations, translation, rest_joints)
    refined, place = refine_for(model, seen, bent(rotations, 0.05), translation, rest_joints, 4)
    world, joints = forward_kinematics(refined, place, rest_joints)
    assert np.allclose(joints[:, HEAD], seen.positions[:, 0], atol=1e-4)
    assert np.allclose(world[:, TRACKED_JOINTS], seen.rotations, atol=1e-3)
    assert (joints[:, TRACKED_JOINTS] - seen.positions).norm(dim=-1).max() < 2e-3


def test_what_no_wrist_does_and_who_crouches_is_said(model, make_clip):
    rotations, translation, rest_joints = moving(make_clip, 60)
    seen = observe(rotations, translation, rest_joints)
    options = RefinementOptions(iterations=2)
    assert refine(model, seen, Unrefined(rotations, translation), rest_joints, options=options).notes == ()
    seen.rotations[:, 1] = seen.rotations[:, 1] @ axis_angle_to_matrix(torch.tensor([0.0, 0.0, -2.4]))
    crouched = translation - torch.tensor([0.0, 0.8, 0.0])
    seen.positions[:, :, 1] -= 0.8
    notes = refine(model, seen, Unrefined(rotations, crouched), rest_joints, options=options).notes
    assert [note.code for note in notes] == ["head_near_the_floor", "wrists_at_their_limits"]
    assert notes[0].values["seconds"] == 1.0 and notes[1].values["degrees"] > 20 and "50 %" in str(notes[1])
