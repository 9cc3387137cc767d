"""Sessions of a real headset with a true body: the truth is brought beside what the headset saw, and scored."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core import pipeline
from threepoint.model_core.calibration import calibrate_by_preset, find_person
from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation import methods, sessions
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, matrix_to_quaternion
from threepoint.model_core.geometry.skeleton import HEAD, TRACKED_JOINTS
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.recordings.conventions import CONVENTIONS
from threepoint.tests.recordings.formats.test_gorp import write_gorp
from threepoint.tools import evaluate

ROLES = ("head", "left_hand", "right_hand")
LEFT_KNEE = 4


@pytest.fixture(autouse=True)
def preset_alone(monkeypatch):
    """Hands are held as the preset says: fitting them takes the networks."""

    def calibrate(recording, options, networks):
        person = find_person(recording, options.body, None, None)
        return calibrate_by_preset(recording, options.body, "touch", person)

    monkeypatch.setattr(sessions, "calibrate", calibrate)


def write_session(path, clip, up="z_up", turn=1.1, move=(3.0, -2.0, 0.4), frames=None):
    """The clip, of which every second frame is kept, as a headset on its head saw it and as a body in another room."""
    world, joints = clip.world()
    tracks = {}
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        position = convert_positions(joints[::2, joint], OPENXR_TO_MODEL.T)
        rotation = convert_quaternions(matrix_to_quaternion(world[::2, joint]), OPENXR_TO_MODEL.T)
        tracks[role] = Track(position, rotation, np.ones(len(position), bool))
    seen = Recording(np.arange(len(position)) / 30, tracks, "made up", "touch")
    around = axis_angle_to_matrix(np.array([0.0, turn, 0.0]))
    room = CONVENTIONS[up].T @ around
    poses = clip.poses[::2].astype(np.float64).reshape(-1, 22, 3)
    poses[:, 0] = matrix_to_axis_angle(room @ axis_angle_to_matrix(poses[:, 0]))
    poses = poses.reshape(len(poses), 66)[:frames]
    trans = (clip.translation[::2] - clip.rest_joints[0]) @ room.T + np.array(move)
    write_gorp(path, seen, body=(poses, trans[:frames]))


@pytest.mark.parametrize("up", ["z_up", "openxr"])
def test_the_truth_comes_to_where_the_headset_is(tmp_path, make_clip, up):
    clip = make_clip(241)
    write_session(tmp_path / "session.npz", clip, up)
    found = sessions.load_session(tmp_path / "session.npz", None)
    assert len(found.truth) == found.observation.frame_count == 241
    np.testing.assert_allclose(found.truth.poses[::2, 3:], clip.poses[::2, 3:], atol=1e-5)
    world, joints = found.truth.world()
    apart = joints[:, HEAD] - found.observation.positions[:, 0]
    assert np.abs(apart[:, [0, 2]]).max() < 0.05 and np.abs(apart.mean(0)[[0, 2]]).max() < 1e-3
    same = np.einsum("nij,nij->n", world[:, HEAD], found.observation.rotations[:, 0].astype(np.float64))
    assert np.degrees(np.arccos(np.clip((same - 1) / 2, -1, 1))).max() < 15
    assert np.abs(np.einsum("nij,nij->n", world[:, HEAD], clip.world()[0][:, HEAD])).min() > 2.8
    assert 0 <= joints[:, [7, 8], 1].min() < 0.15  # The soles are on the floor.


def test_bodies_that_do_not_fit_are_refused(tmp_path, make_clip):
    write_session(tmp_path / "short.npz", make_clip(120), frames=40)
    with pytest.raises(InputError, match="its body has 40 frames and its headset 60"):
        sessions.load_session(tmp_path / "short.npz", None)
    lying = make_clip(120)
    lying.poses[:, :3] = [0, 0, np.pi / 2]
    write_session(tmp_path / "lying.npz", lying, turn=np.pi / 2)
    with pytest.raises(InputError, match="its body never stands"):
        sessions.load_session(tmp_path / "lying.npz", None)


@pytest.mark.slow
def test_evaluate_scores_sessions_of_a_folder(tmp_path, make_clip, monkeypatch, capsys):
    def bent_knee(networks, clip, observation):
        rotations = torch.from_numpy(clip.rotations()).clone()
        rotations[:, LEFT_KNEE] = torch.eye(3, dtype=rotations.dtype)
        return methods.Predicted(rotations, torch.from_numpy(clip.translation))

    def truth(networks, clip, observation):
        return methods.Predicted(torch.from_numpy(clip.rotations()), torch.from_numpy(clip.translation))

    monkeypatch.setitem(methods.METHODS, "SAGE", truth)
    monkeypatch.setitem(methods.METHODS, "SAGE, refined", bent_knee)
    monkeypatch.setattr(pipeline, "load_networks", lambda device: SimpleNamespace(device=device))
    folder = tmp_path / "gorp"
    folder.mkdir()
    for name in ("a", "b"):
        write_session(folder / f"{name}.npz", make_clip(121))
    write_session(folder / "short.npz", make_clip(121), frames=30)
    arguments = [str(folder), "--method", "SAGE", "--method", "SAGE, refined", "--threads", "1"]
    assert evaluate.run([*arguments, "--json", str(tmp_path / "scores.json")]) == 0
    printed = capsys.readouterr().out
    assert "gorp: 3 sessions of a headset" in printed and "not scored: short.npz: its body has 30 frames" in printed
    found = json.loads((tmp_path / "scores.json").read_text())["files"]["gorp"]
    assert [row["name"] for row in found["SAGE"]["clips"]] == ["a", "b"]
    assert found["SAGE"]["mean"]["mpjpe"] < 0.01 < found["SAGE, refined"]["mean"]["mpjpe"]
    with pytest.raises(InputError, match="which take --method, --hands, --every and --json alone"):
        evaluate.run([str(folder), "--dropouts"])
