"""Training steps as a GPU records them: nothing waits, constants are sent once, tiny products are the same products."""

import argparse

import pytest
import torch

from threepoint.model_core.flag.model import CONFIGS as FLAG_CONFIGS
from threepoint.model_core.flag.model import Flag
from threepoint.model_core.mocap.clips import save_clips
from threepoint.model_core.sage.model import CONFIGS as SAGE_CONFIGS
from threepoint.model_core.sage.model import Sage
from threepoint.tests.training.no_waiting import NoWaiting
from threepoint.tools.training.flag_stages import FlagTraining
from threepoint.tools.training.sage import SageTraining
from threepoint.tools.training.stepping.gpu_step import StayOnDevice, tiny_product


@pytest.fixture(scope="module")
def options(make_clip, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    save_clips(folder / "train.npz", [make_clip(90), make_clip(70)])
    save_clips(folder / "val.npz", [make_clip(75)])
    values = dict(config="smoke", data=folder, device="cpu", steps_scale=1.0, rate_scale=1.0, batch=None, seed=0)
    return argparse.Namespace(**values, no_intermediate=False)


def stages_of(options):
    sage, flag = Sage(SAGE_CONFIGS["smoke"]), Flag(FLAG_CONFIGS["smoke"])
    record = argparse.Namespace(done=torch.tensor(0.1))
    return [*SageTraining(sage, options).stages(), *FlagTraining(flag, options, record).stages()]


def test_no_stage_waits_for_the_device(options):
    generator, mode = torch.Generator().manual_seed(0), StayOnDevice("cpu")
    for stage in stages_of(options):
        with mode:
            stage.loss(generator)  # What is made once is made now.
            with NoWaiting():
                loss, _ = stage.loss(generator)
                loss.backward()
        assert loss.isfinite(), stage.name


def test_waiting_is_noticed():
    values = torch.rand(4)
    for waits in (lambda: values.sum().item(), lambda: values[values > 0.5], lambda: torch.tensor([1.0]) + values):
        with pytest.raises(AssertionError, match="wait for each other"), NoWaiting():
            waits()


def test_constants_are_made_once_and_mean_the_same():
    values = torch.rand(5, 6, 3)
    with StayOnDevice("cpu") as mode:
        for _ in range(2):
            picked = values[:, [0, 2]], values[[1, 3]], values[..., (0, 2), :], values.new_tensor([1, 2])
            assert len(mode.kept) == 3
        changed = values.clone()
        changed[:, [0, 2]] = 0
    assert torch.equal(picked[0], values[:, [0, 2]]) and torch.equal(picked[1], values[[1, 3]])
    assert torch.equal(picked[2], values[..., (0, 2), :]) and torch.equal(picked[3], torch.tensor([1.0, 2.0]))
    assert changed[:, [0, 2]].abs().sum() == 0 and torch.equal(changed[:, 1], values[:, 1])


@pytest.mark.parametrize("columns", [1, 3])
def test_tiny_products_are_products(columns):
    first, second = torch.rand(7, 1, 3, 3, requires_grad=True), torch.rand(4, 3, columns, requires_grad=True)
    torch.testing.assert_close(tiny_product(first, second), first @ second)
    ours = torch.autograd.grad(tiny_product(first, second).square().sum(), (first, second))
    theirs = torch.autograd.grad((first @ second).square().sum(), (first, second))
    torch.testing.assert_close(ours, theirs)
    with StayOnDevice("cpu"):
        torch.testing.assert_close(first @ second, tiny_product(first, second), rtol=0, atol=0)
