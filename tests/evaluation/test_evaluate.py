"""``evaluate``: scores, what methods are shown, the report and the pictures, with a method that is quickly told."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core import pipeline
from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation import methods as evaluation
from threepoint.model_core.evaluation.metrics import joint_errors
from threepoint.model_core.mocap.clips import save_clips
from threepoint.tools import evaluate

pytestmark = pytest.mark.slow

LEFT_KNEE = 4


@pytest.fixture
def bent_knee(monkeypatch):
    """A method that knows the truth but for one knee and 10 cm, and keeps what it was shown."""
    shown = []

    def method(networks, clip, observation):
        shown.append(observation)
        rotations = torch.from_numpy(clip.rotations()).clone()
        rotations[:, LEFT_KNEE] = torch.eye(3, dtype=rotations.dtype)
        return evaluation.Predicted(rotations, torch.from_numpy(clip.translation) + 0.1)

    for name in evaluation.METHODS:
        monkeypatch.setitem(evaluation.METHODS, name, method)
    monkeypatch.setattr(pipeline, "load_networks", lambda device: SimpleNamespace(device=device))
    return shown


@pytest.fixture
def clips(tmp_path, make_clip):
    path = tmp_path / "swaying.npz"
    save_clips(path, [make_clip(frames) for frames in (40, 60, 80)])
    return path


@pytest.mark.parametrize("method", ["SAGE", "SAGE, refined"])
def test_joints_are_drawn_where_they_are_scored(bent_knee, make_clip, method):
    clip = make_clip(40)
    rows, (predicted,) = evaluation.evaluate(None, [clip], method)
    errors = joint_errors(evaluation.scored_joints(method, predicted, clip), clip.world()[1])
    assert rows[0]["mpjpe"] == pytest.approx(errors.mean(), abs=1e-4)
    # Only what places itself is held to its place.
    assert rows[0]["rootpe"] == pytest.approx(10 * np.sqrt(3) if method in evaluation.PLACES_ITSELF else 0, abs=1e-3)
    assert rows[0]["activity"] == "sway"


@pytest.mark.parametrize("hands, seen", [("both", [1, 1, 1]), ("left", [1, 1, 0]), ("right", [1, 0, 1]),
                                         ("none", [1, 0, 0])])  # fmt: skip
def test_methods_are_shown_the_hands_that_were_asked_for(bent_knee, make_clip, hands, seen):
    evaluation.evaluate(None, [make_clip(40)], "SAGE", hands=hands)
    assert (bent_knee[0].valid == np.array(seen, bool)).all()


def test_report_and_pictures(bent_knee, clips, tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    arguments = [str(clips), "--method", "SAGE, refined", "--method", "FLAG", "--every", "2", "--hands", "left"]
    arguments += ["--json", str(tmp_path / "scores.json"), "--pictures", str(folder), "--threads", "1", "--activities"]
    assert evaluate.run(arguments) == 0
    printed = capsys.readouterr().out
    assert "swaying.npz: 2 clips\n" in printed and "hands seen: left" in printed
    assert "FLAG, by activity; placed by true head" in printed
    lines = {line[:13].strip(): line for line in printed.splitlines() if line.startswith(("SAGE", "FLAG ", "    "))}
    assert "placed" in lines[""] and "itself" in lines["SAGE, refined"] and "true head" in lines["FLAG"]
    report = json.loads((tmp_path / "scores.json").read_text())
    found = report["files"]["swaying.npz"]
    assert report["hands"] == "left" and set(found) == {"SAGE, refined", "FLAG"}
    assert found["FLAG"]["mean"]["frames"] == 40 + 80
    names = ["swaying_errors.png", "swaying_worst_flag.png", "swaying_worst_sage_refined.png"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_what_cannot_be_done_is_said_in_a_line(bent_knee, clips, tmp_path):
    for arguments, complaint in [
        (["--every", "0"], "should be 1 or more"),
        (["--method", "guessing"], "invalid choice: 'guessing'"),
        (["--json", tmp_path / "scores.txt"], "ends in .json"),
        (["--pictures", tmp_path / "none"], "is no folder"),
        ([clips], "same name"),
        (["--dropouts"], "three seconds or more"),
        (["--dropouts", "--hands", "left"], "--dropouts takes no --hands"),
        (["--ablations", "--method", "SAGE"], "--ablations takes no --method"),
        (["--ablations", "--dropouts"], "not allowed with"),
        (["--only", "hero"], "--only goes with --characters"),
        (["--dropouts", "--only", "hero"], "--dropouts takes no --only"),
        (["--characters", tmp_path, "--only", "hero"], "no such character; there are: rigify_metarig, "),
    ]:
        with pytest.raises(InputError, match=complaint):
            evaluate.run([str(clips), *map(str, arguments)])
