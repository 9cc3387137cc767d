"""``evaluate --recordings``: a row a file and method, for recordings that have no truth."""

import importlib
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core import pipeline
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import ELBOWS
from threepoint.model_core.observation import Observation
from threepoint.model_core.pipeline import Networks
from threepoint.model_core.recordings.formats import plain
from threepoint.model_core.refinement.refine import Refined
from threepoint.tools import evaluate
from threepoint.tools.evaluation import recording_scores

STEPS = "threepoint.model_core.pipeline."
solve, takes, calibrate = (importlib.import_module(STEPS + step) for step in ("solve", "takes", "calibrate"))
NETWORKS = Networks(None, None, "cpu")
DRIFT = 0.3
"""Metres a second at which the body of "SAGE" slides."""


@pytest.fixture
def standing_still(monkeypatch):
    """A SAGE whose body slides along without moving, a refinement that stops it, and hands as their preset says."""

    def slide(sage, observations, rest_joints, sampling, progress):
        (observation,) = observations
        time = torch.arange(observation.frame_count) / 60
        translation = torch.outer(time, torch.tensor([DRIFT, 0.0, 0.0])) + torch.tensor([0.0, 1.2, 0.0])
        rotations = torch.eye(3).repeat(len(time), 22, 1, 1)
        return [SimpleNamespace(rotations=rotations, translation=translation, contacts=torch.ones(len(time), 4))]

    def stop(flag, motions, progress):
        (given,) = motions
        refined.append((given.observation, given.body_trackers))
        motion = given.motion
        translation = motion.translation[:1].expand(len(motion.translation), 3)
        return [Refined(motion.rotations, translation, motion.contacts)]

    refined = []
    monkeypatch.setattr(takes, "predict_all", slide)
    monkeypatch.setattr(solve, "steady_predictions", lambda sage, shown, *_: shown)
    monkeypatch.setattr(solve, "refine_all", stop)
    monkeypatch.setattr(calibrate, "fit_hands", lambda recording, calibration, *_: calibration)
    monkeypatch.setattr(pipeline, "load_networks", lambda device: NETWORKS)
    return refined


@pytest.fixture
def folder(tmp_path, make_recording):
    (tmp_path / "home").mkdir()
    plain.write(tmp_path / "home" / "me.csv", make_recording(2.0))
    (tmp_path / "notes.txt").write_text("no recording")
    return tmp_path


def test_every_recording_has_its_rows_and_other_files_are_named(standing_still, folder, tmp_path, capsys):
    (tmp_path / "pictures").mkdir()
    assert evaluate.run(["--recordings", str(folder), "--json", str(tmp_path / "found.json"), "--threads", "1",
                         "--pictures", str(tmp_path / "pictures")]) == 0  # fmt: skip
    assert (tmp_path / "pictures" / "recordings.png").stat().st_size > 10_000
    printed = capsys.readouterr().out
    assert "notes.txt: not read: " in printed
    report = json.loads((tmp_path / "found.json").read_text())
    rows = report["files"]["home/me.csv"]
    assert list(rows) == ["SAGE", "SAGE, refined"] and list(report["refused"]) == ["notes.txt"]
    assert rows["SAGE"]["seconds"] == rows["SAGE, refined"]["still_seconds"] == pytest.approx(2.0, abs=0.1)
    assert rows["SAGE"]["hovering"] == 100 and rows["SAGE"]["still_seconds"] == 0, "a body that glides above the floor"
    assert "12.00" in printed and printed.count("!") >= 2, "what people have, and marks at what is more than human"
    assert rows["SAGE"]["jitter"] < 0.5 < rows["SAGE"]["seen_jitter"], "the body is stiff, the hands tremble"
    assert rows["SAGE"]["hands"] > 20, "cm that the hands of a T-pose are off"
    assert set(report["units"]) == set(rows["SAGE"])


def test_trackers_that_were_lost_are_not_held_against_it(standing_still, make_recording, monkeypatch):
    recording = make_recording(2.0)
    whole = recording_scores.score_recording(recording, NETWORKS)["SAGE"]
    for role in ("left_hand", "right_hand"):
        recording.tracks[role].valid[:] = False
    lost = recording_scores.score_recording(recording, NETWORKS)["SAGE"]
    assert (
        np.isnan(lost["palm"])
        and np.isnan(lost["hands"])
        and not np.isnan(whole["hands"])
        and not np.isnan(lost["head"])
    )


def test_long_recordings_are_cut_and_empty_folders_refused(standing_still, make_recording, tmp_path):
    assert recording_scores.score_recording(make_recording(3.0), NETWORKS, 1.0)["SAGE"]["seconds"] == 1.0
    with pytest.raises(InputError, match="no recording that can be read"):
        recording_scores.score_recordings(tmp_path, NETWORKS)
    with pytest.raises(InputError, match="is no folder"):
        evaluate.run(["--recordings", str(tmp_path / "none")])


def test_a_recording_far_away_is_scored_about_its_first_head(standing_still, make_recording):
    recording_scores.score_recording(make_recording(1.0, move=(50.0, 0.0, -70.0)), NETWORKS)
    ((observation, _),) = standing_still
    assert np.abs(observation.positions[0, 0, [0, 2]]).max() < 0.1 and np.abs(observation.origin).max() > 60


def test_body_trackers_take_part_in_what_is_scored(standing_still, make_recording):
    recording = make_recording(1.0)
    recording = replace(recording, tracks={**recording.tracks, "waist": recording.tracks["head"]})
    recording_scores.score_recording(recording, NETWORKS)
    ((_, trackers),) = standing_still
    assert trackers.joints == (0,)


def test_devices_that_nobody_knows_are_fitted_before_they_are_scored(standing_still, make_recording, monkeypatch):
    asked = []
    monkeypatch.setattr(calibrate, "fit_unknown", lambda recording, first, *_: asked.append(recording.device) or first)
    recording_scores.score_recording(make_recording(1.0, device="a thing"), NETWORKS)
    assert asked == ["a thing"]


def test_an_elbow_jumps_where_it_turns_far_and_its_tracker_does_not():
    angles, hands = np.zeros((30, 2)), np.zeros((30, 2))
    angles[10:, 0] = angles[20:, 1] = 0.6
    hands[19:, 1] = 0.6
    turn = np.zeros((30, 2, 3))
    turn[..., 1] = angles
    rotations = np.tile(np.eye(3), (30, 22, 1, 1))
    rotations[:, ELBOWS] = axis_angle_to_matrix(turn)
    seen = np.tile(np.eye(3), (30, 3, 1, 1))
    seen[:, 1:] = axis_angle_to_matrix(np.stack([0 * hands, hands, 0 * hands], -1))
    observation = Observation(seen, np.zeros((30, 3, 3)), np.ones((30, 3), bool), np.zeros(10))
    assert np.argwhere(recording_scores.elbow_jumps(rotations, observation)).tolist() == [[9, 0]]


def test_what_is_shown_live_is_scored_where_it_is_asked_for(standing_still, folder, monkeypatch, capsys):
    def glide(sage, observation, rest_joints):
        return takes.predict_all(sage, [observation], [rest_joints], None, None)[0]

    monkeypatch.setattr(recording_scores, "follow", glide)
    monkeypatch.setattr(recording_scores, "members_of", lambda sage: (sage,))
    assert evaluate.run(["--recordings", str(folder), "--method", "SAGE, live", "--threads", "1"]) == 0
    assert "SAGE, live" in capsys.readouterr().out
    with pytest.raises(InputError, match="--recordings has no method 'FLAG'"):
        evaluate.run(["--recordings", str(folder), "--method", "FLAG"])
