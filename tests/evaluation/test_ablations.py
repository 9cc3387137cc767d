"""Ablations: the rows of the shipped networks, and the variants that are trained on a small budget."""

import json

import numpy as np
import pytest
import torch

from threepoint.model_core import pipeline
from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.geometry.skeleton import LOWER_HALF, UPPER_HALF
from threepoint.model_core.mocap.augmentation import NO_AUGMENTATION
from threepoint.model_core.mocap.clips import load_clips, save_clips
from threepoint.model_core.observation import FEATURE_COUNT
from threepoint.model_core.pipeline import Networks
from threepoint.model_core.sage.ensemble import SageEnsemble
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import CONFIGS, Sage, load_sage
from threepoint.tools import ablations, evaluate
from threepoint.tools.evaluation import ablation_rows, ablation_training
from threepoint.tools.evaluation.ablation_variants import (
    LEGS,
    VARIANTS,
    JointSage,
    MixingSampler,
    ParallelSage,
    StratifiedSage,
)


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return Networks(SageEnsemble([Sage(CONFIGS["smoke"]).eval() for _ in range(2)]), None, "cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_clip):
    folder = tmp_path_factory.mktemp("motion")
    save_clips(folder / "train.npz", [make_clip(frames) for frames in (90, 100, 110, 120)])
    save_clips(folder / "val.npz", [make_clip(60)])
    return folder


def test_every_row_is_scored_and_written(networks, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pipeline, "load_networks", lambda device: networks)
    report = tmp_path / "rows.json"
    assert evaluate.run([str(data / "val.npz"), "--ablations", "--json", str(report), "--threads", "1"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(report.read_text())["files"]["val.npz"]
    assert set(found) == set(ablation_rows.ROWS)
    for label, row in found.items():
        assert label in printed and row["mean"]["frames"] == 60 and np.isfinite(row["mean"]["mpjpe"])


def test_taking_sage_apart_and_leaving_all_as_it_is_is_sage(networks, make_clip):
    clip = make_clip(75)
    seen = observe_truth(clip)
    whole = predict(networks.sage.first, seen, clip.rest_joints, context=4 * len(clip), refine=False)

    def as_it_is(sage, windows, true):
        return sage.decoder(*sage.latents(windows), windows)[0]

    apart = ablation_rows.taken_apart(networks, clip, seen, as_it_is)
    torch.testing.assert_close(apart.rotations, whole.rotations, atol=1e-5, rtol=0)
    torch.testing.assert_close(apart.translation, whole.translation, atol=1e-5, rtol=0)


def test_true_windows_are_those_of_the_clip(networks, make_clip):
    clip = make_clip(41)

    def told(sage, windows, true):
        return true.flatten(2)

    apart = ablation_rows.taken_apart(networks, clip, observe_truth(clip), told)
    torch.testing.assert_close(apart.rotations.double(), torch.from_numpy(clip.rotations()), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        apart.translation.double(), torch.from_numpy(clip.translation).double(), atol=1e-4, rtol=0
    )


def test_halves_are_put_together_as_they_were_taken_apart():
    pose = torch.randn(2, 4, 132)
    halves = ablation_rows.half(pose, UPPER_HALF), ablation_rows.half(pose, LOWER_HALF)
    torch.testing.assert_close(ablation_rows.put_together(*halves), pose)


def test_members_are_averaged_in_the_row_of_the_whole(networks, make_clip):
    clip = make_clip(75)
    rows = {
        label: ablation_rows.ROWS[label][0](networks, clip, observe_truth(clip)).rotations
        for label in ("SAGE", "the first alone", "the first and its mirror image", "the companion alone")
    }
    off = {label: (found - rows["SAGE"]).abs().mean() for label, found in rows.items()}
    assert off["SAGE"] == 0 and off["the first and its mirror image"] < off["the first alone"]
    assert off["the companion alone"] > 0


def test_rows_differ_by_what_they_change(networks, make_clip):
    clip = make_clip(75)
    found = {
        label: method(networks, clip, observe_truth(clip, np.tile([True, hands != "none", hands == "both"], (75, 1))))
        for label, (method, hands) in ablation_rows.ROWS.items()
        if hands != "right" and label != "half precision"
    }
    reference = found.pop("SAGE").rotations
    for label, other in found.items():
        if label != "without the refiner":  # A refiner that was never trained adds nothing.
            assert (other.rotations - reference).abs().max() > 1e-4, label


def test_parallel_does_not_listen_to_the_upper_latent_and_stratified_does():
    torch.manual_seed(0)
    seen = torch.randn(1, 16, FEATURE_COUNT)
    for network, listens in ((StratifiedSage, True), (ParallelSage, False)):
        sage = network(CONFIGS["smoke"]).eval()
        _, lower = sage.latents(seen)
        with torch.no_grad():
            sage.upper_diffusion.predict.bias += 1
        assert ((sage.latents(seen)[1] - lower).abs().max() > 1e-4) == listens


def test_joint_gives_both_latents_from_one_network():
    sage = JointSage(CONFIGS["smoke"]).eval()
    upper, lower = sage.latents(torch.randn(2, 16, FEATURE_COUNT), noise=torch.randn(2, 2, 8, sage.latent_size))
    assert upper.shape == lower.shape == (2, 8, sage.latent_size)
    assert len(sage.upper_diffusion.blocks) == 2 * sage.config.diffusion_layers


def test_mixing_changes_legs_only_and_takes_them_from_a_like_root(data, body, monkeypatch):
    from threepoint.model_core.mocap.windows import WindowSampler, shape_basis
    from threepoint.tools.evaluation import ablation_variants

    monkeypatch.setattr(ablation_variants, "MIXED_FRACTION", 1.0)
    clips = [load_clips(data / "train.npz")]
    drawn = [
        sampler(clips, 20, shape_basis(body)).sample(6, torch.Generator().manual_seed(3), NO_AUGMENTATION)
        for sampler in (WindowSampler, MixingSampler)
    ]
    rest = [joint for joint in range(22) if joint not in LEGS]
    torch.testing.assert_close(drawn[1].local[:, :, rest], drawn[0].local[:, :, rest])
    changed = (drawn[1].local[:, :, LEGS] - drawn[0].local[:, :, LEGS]).abs().amax((1, 2, 3, 4))
    assert (changed > 1e-4).any()
    # Roots alike: where there are enough windows to choose from, legs are bent about as much.
    assert changed.max() < 1.0


@pytest.mark.parametrize("name", ["reference", "joint", "clips-50", "window-20"])
def test_a_variant_trains_scores_and_is_not_trained_twice(name, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ablation_training, "VARIED_WINDOWS", 4)
    arguments = ["train", name, "--steps", "2", "--data", str(data), "--score", str(data / "val.npz")]
    arguments += ["--runs", str(tmp_path), "--threads", "1", "--device", "cpu", "--json", str(tmp_path / "rows.json")]
    assert ablations.run(arguments) == 0
    assert VARIANTS[name].label in capsys.readouterr().out
    row = json.loads((tmp_path / "rows.json").read_text())[name]
    assert row["steps"] == 2 and np.isfinite(row["varied"]) and row["files"]["val"]["frames"] == 60
    assert row["files"]["one hand: val"]["mpjpe"] > 0
    assert row["minutes"] == pytest.approx((420 if name != "clips-50" else 200) / 60 / 60)
    monkeypatch.setattr(ablations, "AblationTraining", None)
    assert ablations.run(arguments) == 0


def test_the_shipped_vqvaes_stay_as_they_are(data):
    training = ablation_training.AblationTraining(VARIANTS["reference"], data, "cpu")
    before = {key: value.clone() for key, value in training.teacher.state_dict().items()}
    training.loss(torch.Generator().manual_seed(0))[0].backward()
    for key, value in training.teacher.state_dict().items():
        torch.testing.assert_close(value, before[key])
    trained = load_sage().upper_vqvae.quantizer.codebooks
    torch.testing.assert_close(training.teacher.upper_vqvae.quantizer.codebooks, trained)


def test_what_cannot_be_done_is_said(tmp_path):
    for arguments, complaint in [
        (["train", "no-legs"], "no variant 'no-legs'"),
        (["table"], "nothing is trained"),
        (["train", "--steps", "0"], "should be 1 or more"),
    ]:
        with pytest.raises(InputError, match=complaint):
            ablations.run([*arguments, "--runs", str(tmp_path)])
