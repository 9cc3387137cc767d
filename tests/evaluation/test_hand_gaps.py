"""One hand missing for two seconds: what counts as a jump and as frozen, and how the shipped SAGE does."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core import pipeline
from threepoint.model_core.evaluation import methods as evaluation
from threepoint.model_core.geometry.skeleton import RIGHT_WRIST
from threepoint.model_core.mocap.clips import save_clips
from threepoint.model_core.sage.model import load_sage
from threepoint.tools import evaluate
from threepoint.tools.evaluation import hand_gaps
from threepoint.tools.evaluation.hand_gaps import GAP_FRAMES, describe, measure_gaps, summarise

LEFT_SHOULDER = 16


@pytest.fixture
def pretend(monkeypatch):
    """Makes "SAGE" a method that turns the truth's left arm up by ``angle``, or stands still, while a hand is lost."""

    def make(angle=0.0, still=False):
        def method(networks, clip, observation):
            rotations = torch.from_numpy(clip.rotations()).clone()
            lost = ~torch.from_numpy(observation.valid.all(1))
            turn = torch.tensor([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
            rotations[lost, LEFT_SHOULDER] = turn.to(rotations) @ rotations[lost, LEFT_SHOULDER]
            translation = torch.from_numpy(clip.translation).clone()
            if still and lost.any():
                rotations[lost], translation[lost] = rotations[lost][:1].clone(), translation[lost][:1].clone()
            return evaluation.Predicted(rotations, translation)

        monkeypatch.setitem(evaluation.METHODS, "SAGE", method)
        return SimpleNamespace()

    return make


def test_the_truth_neither_jumps_nor_freezes(pretend, make_clip):
    summary = summarise(measure_gaps(pretend(), [make_clip(300)], "SAGE"))
    assert summary["gaps"] == 2 and summary["jumps"] == summary["frozen"] == 0
    assert summary["speed"] == pytest.approx(1, abs=1e-3) and summary["lower"] == pytest.approx(0, abs=1e-4)


def test_an_arm_that_jumps_is_found_and_put_down_to_the_gap(pretend, make_clip):
    rows = measure_gaps(pretend(angle=0.6), [make_clip(300)], "SAGE")
    assert all(row["fastest"] > 6 > row["fastest_seen"] for row in rows)
    assert summarise(rows)["jumps_of_the_gap"] == 2
    assert "in 2 gaps, 2 of them only because of the gap" in describe("SAGE", summarise(rows))


def test_a_body_that_stands_still_is_frozen(pretend, make_clip, monkeypatch):
    # Placed by the head all else would still move with it.
    monkeypatch.setattr(evaluation, "PLACES_ITSELF", ("SAGE",))
    assert summarise(measure_gaps(pretend(still=True), [make_clip(300)], "SAGE"))["frozen"] == 2


def test_the_gap_is_two_seconds_of_one_hand(make_clip, monkeypatch):
    shown = []

    def method(networks, clip, observation):
        shown.append(observation.valid)
        return evaluation.Predicted(torch.from_numpy(clip.rotations()), torch.from_numpy(clip.translation))

    monkeypatch.setitem(evaluation.METHODS, "SAGE", method)
    measure_gaps(None, [make_clip(300), make_clip(100)], "SAGE")
    assert [valid.sum(0).tolist() for valid in shown] == [
        [300, 300, 300],
        [300, 300 - GAP_FRAMES, 300],
        [300, 300, 300 - GAP_FRAMES],
    ]
    assert list(hand_gaps.ARMS) == [20, RIGHT_WRIST]


@pytest.mark.parametrize("method", ["SAGE", "SAGE, online"])
def test_the_shipped_sage_does_not_jump_and_keeps_its_legs(make_clip, method):
    networks = SimpleNamespace(sage=load_sage())
    summary = summarise(measure_gaps(networks, [make_clip(240)], method))
    assert summary["jumps"] == summary["frozen"] == 0
    assert summary["lower_rise"] < 0.2


def test_real_people_keep_their_legs_and_do_not_jump(shared):
    from threepoint.model_core.mocap.clips import load_clips

    clips = [clip for clip in load_clips(shared / "baselines" / "valtest.npz") if len(clip) >= 180][::6]
    summary = summarise(measure_gaps(SimpleNamespace(sage=load_sage()), clips, "SAGE"))
    assert summary["jumps_of_the_gap"] == summary["frozen"] == 0
    assert summary["lower_rise"] < 0.2 and summary["speed"] > 0.8


def test_the_command_prints_and_writes_it(pretend, make_clip, tmp_path, capsys, monkeypatch):
    pretend(angle=0.6)
    monkeypatch.setattr(pipeline, "load_networks", lambda device: None)
    save_clips(tmp_path / "swaying.npz", [make_clip(300)])
    report = tmp_path / "gaps.json"
    arguments = [str(tmp_path / "swaying.npz"), "--gaps", "--method", "SAGE", "--json", str(report)]
    assert evaluate.run(arguments) == 0
    assert "SAGE: one hand missing for two seconds, 2 gaps" in capsys.readouterr().out
    found = json.loads(report.read_text())["files"]["swaying.npz"]["SAGE"]
    assert found["mean"]["jumps"] == 2 and len(found["clips"]) == 2
