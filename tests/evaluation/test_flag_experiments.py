"""The FLAG paper's experiments: networks of equal size, every table and figure, a clear word where some are missing."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.mocap.clips import save_clips
from threepoint.tools import evaluate
from threepoint.tools.evaluation.flag_experiments import curves, frames, report, tables
from threepoint.tools.training.comparison_networks import (
    COMMAND,
    FILE_NAME,
    Comparisons,
    ConditionalVae,
    count,
    load_comparisons,
    save_comparisons,
)
from threepoint.tools.training.flag import run


@pytest.fixture
def data(tmp_path, make_clip):
    for split in ("train", "val", "test"):
        save_clips(tmp_path / f"{split}.npz", [make_clip(70), make_clip(50)])
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """Few iterations, an untrained small FLAG, and a SAGE that knows the truth."""
    torch.manual_seed(0)
    shipped = Flag(CONFIGS["smoke"]).eval().requires_grad_(False)
    monkeypatch.setattr(curves, "ITERATIONS", 3)
    monkeypatch.setattr(curves, "SHOWN", (0, 3))
    monkeypatch.setattr(report, "load_flag", lambda: shipped)
    monkeypatch.setattr(report, "load_sage", lambda: None)
    monkeypatch.setattr(
        frames,
        "predict",
        lambda sage, seen, rest: SimpleNamespace(rotations=torch.eye(3).repeat(len(seen.valid), 22, 1, 1)),
    )


def train(data, *more):
    arguments = ["--stage", "comparisons", "--smoke", "--run", str(data / "run"), "--threads", "1", "--device", "cpu"]
    assert run([*arguments, *more]) == 0


def test_networks_that_are_compared_are_of_one_size():
    networks = Comparisons("comparison")
    flow, region = count(networks.supervised.flow), count(networks.supervised.region)
    assert count(networks.plain.flow) == flow
    assert flow <= count(networks.vae) < 1.03 * flow
    assert region <= count(networks.mlp) < 1.03 * region
    assert networks.supervised.config.mode == "pelvis"


def test_comparisons_train_resume_and_load(data):
    train(data, "--stop-after", "5")
    train(data, "--resume", "--stop-after", "5")
    assert not (data / "run" / FILE_NAME).exists()
    train(data, "--resume")
    networks = load_comparisons(data / "run")
    assert {"flow", "region", "mlp", "plain", "vae"} == set(stages_of(data / "run"))
    assert networks.plain.pose.scale.equal(networks.supervised.pose.scale)
    assert not networks.plain.flow.couplings[0].leave.weight.equal(networks.supervised.flow.couplings[0].leave.weight)


def stages_of(folder):
    return [json.loads(line)["stage"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_every_table_and_figure_is_there(quick, data, capsys):
    save_comparisons(data / FILE_NAME, Comparisons("smoke"))
    arguments = [str(data / "test.npz"), "--flag", "--comparisons", str(data), "--threads", "1"]
    assert evaluate.run([*arguments, "--json", str(data / "flag.json"), "--pictures", str(data)]) == 0
    printed = capsys.readouterr().out
    for name in (*(f"Table {n}" for n in range(1, 6)), "Figure 3", "Figure 7: refinement", "Figure 7: iterations"):
        assert f"**{name}" in printed, name
    assert "missing" not in printed
    assert (data / "flag_figure3.png").stat().st_size > 10_000 and (data / "flag_figure7.png").stat().st_size > 10_000
    found = json.loads((data / "flag.json").read_text())
    assert found["compared"] and len(found["figure7"]) == 2 * (3 + 1 + 3)
    assert all(len(errors) == 4 for errors in found["figure7"].values())


def test_without_the_comparisons_flag_stands_alone_and_says_what_trains_them(quick, data, capsys):
    assert evaluate.run([str(data / "test.npz"), "--flag", "--comparisons", str(data), "--threads", "1"]) == 0
    printed = capsys.readouterr().out
    assert f"`{COMMAND}`" in printed and "Table 2" not in printed and "as shipped: z = mu" in printed
    (data / FILE_NAME).write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be read as networks"):
        load_comparisons(data)


def test_a_bound_is_below_the_likelihood_and_its_weight_is_that_of_the_divergence():
    torch.manual_seed(0)
    vae = ConditionalVae(16)
    x, condition, noise = torch.randn(5, 66), torch.randn(5, 32), torch.randn(5, 32)
    whole, decoded = vae.bound(x, condition, noise)
    free, _ = vae.bound(x, condition, noise, weight=0.0)
    half, _ = vae.bound(x, condition, noise, weight=0.5)
    assert decoded.shape == (5, 66) and (whole < free).all(), "the divergence is positive"
    torch.testing.assert_close(half, (whole + free) / 2)


def test_sinkhorn_tells_near_sets_of_codes_from_far_ones():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(60, 66, generator=generator)
    shuffled = codes[torch.randperm(60, generator=generator)]
    other = torch.randn(60, 66, generator=generator)
    near, far = tables.sinkhorn(codes, shuffled + 0.01), tables.sinkhorn(codes, other)
    assert near < 0.1 * far, "the order of a set does not matter"
    assert far == pytest.approx(2.0, abs=0.6), (
        "squared distance of two draws over their dimension, less what pairing saves"
    )


def test_tables_are_markdown():
    table = tables.Table("T", ("a", "b"), [("x", 1.234), ("y", 2.0e13)])
    assert table.markdown().splitlines() == [
        "**T**",
        "",
        "| a | b |",
        "| --- | --- |",
        "| x | 1.23 |",
        "| y | 2.00e+13 |",
    ]


def test_the_couplings_lead_from_the_oracle_code_to_the_true_pose(quick, data, make_clip):
    shown = frames.frames_of([make_clip(40)], 8, None)
    subject = tables.make_subject("small", Comparisons("smoke").supervised.eval(), shown)
    with torch.no_grad():
        errors = curves.coupling_errors(shown, [subject])["small", "oracle"]
    assert len(errors) == CONFIGS["smoke"].couplings + 1 and errors[-1] < 0.01
    assert np.isfinite(errors).all()
