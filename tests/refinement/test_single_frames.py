"""Refining single frames: each ends where it would end alone, where scipy ends, and alike on every device."""

import numpy as np
import pytest
import scipy.optimize
import torch

from threepoint.model_core.flag.evidence import gather_evidence, place_body
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.skeleton import TRACKED_JOINTS
from threepoint.model_core.observation import Observation
from threepoint.model_core.refinement.energy import region_energy, tracker_energy
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.refine import RefinementOptions, refine
from threepoint.model_core.refinement.single_frames import fit_latent, fit_pose
from threepoint.model_core.refinement.windows import WINDOW

FRAMES = 9


def make_model():
    """An untrained FLAG whose flow and region are no identities."""
    torch.manual_seed(1)
    model = Flag(CONFIGS["smoke"])
    for coupling in model.flow.couplings:
        torch.nn.init.normal_(coupling.leave.weight, std=0.02)
    model.pose.scale.fill_(0.3)
    return model.eval().requires_grad_(False)


def observed(make_clip):
    """Head and hands of some frames of a clip, and the person's rest joints."""
    clip = make_clip(90)
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    parts = world[::10, tracked], joints[::10, tracked], np.ones((FRAMES, 3)), clip.rest_joints
    return [torch.from_numpy(part).float() for part in parts]


@pytest.mark.parametrize("fit", [fit_latent, fit_pose])
def test_frames_end_where_they_would_end_alone(make_clip, fit):
    model = make_model()
    evidence = gather_evidence(model, *observed(make_clip))
    together = fit(model, evidence, iterations=30)
    few = torch.tensor([7, 2])
    apart = fit(model, evidence.take(few), iterations=30)
    if fit is fit_latent:
        together, apart = together[0], apart[0]
    joints = [
        place_body(model.pose, x, evidence.take(items))[1] for x, items in ((apart, few), (together, slice(None)))
    ]
    torch.testing.assert_close(joints[0], joints[1][few], atol=1e-4, rtol=0)


def test_windows_end_where_they_would_end_in_other_company(make_clip, monkeypatch):
    model, clip = make_model(), make_clip(130)
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    seen = Observation(world[:, tracked], joints[:, tracked], np.ones((130, 3), bool), np.zeros(10))
    motion = Unrefined(torch.from_numpy(clip.rotations()), torch.from_numpy(clip.translation))
    results = []
    for at_once in (1536, WINDOW):
        monkeypatch.setattr("threepoint.model_core.refinement.refine.FRAMES_PER_BATCH", at_once)
        results.append(refine(model, seen, motion, clip.rest_joints, options=RefinementOptions(iterations=6)).motion)
    for first, second in zip(*results, strict=True):
        torch.testing.assert_close(first, second, atol=1e-4, rtol=0)


def test_no_frame_ends_higher_than_scipys(make_clip):
    model = make_model()
    evidence = gather_evidence(model, *observed(make_clip)).double()
    model.double()

    def cost(z, known):
        return tracker_energy(*place_body(model.pose, model.flow(z, known.context), known), known) + region_energy(
            z, known
        )

    # Of scipy an iteration may take several evaluations, here one.
    _, z = fit_latent(model, evidence, iterations=75)
    for frame in range(0, FRAMES, 4):
        known = evidence.take(torch.tensor([frame]))

        def call(values, known=known):
            x = torch.from_numpy(values)[None].requires_grad_(True)
            value = cost(x, known).sum()
            return value.item(), torch.autograd.grad(value, x)[0][0].numpy()

        found = scipy.optimize.minimize(
            call, known.mean[0].numpy(), jac=True, method="L-BFGS-B", options={"maxiter": 60}
        )
        assert cost(z[frame : frame + 1], known).item() <= found.fun + 0.02 * abs(found.fun)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_processors_and_gpus_agree(make_clip):
    clip = make_clip(60)
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    seen = Observation(world[:, tracked], joints[:, tracked], np.ones((60, 3), bool), np.zeros(10))
    results = []
    for device in ("cpu", "cuda"):
        model = make_model().to(device)
        motion = Unrefined(torch.from_numpy(clip.rotations()), torch.from_numpy(clip.translation))
        refined = refine(model, seen, motion, clip.rest_joints, options=RefinementOptions(iterations=5))
        results.append([part.cpu() for part in refined.motion])
    for first, second in zip(*results, strict=True):
        torch.testing.assert_close(first, second, atol=2e-3, rtol=0)
