"""Networks side by side: their mean is predicted, takes and progress are those of one motion, companions are light."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.body.proportions import body_size, proportions
from threepoint.model_core.evaluation.methods import observe_truth, sage_online
from threepoint.model_core.geometry.rotations import sixd_to_matrix
from threepoint.model_core.geometry.skeleton import MIRRORED
from threepoint.model_core.observation import mirrored_features
from threepoint.model_core.pipeline import Networks
from threepoint.model_core.sage.ensemble import SageEnsemble, load_ensemble
from threepoint.model_core.sage.inference import observed_features, predict
from threepoint.model_core.sage.model import CONFIGS, Sage, Sampling


@pytest.fixture(scope="module")
def ensemble():
    torch.manual_seed(0)
    return SageEnsemble([Sage(CONFIGS["smoke"]).eval() for _ in range(2)])


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(50)


def mirrored(seen, rest_joints):
    """The observation's mirror image across x = 0, and the person's."""
    flip, roles = np.diag([-1.0, 1.0, 1.0]), [0, 2, 1]
    rotations, positions = (flip @ seen.rotations @ flip)[:, roles], (seen.positions @ flip)[:, roles]
    rest = rest_joints[list(MIRRORED[: len(rest_joints)])] @ flip
    return replace(seen, rotations=rotations, positions=positions, valid=seen.valid[:, roles]), rest


@pytest.fixture(scope="module")
def lopsided(clip):
    """A person whose right arm and leg are longer than the left ones, who loses the right hand."""
    rest = clip.rest_joints.copy()
    rest[[2, 5, 8, 11, 17, 19, 21]] *= 1.1
    return observe_truth(clip, np.array([[True, True, frame % 20 < 15] for frame in range(len(clip))])), rest


def test_features_of_the_mirror_image_are_those_of_the_mirrored_observation(lopsided):
    flipped, flipped_rest = mirrored(*lopsided)
    expected, _, _, rest = observed_features(flipped, flipped_rest)
    found = mirrored_features(observed_features(*lopsided)[0], proportions(rest, body_size(rest)))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert not torch.allclose(found, observed_features(*lopsided)[0], atol=1e-2)


def test_an_ensemble_predicts_the_mean_of_its_members_and_of_the_firsts_mirror_image(ensemble, lopsided):
    seen, rest_joints = lopsided
    together = predict(ensemble, seen, rest_joints, context=4 * len(seen.valid), refine=False, half=False)
    with torch.inference_mode():
        shown = [observed_features(*each)[0][None] for each in (lopsided, mirrored(*lopsided))]
        decoded = [member(shown[0]) for member in ensemble.members]
        pose, contacts = ensemble.first(shown[1])
        flipped = pose[0].unflatten(1, (22, 6))[:, list(MIRRORED[:22])] * torch.tensor([1, -1, -1, -1, 1, 1])
        poses = [pose for pose, _ in decoded] + [flipped.flatten(1)[None]]
        logits = [logits for _, logits in decoded] + [contacts[..., [1, 0, 3, 2]]]
    mean = sixd_to_matrix(torch.cat(poses).mean(0).unflatten(1, (22, 6)))
    # The root is turned by the heading; where the hand is lost the pose is inertialized.
    torch.testing.assert_close(together.rotations[:15, 1:], mean[:15, 1:], atol=1e-5, rtol=0)
    torch.testing.assert_close(together.contacts, torch.cat(logits).sigmoid().mean(0))
    assert not torch.allclose(poses[0], poses[1], atol=1e-2) and not torch.allclose(poses[0], poses[2], atol=1e-2)


def test_the_firsts_refiner_corrects_the_mean_once(ensemble, clip):
    ensemble, seen = copy.deepcopy(ensemble), observe_truth(clip)
    mean = predict(ensemble, seen, clip.rest_joints, half=False).rotations
    torch.nn.init.normal_(ensemble.members[1].refiner.correct.weight, std=0.1)
    torch.testing.assert_close(predict(ensemble, seen, clip.rest_joints, half=False).rotations, mean)
    torch.nn.init.normal_(ensemble.first.refiner.correct.weight, std=0.1)
    assert (predict(ensemble, seen, clip.rest_joints, half=False).rotations - mean).abs().max() > 1e-2


def test_a_take_is_one_members(ensemble, clip):
    seen, take = observe_truth(clip), Sampling(2, 1.0, 7)
    ours, firsts = (predict(sage, seen, clip.rest_joints, take) for sage in (ensemble, ensemble.first))
    assert torch.equal(ours.rotations, firsts.rotations) and torch.equal(ours.contacts, firsts.contacts)


def test_a_stream_is_the_firsts(ensemble, clip):
    seen = observe_truth(clip)
    ours, firsts = (sage_online(Networks(sage, None, "cpu"), clip, seen) for sage in (ensemble, ensemble.first))
    assert torch.equal(ours.rotations, firsts.rotations)


def test_progress_grows_over_all_members(ensemble, clip):
    fractions = []
    predict(ensemble, observe_truth(clip), clip.rest_joints, progress=lambda fraction, _: fractions.append(fraction))
    assert fractions == sorted(fractions) and fractions[0] == 0 and len(set(fractions)) >= 3 and fractions[-1] < 1


def test_the_companion_that_is_shipped_has_no_parts_for_training_alone(clip):
    shipped = load_ensemble()
    assert hasattr(shipped.first, "upper_vqvae") and not hasattr(shipped.members[1], "upper_vqvae")
    found = predict(shipped, observe_truth(clip), clip.rest_joints)
    assert np.isfinite(found.rotations.numpy()).all()
