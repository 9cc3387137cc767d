"""On a CUDA GPU: the same motion as on the CPU, and training steps that are recorded. Skipped without one."""

import json

import numpy as np
import pytest
import torch

from threepoint.model_core.mocap.clips import save_clips
from threepoint.tools.benchmarks.devices import pipeline_differences
from threepoint.tools.train import run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

MILLIMETRE = 1e-3


def test_the_whole_pipeline_gives_the_same_motion_on_both_devices():
    difference = pipeline_differences("cuda", seconds=6.0)
    assert np.median(difference) < MILLIMETRE and np.quantile(difference, 0.99) < 10 * MILLIMETRE


@pytest.mark.parametrize("model", ["sage", "flag"])
def test_every_stage_is_recorded_and_trains_by_the_clock(model, make_clip, tmp_path, capfd):
    save_clips(tmp_path / "train.npz", [make_clip(90), make_clip(70)])
    save_clips(tmp_path / "val.npz", [make_clip(75)])
    options = ["--config", "smoke", "--data", str(tmp_path), "--run", str(tmp_path / "run"), "--minutes", "0.1"]
    assert run([model, *options, "--device", "cuda", "--output", str(tmp_path / "weights")]) == 0
    assert "cannot be recorded" not in capfd.readouterr().err
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert all(np.isfinite(value) for line in lines for value in line.values() if not isinstance(value, str))
    assert (tmp_path / "weights").exists()
