"""Training is exact: a run that was killed and resumed ends where an unbroken one does."""

import pytest
import torch

from threepoint.tools.smoke_data import make_smoke_data
from threepoint.tools.train import run as train_model
from threepoint.tools.train_sage import run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_smoke_data(tmp_path_factory.mktemp("data"))


def train(data, folder, *more):
    words = ["--config", "smoke", "--data", str(data), "--run", str(data / folder), "--threads", "1"]
    assert run([*words, *more]) == 0
    return torch.load(data / folder / "checkpoint.pt", weights_only=True)


def test_every_stage_trains_and_logs(data):
    state = train(data, "whole", "--output", str(data))
    assert state["finished"] == ["vqvae", "diffusion", "body", "refiner"]
    log = (data / "whole" / "log.jsonl").read_text()
    assert '"val_mpjpe"' in log and '"upper_perplexity"' in log
    assert (data / "sage_diffusion.safetensors").stat().st_size > 10_000


def test_a_killed_run_resumes_to_identical_weights(data):
    whole = train(data, "whole")["model"]
    train(data, "broken", "--stop-after", "5")
    for _ in range(8):
        state = train(data, "broken", "--resume", "--stop-after", "5")
    assert state["finished"] == ["vqvae", "diffusion", "body", "refiner"]
    for name, value in state["model"].items():
        torch.testing.assert_close(value, whole[name], rtol=0, atol=0, msg=name)


@pytest.mark.parametrize("model", ["sage", "flag"])
def test_the_smoke_run_makes_its_own_data(model, tmp_path):
    assert train_model([model, "--smoke", "--run", str(tmp_path), "--threads", "1"]) == 0
    assert (tmp_path / "smoke" / "clips" / "train.npz").is_file()


def test_a_log_becomes_a_picture(data, tmp_path):
    train(data, "drawn")
    run(["--run", str(data / "drawn"), "--plot", str(tmp_path / "log.png")])
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")
