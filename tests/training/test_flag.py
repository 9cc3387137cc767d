"""FLAG trains in two stages, and exactly: a run that was killed and resumed ends where an unbroken one does."""

import json
from types import SimpleNamespace

import pytest
import torch

from threepoint.model_core.evaluation.metrics import UPPER
from threepoint.model_core.flag.model import CONFIGS, Flag, load_flag
from threepoint.model_core.mocap.clips import load_clips, save_clips
from threepoint.tools.training.flag import run
from threepoint.tools.training.flag_stages import FlagTraining

SPINE = (3, 6, 9)

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path, make_clip):
    save_clips(tmp_path / "train.npz", [make_clip(90), make_clip(70)])
    save_clips(tmp_path / "val.npz", [make_clip(75)])
    return tmp_path


def train(data, folder, *more):
    arguments = ["--config", "smoke", "--data", str(data), "--run", str(data / folder), "--threads", "1"]
    assert run([*arguments, *more]) == 0
    return torch.load(data / folder / "checkpoint.pt", weights_only=True)


@pytest.mark.parametrize("mode", ["head", "pelvis"])
def test_both_stages_train_and_log_and_the_weights_load(data, mode):
    state = train(data, mode, "--mode", mode, "--output", str(data / "flag.safetensors"))
    assert state["finished"] == ["flow", "region"]
    log = (data / mode / "log.jsonl").read_text()
    assert '"val_nll"' in log and '"val_mu_hands"' in log
    model = load_flag(data / "flag.safetensors")
    assert model.config.mode == mode
    assert model.pose.scale.min() > 0.04 and not torch.equal(model.pose.mean, torch.eye(3).expand(22, 3, 3))


def test_validation_counts_the_spine_to_the_upper_body_as_the_metrics_do(data):
    options = SimpleNamespace(
        config="smoke", steps_scale=1.0, rate_scale=1.0, data=data, device="cpu", seed=0, batch=None
    )
    training = FlagTraining(Flag(CONFIGS["smoke"]), options, record=None)
    spine = list(SPINE)
    training.joint_error = lambda frames, x: torch.zeros(len(x), 22).index_fill(1, torch.tensor(spine), 0.01)
    with torch.no_grad():
        found = training.validate()
    assert found["mu_upper"] == pytest.approx(len(spine) / len(UPPER))
    assert found["mu_lower"] == found["mu_hands"] == 0


def test_a_killed_run_resumes_to_identical_weights(data):
    whole = train(data, "whole")["model"]
    train(data, "broken", "--stop-after", "3")
    for _ in range(6):
        state = train(data, "broken", "--resume", "--stop-after", "3")
    assert state["finished"] == ["flow", "region"]
    for name, value in state["model"].items():
        torch.testing.assert_close(value, whole[name], rtol=0, atol=0, msg=name)


def test_training_without_intermediate_supervision_is_another_training(data):
    with_it = train(data, "with", "--stage", "flow")["model"]
    without = train(data, "without", "--stage", "flow", "--no-intermediate")["model"]
    assert not torch.equal(with_it["flow.couplings.0.leave.weight"], without["flow.couplings.0.leave.weight"])


def test_calibration_makes_the_number_mean_the_error(data):
    train(data, "run", "--output", str(data / "flag.safetensors"))
    save_clips(data / "test.npz", load_clips(data / "val.npz"))
    arguments = ["--stage", "calibration", "--calibrate-on", "FLAG, refined", "--threads", "1"]
    assert (
        run([*arguments, "--data", str(data), "--run", str(data / "run"), "--output", str(data / "flag.safetensors")])
        == 0
    )
    numbers = json.loads((data / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert numbers["val_expected_cm"] == pytest.approx(numbers["val_error_cm"], rel=0.05)
    assert numbers["val_coverage_90%"] == pytest.approx(0.9, abs=0.01)
    assert numbers["test_rank_after"] == pytest.approx(numbers["val_rank_after"])
    assert load_flag(data / "flag.safetensors").uncertainty_offset.abs().sum() > 0
