"""Brekel's OpenVR Recorder: order of angles, sides and worn trackers are found in the motion."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix
from threepoint.model_core.recordings import Recording, Track, read
from threepoint.tests.same_recording import ROLES, assert_same, euler


def brekel_text(recording, order, swap=False, trackers=()):
    """A recording of Brekel's, controllers by number; each stamp is written twice."""
    hands = ["right_hand", "left_hand"] if swap else ["left_hand", "right_hand"]
    sections = [("Head Mounted Display(s)", [(0, recording.tracks["head"])])]
    sections.append(("Controllers", [(3 + i, recording.tracks[role]) for i, role in enumerate(hands)]))
    sections.append(("Generic Trackers", [(7 + i, track) for i, track in enumerate(trackers)]))
    lines = ["Brekel OpenVR Recorder", "Recording start year:\t2023", ""]
    for title, devices in sections:
        lines += [f" {title}", "deviceID\ttimestamp\t\tposX\t\tposY\t\tposZ\t\trotX\t\trotY\t\trotZ"]
        for number, track in devices:
            angles = euler(track.rotation, order)
            for row in np.column_stack([recording.time, track.position, angles]):
                line = f"{number}\t" + "\t\t".join(f"{value:.6f}" for value in row)
                lines += [line, line]
        lines.append("")
    return "\n".join(lines)


def turning_about(recording):
    """The same person turning once about themselves, hands and all, and looking up and down on the way."""
    tracks = {}
    yaw = axis_angle_to_matrix(np.linspace(0, 2.2 * np.pi, len(recording.time))[:, None] * [0, 1.0, 0])
    nod = axis_angle_to_matrix(0.5 * np.sin(3 * recording.time)[:, None] * [1.0, 0, 0])
    for role, track in recording.tracks.items():
        turned = yaw @ (nod if role == "head" else np.eye(3)) @ quaternion_to_matrix(track.rotation)
        tracks[role] = Track((yaw @ track.position[..., None])[..., 0], matrix_to_quaternion(turned), track.valid)
    return replace(recording, tracks=tracks)


@pytest.mark.parametrize("order", ["YXZ", "XZY"])
@pytest.mark.parametrize("swap", [False, True])
def test_brekels_text_is_read_whatever_the_order_of_angles(make_recording, tmp_path, order, swap):
    recording = turning_about(make_recording(4.0))
    (tmp_path / "vive.txt").write_text(brekel_text(recording, order, swap))
    again = read(tmp_path / "vive.txt")
    assert again.device == "vive"
    assert_same(again, recording)


def test_brekels_trackers_get_roles_by_where_they_are_worn(make_recording, tmp_path):
    recording = make_recording(3.0)
    head = recording.tracks["head"]
    worn = {"left_foot": [-0.1, -1.55, 0], "right_foot": [0.1, -1.55, 0], "waist": [0, -0.65, 0.1]}
    trackers = [Track(head.position + place, head.rotation, head.valid) for place in worn.values()]
    (tmp_path / "vive.txt").write_text(brekel_text(recording, "YXZ", trackers=trackers))
    assert set(read(tmp_path / "vive.txt").tracks) == {*ROLES, *worn}


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "vive.txt").write_text(brekel_text(recording, "YXZ"))
