"""Training is exact: a run that was killed and resumed ends where an unbroken one does."""

import pytest
import torch

from threepoint.model_core.clips import save_clips
from threepoint.tools.train_sage import run


@pytest.fixture
def data(tmp_path, make_clip):
    save_clips(tmp_path / "train.npz", [make_clip(90), make_clip(70), make_clip(120)])
    save_clips(tmp_path / "val.npz", [make_clip(75)])
    return tmp_path


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
