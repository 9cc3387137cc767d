"""Project Aria's folder: glasses and, at a tenth of the rate, hands."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats import aria


def write_aria(folder, recording, hands=True):
    """The services' two tables: world +Z up, the device a camera that is turned on the head."""
    (folder / "slam").mkdir(parents=True)
    (folder / "hand_tracking").mkdir()
    to_z_up = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    # The camera's axes on the head: -X up, +Z forward, as on the glasses.
    on_head = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]]).T
    head = recording.tracks["head"]
    world = to_z_up @ quaternion_to_matrix(head.rotation) @ on_head
    place = head.position @ to_z_up.T
    rows = np.column_stack([recording.time * 1e6 + 37709493155, place, matrix_to_quaternion(world)])
    names = [f"{field}_world_device" for field in ("tx", "ty", "tz", "qw", "qx", "qy", "qz")]
    lines = ["graph_uid,tracking_timestamp_us," + ",".join(names)]
    lines += [f"abc-def,{row[0]:.0f}," + ",".join(f"{value:.8f}" for value in row[1:]) for row in rows]
    (folder / "slam" / "closed_loop_trajectory.csv").write_text("\n".join(lines))
    if not hands:
        return
    header, columns = ["tracking_timestamp_us"], [rows[:, 0]]
    for side in ("left", "right"):
        track = recording.tracks[f"{side}_hand"]
        axes = quaternion_to_matrix(track.rotation)
        wrist, palm = track.position, track.position - 0.08 * axes[:, :, 2]
        header.append(f"{side}_tracking_confidence")
        columns.append(np.where(np.arange(len(rows)) % 50 < 40, 0.99, -1))
        for kind, point, values in (
            ("t", "wrist", wrist - head.position),
            ("t", "palm", palm - head.position),
            ("n", "wrist", -axes[:, :, 1]),
        ):
            local = np.einsum("nji,nj->ni", world, values @ to_z_up.T)
            local[
                columns[-1 if kind == "t" and point == "wrist" else header.index(f"{side}_tracking_confidence")] < 0
            ] = 0
            header += [f"{kind}{axis}_{side}_{point}_device" for axis in "xyz"]
            columns += list(local.T)
    table = np.column_stack(columns)[::7]  # the hands are seen at a tenth of the rate
    lines = [",".join(header)] + [f"{row[0]:.0f}," + ",".join(f"{value:.8f}" for value in row[1:]) for row in table]
    (folder / "hand_tracking" / "wrist_and_palm_poses.csv").write_text("\n".join(lines))


@pytest.mark.parametrize("which", [".", "slam/closed_loop_trajectory.csv", "hand_tracking/wrist_and_palm_poses.csv"])
def test_arias_folder_becomes_head_and_wrists(make_recording, tmp_path, which):
    recording = make_recording(4.0)
    write_aria(tmp_path / "mps", recording)
    again = read(tmp_path / "mps" / which)
    assert again.device == "hand" and again.duration == pytest.approx(4.0, abs=1e-4)
    np.testing.assert_allclose(again.tracks["head"].position, recording.tracks["head"].position, atol=1e-4)
    # How the camera sits on the head is guessed from the motion: good to some degrees.
    same = np.abs((again.tracks["head"].rotation * recording.tracks["head"].rotation).sum(-1))
    assert np.degrees(2 * np.arccos(same.min())) < 15
    for role in ("left_hand", "right_hand"):
        seen = again.tracks[role].valid
        assert 0.5 < seen.mean() < 0.9
        np.testing.assert_allclose(again.tracks[role].position[seen], recording.tracks[role].position[seen], atol=6e-3)
        same = np.abs((again.tracks[role].rotation * recording.tracks[role].rotation).sum(-1))[seen]
        assert np.degrees(2 * np.arccos(same.min())) < 3


def test_aria_without_hands_is_a_head(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0), hands=False)
    again = read(tmp_path / "mps")
    assert list(again.tracks) == ["head"]


def test_aria_looks_into_no_folder_but_its_own(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mps" / "hand_tracking" / aria.HANDS).rename(tmp_path / "elsewhere" / aria.HANDS)
    assert list(read(tmp_path / "mps").tracks) == ["head"]
    assert list(read(tmp_path / "mps" / "slam" / "closed_loop_trajectory.csv").tracks) == ["head"]


def test_arias_hands_alone_are_refused(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0))
    (tmp_path / "mps" / "slam" / "closed_loop_trajectory.csv").unlink()
    with pytest.raises(InputError, match="no closed_loop_trajectory.csv beside it"):
        read(tmp_path / "mps" / "hand_tracking" / aria.HANDS)


def test_axes_of_the_wrist_follow_fingers_and_palm():
    turn = axis_angle_to_matrix(np.random.default_rng(0).normal(0, 1, (20, 3)))
    found = aria._wrist_axes(-turn[:, :, 2] * 0.07, -turn[:, :, 1])
    np.testing.assert_allclose(quaternion_to_matrix(found), turn, atol=1e-9)


def to_new_names(folder):
    """The hand table as the services write it since 2025."""
    old = folder / "hand_tracking" / aria.HANDS
    header, _, rest = old.read_text().partition("\n")
    for side in ("left", "right"):
        for axis in "xyz":
            header = header.replace(f"t{axis}_{side}_wrist_device", f"t{axis}_{side}_landmark_5_device")
            header = header.replace(f"t{axis}_{side}_palm_device", f"t{axis}_{side}_landmark_20_device")
    old.unlink()
    (folder / "hand_tracking" / aria.NEW_HANDS).write_text(f"{header}\n{rest}")


@pytest.mark.parametrize("which", [".", f"hand_tracking/{aria.NEW_HANDS}"])
def test_the_new_hand_file_is_read_as_the_old_one(make_recording, tmp_path, which):
    recording = make_recording(4.0)
    write_aria(tmp_path / "old", recording)
    write_aria(tmp_path / "new", recording)
    to_new_names(tmp_path / "new")
    old, new = read(tmp_path / "old"), read(tmp_path / "new" / which)
    for role, track in old.tracks.items():
        np.testing.assert_array_equal(new.tracks[role].position, track.position)
        np.testing.assert_array_equal(new.tracks[role].valid, track.valid)


def test_a_hand_file_that_is_not_understood_is_said(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0))
    path = tmp_path / "mps" / "hand_tracking" / aria.HANDS
    path.write_text(path.read_text().replace("_wrist_device", "_elbow_device"))
    recording = read(tmp_path / "mps")
    assert list(recording.tracks) == ["head"]
    assert any("wrist_and_palm_poses.csv is not understood" in str(note) for note in recording.warnings)


def write_sample(folder: Path, recording: Recording) -> None:
    write_aria(folder / "mps", recording)
