"""One motion on every device: nothing stays on the processor, and rounding, all that differs then, stays small."""

import copy

import numpy as np
import pytest
import torch

from threepoint.model_core.body import load_body
from threepoint.model_core.body.proportions import body_size
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.flag.evidence import gather_evidence
from threepoint.model_core.flag.generation import generate
from threepoint.model_core.flag.model import CONFIGS as FLAG_CONFIGS
from threepoint.model_core.flag.model import Flag
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.refinement.body_trackers import BodyTrackers
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.refine import RefinementOptions, ToRefine, refine, refine_all
from threepoint.model_core.refinement.single_frames import fit_latent
from threepoint.model_core.refinement.uncertainty import measure_uncertainty
from threepoint.model_core.sage.inference import observed_features, predict, predict_all
from threepoint.model_core.sage.model import CONFIGS as SAGE_CONFIGS
from threepoint.model_core.sage.model import Sage, Sampling, load_sage, to_world
from threepoint.tests.pretended_device import Elsewhere, pretend

MILLIMETRE = 1e-3
TAKE = Sampling(steps=2, noise=1.0, seed=3)


@pytest.fixture
def device(monkeypatch):
    with pretend(monkeypatch) as name:
        yield name


@pytest.fixture
def seen(make_clip):
    """A clip whose right hand is lost for a while, its observation, and its person's rest joints."""
    clip, valid = make_clip(70), np.ones((70, 3), bool)
    valid[20:45, 2] = False
    return clip, observe_truth(clip, valid), torch.from_numpy(clip.rest_joints).float()


def all_away(*tensors):
    return all(isinstance(tensor, Elsewhere) for tensor in tensors)


def test_a_tensor_that_was_left_on_the_processor_is_refused(device):
    away = torch.zeros(2, 3).to(device)
    assert all_away(away, away + 1, away.new_zeros(2), away[:, [0, 2]], torch.ones(3, device=device) * away)
    assert torch.equal((away + torch.ones(3, device=device)).cpu(), torch.ones(2, 3))
    for stray in (lambda: away + torch.ones(3), lambda: torch.cat([away, torch.ones(2, 3)]), lambda: away.numpy()):
        with pytest.raises((RuntimeError, TypeError)):
            stray()


def test_sage_is_on_one_device_and_predicts_the_same_there(seen, device):
    clip, observation, _ = seen
    sage = Sage(SAGE_CONFIGS["smoke"]).eval()
    here = predict(sage, observation, clip.rest_joints, TAKE)
    there = predict(copy.deepcopy(sage).to(device), observation, clip.rest_joints, TAKE)
    assert all_away(there.rotations, there.translation, there.contacts)
    torch.testing.assert_close(there.rotations.cpu(), here.rotations, atol=1e-5, rtol=0)


def test_flag_is_on_one_device_through_generation_refinement_and_uncertainty(seen, device):
    clip, observation, rest = seen
    flag = Flag(FLAG_CONFIGS["smoke"]).eval().requires_grad_(False).to(device)
    start = generate(flag, observation, rest)
    world, joints = clip.world()
    feet = torch.from_numpy(world[:, [7, 8]]), torch.from_numpy(joints[:, [7, 8]]), torch.ones(70, 2)
    trackers = BodyTrackers((7, 8), *(part.float().to(device) for part in feet))
    refined = refine(flag, observation, Unrefined(*start), rest, trackers, RefinementOptions(iterations=2)).motion
    assert all_away(*start, *refined)
    uncertainty = measure_uncertainty(flag, observation, load_body(), samples=2, body_trackers=trackers)
    assert np.isfinite(uncertainty.probes).all()


def test_several_recordings_are_on_one_device_together(make_clip, device):
    clips = [make_clip(count) for count in (20, 90)]
    seen, rest = [observe_truth(clip) for clip in clips], [clip.rest_joints for clip in clips]
    sage = Sage(SAGE_CONFIGS["smoke"]).eval().to(device)
    flag = Flag(FLAG_CONFIGS["smoke"]).eval().requires_grad_(False).to(device)
    motions = []
    for clip, predicted in zip(clips, predict_all(sage, seen, rest), strict=True):
        world, joints = clip.world()
        feet = torch.from_numpy(world[:, [7, 8]]), torch.from_numpy(joints[:, [7, 8]]), torch.ones(len(clip), 2)
        trackers = BodyTrackers((7, 8), *(part.float().to(device) for part in feet))
        motions.append(ToRefine(seen[len(motions)], predicted, rest[len(motions)], trackers))
    refined = refine_all(flag, motions, RefinementOptions(iterations=1, closed_form=False))
    assert [len(found.rotations) for found in refined] == [20, 90]
    assert all_away(*(part for found in refined for part in found.motion))


def test_double_precision_moves_no_joint_of_sages_by_a_millimetre(make_clip):
    """Devices that compute as IEEE 754 says differ by less than single precision differs from double."""
    clip, sage = make_clip(60), load_sage()
    features, rotations, positions, rest = observed_features(observe_truth(clip), clip.rest_joints)
    noise = torch.randn(2, 1, 30, sage.latent_size, generator=torch.Generator().manual_seed(0))
    places = []
    for kind in (torch.float32, torch.float64):
        shown, unit_rest, start = (v.to(kind) for v in (features[None], (rest / body_size(rest))[None], noise))
        with torch.inference_mode():
            pose = sage.to(kind).refiner(sage(shown, TAKE, start)[0], shown, unit_rest)
        head = rotations[:, 0].double(), positions[:, 0].double()
        places.append(to_world(pose[0].double(), *head, rest.double())[3])
    apart = (places[0] - places[1]).norm(dim=-1)
    assert 0 < apart.max() < 0.1 * MILLIMETRE


def test_double_precision_moves_no_joint_of_the_refinements_by_a_millimetre(make_clip, networks):
    clip, sage, flag = make_clip(100), load_sage(), networks.flag
    seen = observe_truth(clip)
    start = predict(sage, seen, clip.rest_joints)
    rest = torch.from_numpy(np.asarray(clip.rest_joints)).double()
    places = []
    for model in (flag, copy.deepcopy(flag).double()):
        found = refine(model, seen, start, clip.rest_joints)
        places.append(forward_kinematics(*(part.double() for part in found.motion), rest)[1])
    apart = (places[0] - places[1]).norm(dim=-1)
    assert 0 < apart.max() < MILLIMETRE


def test_double_precision_brings_single_frames_to_the_same_minimum(make_clip, networks):
    clip, flag = make_clip(90), networks.flag
    seen, rest = observe_truth(clip), torch.from_numpy(clip.rest_joints).float()
    parts = (torch.from_numpy(np.asarray(part))[::10].float() for part in (seen.rotations, seen.positions, seen.valid))
    evidence = gather_evidence(flag, *parts, rest)
    single, _ = fit_latent(flag, evidence)
    double, _ = fit_latent(copy.deepcopy(flag).double(), evidence.double())
    torch.testing.assert_close(single.double(), double, atol=2e-2, rtol=0)
