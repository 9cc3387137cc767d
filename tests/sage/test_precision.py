"""Half precision costs less than a millimetre."""

import numpy as np
import pytest
import torch

from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import load_sage


@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"))],
)
def test_half_precision_moves_no_joint_by_a_millimetre(make_clip, device):
    clip, sage = make_clip(120), load_sage(device=device)
    rest = torch.from_numpy(np.asarray(clip.rest_joints)).float()
    places = []
    for half in (False, True):
        found = predict(sage, observe_truth(clip), clip.rest_joints, half=half)
        places.append(forward_kinematics(found.rotations.cpu(), found.translation.cpu(), rest)[1])
    apart = (places[0] - places[1]).norm(dim=-1)
    assert 0 < apart.max() < 1e-3
