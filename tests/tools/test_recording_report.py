"""``animate --report``: a table, JSON, and a picture; ``--run`` reads one run of a file."""

import json
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings.formats import plain
from threepoint.tests.recordings.samples import walking_person
from threepoint.tools import animate


@pytest.fixture
def walk(tmp_path):
    recording = walking_person(3.0)
    recording.tracks["left_hand"].valid[30:60] = False
    plain.write(tmp_path / "walk.csv", recording)
    return tmp_path / "walk.csv"


def test_the_report_is_a_table(walk, capsys):
    assert animate.run([str(walk), "--report"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["tracker", "samples"]
    assert any(line.split()[:1] == ["left_hand"] and "untracked 1.0 s" in line for line in lines)
    assert any(line.startswith("  calibration: ") for line in lines)


def test_the_report_as_json(walk, capsys):
    assert animate.run([str(walk), "--report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["trackers"]["left_hand"]["samples"] == 61 and found["dropouts"][0]["reason"] == "untracked"
    assert found["calibration"]
    assert animate.run([str(walk), str(walk), "--report", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_the_report_as_a_picture(walk, tmp_path):
    pytest.importorskip("matplotlib")
    assert animate.run([str(walk), "--report", "--report-picture", str(tmp_path / "walk.png")]) == 0
    assert (tmp_path / "walk.png").read_bytes().startswith(b"\x89PNG")


def test_how_to_report_without_a_report_is_refused(walk):
    with pytest.raises(InputError, match="give --report, too"):
        animate.run([str(walk), "--json", "--npz", "x.npz"])


def test_one_run_of_a_file_is_read(tmp_path, capsys):
    recording = walking_person(4.0)
    clock = np.where(recording.time < 2, recording.time, recording.time - 2)
    rows = np.column_stack([clock, *(np.concatenate([t.position, t.rotation], -1) for t in recording.tracks.values())])
    names = [f"{role}_{part}" for role in recording.tracks for part in
             ("pos_x", "pos_y", "pos_z", "rot_w", "rot_x", "rot_y", "rot_z")]  # fmt: skip
    path = Path(tmp_path / "runs.csv")
    np.savetxt(path, rows, "%.5f", ",", header=",".join(["time", *names]), comments="")
    assert animate.run([str(path), "--report"]) == 0
    assert "2 runs, one after the other" in capsys.readouterr().out
    assert animate.run([str(path), "--report", "--json", "--run", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == pytest.approx(2.0, abs=0.05)
