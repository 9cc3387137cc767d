"""The latent region: what it may attend to, and in which order joints are hidden."""

import pytest
import torch

from threepoint.model_core.flag.model import load_flag, save_flag
from threepoint.model_core.flag.region import (
    MASKING_ORDER,
    LatentRegionModel,
    gumbel_softmax,
    scatter_tracked,
    soft_clamp,
    visible_joints,
)
from threepoint.model_core.geometry.skeleton import JOINT_NAMES, PARENTS, TRACKED_JOINTS
from threepoint.model_core.safetensor_files import FORMER_KEYS, load_tensors


@pytest.fixture
def region():
    torch.manual_seed(0)
    return LatentRegionModel(66, width=32, layers=2, heads=2, groups=4, modes=8)


def test_all_joints_but_head_and_hands_are_hidden_one_group_after_the_other():
    counts = [int(visible_joints(stage).sum()) for stage in range(len(MASKING_ORDER) + 1)]
    assert counts[0] == 22 and counts[-1] == 3
    assert all(later < earlier for earlier, later in zip(counts, counts[1:], strict=False))
    assert visible_joints(len(MASKING_ORDER)).nonzero().flatten().tolist() == sorted(TRACKED_JOINTS)


def test_masking_follows_the_tree_legs_first_and_the_pelvis_last():
    hidden = {joint: stage for stage, group in enumerate(MASKING_ORDER) for joint in group}
    for joint in (10, 11, 7, 8, 4, 5):
        assert hidden[joint] < hidden[PARENTS[joint]], JOINT_NAMES[joint]
    assert hidden[0] == max(hidden.values())


def test_hidden_joints_are_not_looked_at(region):
    joints, proportions = torch.randn(3, 22, 9), torch.randn(3, 3)
    visible = visible_joints(5).repeat(3, 1)
    other = torch.where(visible[..., None], joints, torch.full_like(joints, 1e3))
    for before, after in zip(region(joints, visible, proportions), region(other, visible, proportions), strict=True):
        torch.testing.assert_close(before, after)
    moved = joints.clone()
    moved[:, TRACKED_JOINTS[0]] += 1
    assert not torch.allclose(region(joints, visible, proportions)[0], region(moved, visible, proportions)[0])


def test_a_hand_that_is_not_valid_is_hidden():
    joints = torch.randn(2, 3, 9)
    everything, visible = scatter_tracked(joints, torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]))
    assert visible.sum(1).tolist() == [2, 3]
    assert not visible[0, TRACKED_JOINTS[1]]
    assert (everything[:, list(TRACKED_JOINTS)] == joints).all()


def test_gumbel_samples_are_one_hot_repeatable_and_carry_a_gradient():
    logits = torch.zeros(5, 4, 8, requires_grad=True)
    first = gumbel_softmax(logits, 0.7, torch.Generator().manual_seed(3))
    second = gumbel_softmax(logits, 0.7, torch.Generator().manual_seed(3))
    assert first.shape == (5, 4, 8)
    assert (first == second).all()
    assert ((first.detach() - 1).abs().min(-1).values < 1e-6).all()
    torch.testing.assert_close(first.sum(-1), torch.ones(5, 4))
    (first * torch.randn(5, 4, 8)).sum().backward()
    assert logits.grad.abs().sum() > 0


def test_gumbel_samples_follow_the_categorical():
    logits = torch.log(torch.tensor([0.6, 0.3, 0.1])).expand(20000, 1, 3)
    share = gumbel_softmax(logits, 0.5, torch.Generator().manual_seed(0)).mean((0, 1))
    torch.testing.assert_close(share, torch.tensor([0.6, 0.3, 0.1]), atol=0.02, rtol=0)


def test_log_sigma_stays_within_its_bounds():
    squeezed = soft_clamp(torch.tensor([-1e6, -4.0, 0.0, 1e6]), -4.0, 1.0)
    assert squeezed.min() >= -4 and squeezed.max() <= 1
    assert (squeezed.diff() >= 0).all()


def test_layers_under_their_former_names_are_loaded(region):
    state = region.state_dict()
    former = {now: before for before, now in FORMER_KEYS.items()}
    old = {}
    for key, value in state.items():
        parts = [former.get(part, part) for part in key.split(".")]
        old[".".join(parts)] = value + 1
    assert {"mix", "think", "approximator"} <= {part for key in old for part in key.split(".")}
    region.load_state_dict(old)
    for key, value in region.state_dict().items():
        torch.testing.assert_close(value, dict(zip(state, old.values(), strict=True))[key])


def test_an_unknown_layer_is_refused(region):
    with pytest.raises(RuntimeError, match="mixer"):
        region.load_state_dict({**region.state_dict(), "mixer.weight": torch.zeros(1)})


def test_the_shipped_weights_load_and_new_files_have_todays_names(tmp_path):
    model = load_flag()
    save_flag(tmp_path / "flag.safetensors", model)
    tensors, _ = load_tensors(tmp_path / "flag.safetensors", "FLAG's weights")
    parts = {part for key in tensors for part in key.split(".")}
    assert not parts & set(FORMER_KEYS) and {"out_proj", "mlp", "latent_region_approximator"} <= parts
    assert set(load_flag(tmp_path / "flag.safetensors").state_dict()) == set(tensors)
