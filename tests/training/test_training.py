"""Training is exact: a run that was killed and resumed ends where an unbroken one does."""

import itertools
import json
import subprocess
import sys

import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.train import run as train_model
from threepoint.tools.training import loop as training
from threepoint.tools.training.sage import SageTraining, run
from threepoint.tools.training.smoke_data import make_smoke_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_smoke_data(tmp_path_factory.mktemp("data"))


def train(data, folder, *more):
    arguments = ["--config", "smoke", "--data", str(data), "--run", str(data / folder), "--threads", "1"]
    assert run([*arguments, *more]) == 0
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
    train(data, "broken", "--stop-after", "9")
    for _ in range(3):
        state = train(data, "broken", "--resume", "--stop-after", "9")
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


def test_a_stage_leaves_the_parts_of_earlier_stages_alone(data, whole):
    train(data, "staged", "--stage", "vqvae")
    before = train(data, "staged", "--stage", "diffusion", "--resume")["model"]
    after = train(data, "staged", "--stage", "body", "--resume")["model"]
    for name, value in before.items():
        if "vqvae" in name or "refiner" in name:
            torch.testing.assert_close(after[name], value, rtol=0, atol=0, msg=name)
    assert not torch.equal(before["decoder.embed.weight"], after["decoder.embed.weight"])


def test_no_dropout_acts_in_parts_that_do_not_train(data, whole, monkeypatch):
    modes, refiner_loss = [], SageTraining.refiner_loss

    def watched(self, generator):
        modes.append((self.sage.decoder.training, self.sage.upper_diffusion.training, self.sage.refiner.training))
        return refiner_loss(self, generator)

    monkeypatch.setattr(SageTraining, "refiner_loss", watched)
    train(data, "watched", "--stage", "refiner", "--start-from", str(data))
    assert set(modes) == {(False, False, True)}


def test_a_stage_needs_the_ones_before_it(data):
    with pytest.raises(InputError, match="stage body needs stage vqvae"):
        train(data, "early", "--stage", "body")


def test_a_run_is_not_begun_anew_by_mistake(data, whole):
    log = (data / "whole" / "log.jsonl").read_bytes()
    with pytest.raises(InputError, match="holds a training; go on with --resume"):
        train(data, "whole")
    assert (data / "whole" / "log.jsonl").read_bytes() == log


def test_a_loss_that_is_no_number_stops_the_run(data, monkeypatch):
    def diverged(self, generator):
        loss, numbers = vqvae_loss(self, generator)
        return loss * float("nan"), numbers

    vqvae_loss = SageTraining.vqvae_loss
    train(data, "diverged", "--stop-after", "2")
    monkeypatch.setattr(SageTraining, "vqvae_loss", diverged)
    with pytest.raises(InputError, match="loss of stage vqvae is nan at step 3"):
        train(data, "diverged", "--resume")
    state = torch.load(data / "diverged" / "checkpoint.pt", weights_only=True)
    assert all(value.isfinite().all() for value in state["model"].values())


@pytest.mark.parametrize("damage", ["cut", "other sizes"])
def test_a_checkpoint_that_does_not_fit_is_refused_in_one_line(data, whole, damage):
    folder = data / damage
    folder.mkdir()
    content = (data / "whole" / "checkpoint.pt").read_bytes()
    (folder / "checkpoint.pt").write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    config = [] if damage == "cut" else ["--config", "small"]
    with pytest.raises(InputError, match="checkpoint.pt: not a checkpoint of this model") as refusal:
        train(data, damage, "--resume", *config)
    assert "\n" not in str(refusal.value)


def test_a_folder_of_amass_files_is_training_data(data):
    state = train(data, "amass_run", "--data", str(data.parent / "amass"), "--stage", "vqvae")
    assert state["finished"] == ["vqvae"]
    assert (data / "amass_run" / "clips" / "val.npz").is_file()


def test_two_processes_train_one_model(data):
    arguments = [
        "--config",
        "smoke",
        "--data",
        str(data),
        "--run",
        str(data / "pair"),
        "--threads",
        "1",
        "--device",
        "cpu",
    ]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--"]
    done = subprocess.run(
        [*launcher, str(ROOT / "tools"), "train", "sage", *arguments, "--stage", "vqvae"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    state = torch.load(data / "pair" / "checkpoint.pt", weights_only=True)
    assert state["finished"] == ["vqvae"]
    log = (data / "pair" / "log.jsonl").read_text().splitlines()
    assert sum('"upper_perplexity"' in line for line in log) == 1, "only the first process logs"


@pytest.mark.parametrize("model", ["sage", "flag"])
def test_the_smoke_run_makes_its_own_data(model, tmp_path):
    assert train_model([model, "--smoke", "--run", str(tmp_path), "--threads", "1"]) == 0
    assert (tmp_path / "smoke" / "clips" / "train.npz").is_file()


def test_a_log_becomes_a_picture(data, whole, tmp_path):
    lines = [json.loads(line) for line in (data / "whole" / "log.jsonl").read_text().splitlines()]
    some = [{name: value for name, value in line.items() if name in ("stage", "step", "loss")} for line in lines]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, some)))
    run(["--run", str(tmp_path), "--plot", str(tmp_path / "log.png")])
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")
