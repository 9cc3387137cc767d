"""Training is exact: a run that was killed and resumed ends where an unbroken one does."""

import itertools

import pytest
import torch

from threepoint.tools import training
from threepoint.tools.smoke_data import make_smoke_data
from threepoint.tools.train import run as train_model
from threepoint.tools.train_sage import SageTraining, run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_smoke_data(tmp_path_factory.mktemp("data"))


def train(data, folder, *more):
    words = ["--config", "smoke", "--data", str(data), "--run", str(data / folder), "--threads", "1"]
    assert run([*words, *more]) == 0
    return torch.load(data / folder / "checkpoint.pt", weights_only=True)


@pytest.fixture(scope="module")
def whole(data):
    """The checkpoint of a run that nothing broke."""
    return train(data, "whole", "--output", str(data))


def assert_same_weights(state, whole):
    assert state["finished"] == whole["finished"]
    for name, value in state["model"].items():
        torch.testing.assert_close(value, whole["model"][name], rtol=0, atol=0, msg=name)


def test_every_stage_trains_and_logs(data, whole):
    assert whole["finished"] == ["vqvae", "diffusion", "body", "refiner"]
    log = (data / "whole" / "log.jsonl").read_text()
    assert '"val_mpjpe"' in log and '"upper_perplexity"' in log
    assert (data / "sage_diffusion.safetensors").stat().st_size > 10_000


def test_a_run_that_is_stopped_again_and_again_ends_the_same(data, whole):
    train(data, "broken", "--stop-after", "5")
    for _ in range(8):
        state = train(data, "broken", "--resume", "--stop-after", "5")
    assert_same_weights(state, whole)


def test_a_killed_run_resumes_from_its_last_save(data, whole, monkeypatch):
    def killed(self, generator):
        if next(calls) == 5:
            raise KeyboardInterrupt
        return body_loss(self, generator)

    calls, body_loss = itertools.count(), SageTraining.body_loss
    with monkeypatch.context() as patch:
        patch.setattr(SageTraining, "body_loss", killed)
        patch.setattr(training, "SAVE_EVERY_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            train(data, "killed")
    left = torch.load(data / "killed" / "checkpoint.pt", weights_only=True)
    assert left["pending"]["stage"] == "body" and left["pending"]["step"] == 5
    assert_same_weights(train(data, "killed", "--resume"), whole)


@pytest.mark.parametrize("model", ["sage", "flag"])
def test_the_smoke_run_makes_its_own_data(model, tmp_path):
    assert train_model([model, "--smoke", "--run", str(tmp_path), "--threads", "1"]) == 0
    assert (tmp_path / "smoke" / "clips" / "train.npz").is_file()


def test_a_log_becomes_a_picture(data, whole, tmp_path):
    run(["--run", str(data / "whole"), "--plot", str(tmp_path / "log.png")])
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")
