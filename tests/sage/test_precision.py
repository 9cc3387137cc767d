"""Half precision costs less than two millimetres and no smoothness; PyTorch's flags are the caller's."""

import numpy as np
import pytest
import torch

from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.evaluation.metrics import mean_jerk
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.pipeline import load_networks
from threepoint.model_core.sage import precision
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import load_sage
from threepoint.model_core.sage.transformer import Linear


@pytest.mark.parametrize(
    ("device", "most"),
    [
        ("cpu", 2e-3),  # bfloat16
        pytest.param("cuda", 1e-3, marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")),
    ],
)
def test_half_precision_moves_no_joint_by_millimetres_and_shakes_none(make_clip, device, most):
    clip, sage = make_clip(120), load_sage(device=device)
    rest = torch.from_numpy(np.asarray(clip.rest_joints)).float()
    places = []
    for half in (False, True):
        found = predict(sage, observe_truth(clip), clip.rest_joints, half=half)
        places.append(forward_kinematics(found.rotations.cpu(), found.translation.cpu(), rest)[1])
    apart = (places[0] - places[1]).norm(dim=-1)
    assert 0 < apart.max() < most and apart.mean() < most / 3
    full, half = (mean_jerk(joints.numpy()) for joints in places)
    assert half < 1.08 * full


def test_weights_are_rounded_once_until_they_change():
    layer, shown = Linear(8, 8), torch.randn(3, 8)
    with torch.inference_mode(), precision.reduced(shown.device, True):
        before = layer(shown)
        rounded = layer._rounded
        assert torch.equal(layer(shown), before) and layer._rounded is rounded and before.dtype == torch.bfloat16
    with torch.no_grad():
        layer.weight.mul_(2)
    with torch.inference_mode(), precision.reduced(shown.device, True):
        torch.testing.assert_close(layer(shown) - layer.bias, 2 * (before - layer.bias), atol=5e-2, rtol=0)
    assert layer(shown).dtype == torch.float32


def flags():
    """PyTorch's global flags of precision."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    return cuda.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, torch.get_float32_matmul_precision()


@pytest.mark.parametrize("allowed", [True, False])
def test_loading_and_predicting_leave_the_flags_of_pytorch_alone(make_clip, monkeypatch, allowed):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", allowed)
    before, clip = flags(), make_clip(10)
    sage, seen = load_networks("cpu").sage, []
    assert flags() == before
    for module in sage.modules():
        module.register_forward_hook(lambda *_: seen.append(torch.backends.cudnn.allow_tf32))
    predict(sage, observe_truth(clip), clip.rest_joints)
    assert flags() == before and seen and not any(seen)


def test_a_prediction_that_is_cancelled_leaves_the_flags_too(make_clip, monkeypatch):
    def cancel(fraction, stage):
        raise KeyboardInterrupt

    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    clip = make_clip(10)
    with pytest.raises(KeyboardInterrupt):
        predict(load_sage(), observe_truth(clip), clip.rest_joints, progress=cancel)
    assert torch.backends.cudnn.allow_tf32
