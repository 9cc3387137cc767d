"""Networks side by side: their mean is predicted, takes and progress are those of one motion, companions are light."""

import numpy as np
import pytest
import torch

from threepoint.model_core.evaluation.methods import observe_truth, sage_online
from threepoint.model_core.geometry.kinematics import mirror_motion
from threepoint.model_core.geometry.rotations import matrix_to_sixd, sixd_to_matrix
from threepoint.model_core.geometry.skeleton import MIRRORED
from threepoint.model_core.pipeline import Networks
from threepoint.model_core.sage.ensemble import SageEnsemble, load_ensemble
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import CONFIGS, Sage, Sampling


@pytest.fixture(scope="module")
def ensemble():
    torch.manual_seed(0)
    return SageEnsemble([Sage(CONFIGS["smoke"]).eval() for _ in range(2)])


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(50)


def test_an_ensemble_predicts_the_mean_of_its_members_and_of_the_firsts_mirror_image(ensemble, clip):
    seen = observe_truth(clip)
    together = predict(ensemble, seen, clip.rest_joints)
    each = [predict(member, seen, clip.rest_joints) for member in ensemble.members]
    flipped_rest = clip.rest_joints[list(MIRRORED[: len(clip.rest_joints)])] * np.array([-1.0, 1.0, 1.0])
    flipped = predict(ensemble.first, seen.mirrored(), flipped_rest)
    poses = [matrix_to_sixd(one.rotations) for one in each]
    poses.append(matrix_to_sixd(mirror_motion(flipped.rotations, flipped.translation, MIRRORED)[0]))
    mean = sixd_to_matrix(torch.stack(poses).mean(0))
    torch.testing.assert_close(together.rotations, mean, atol=2e-3, rtol=0)  # Opposite vectors have hardly a mean.
    contacts = each[0].contacts + each[1].contacts + flipped.contacts[:, [1, 0, 3, 2]]
    torch.testing.assert_close(together.contacts, contacts / 3)
    assert not torch.allclose(each[0].rotations, each[1].rotations, atol=1e-2)


def test_the_mirror_image_of_a_mirror_image_is_the_observation(clip):
    seen = observe_truth(clip, np.array([[True, True, False]] * len(clip)))
    twice = seen.mirrored().mirrored()
    for name in ("rotations", "positions", "valid"):
        assert np.array_equal(getattr(twice, name), getattr(seen, name))
    assert seen.mirrored().valid[0].tolist() == [True, False, True]


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
