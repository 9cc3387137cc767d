"""The text of SAGE's Quest app."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.same_recording import texts

DEVICES = {"head": "Headset", "left_hand": "LeftController", "right_hand": "RightController"}


def lines_of(recording, rate=72.0):
    """The recording as the app writes it: Unity's axes, xyzw, blank lines between."""
    unity = {role: from_openxr(track.position, track.rotation, "unity") for role, track in recording.tracks.items()}
    lines = []
    for i in range(len(recording.time)):
        parts = [f"FPS:{rate + 0.4 * np.sin(i):.2f}"]
        for role, name in DEVICES.items():
            position, (w, x, y, z) = unity[role][0][i], unity[role][1][i]
            parts.append(f"{name}-Position: ({position[0]:.6f}, {position[1]:.6f}, {position[2]:.6f})")
            parts.append(f"{name}-Rotation: ({x:.6f}, {y:.6f}, {z:.6f}, {w:.6f})")
        lines += [";".join(parts), ""]
    return lines


@pytest.fixture
def lines(make_recording):
    return lines_of(make_recording(2.0, 72.0))


def write(tmp_path, lines):
    path = tmp_path / "quest.txt"
    path.write_text("\n".join(lines))
    return path


def test_poses_and_seconds_come_back(make_recording, tmp_path):
    recording = make_recording(2.0, 72.0)
    again = read(write(tmp_path, lines_of(recording)))
    assert again.device == "touch" and again.duration == pytest.approx(2.0, abs=0.01)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position, track.position, atol=1e-6)
        np.testing.assert_allclose(np.abs((again.tracks[role].rotation * track.rotation).sum(-1)), 1, atol=1e-6)
    assert any("has no clock" in warning for warning in texts(again))


def test_a_known_frame_rate_is_taken(lines, tmp_path):
    assert read(write(tmp_path, lines), fps=144).duration == pytest.approx(1.0)


def test_odd_frame_rates_are_replaced_by_the_median(lines, tmp_path):
    for i in (0, 20, 40):
        lines[i] = lines[i].replace("FPS:", "FPS:000000.")
    assert read(write(tmp_path, lines)).duration == pytest.approx(2.0, abs=0.01)


def test_broken_lines_are_left_out_and_counted(lines, tmp_path):
    lines[6] = lines[6][:100]
    assert any("left out 1 of 145 lines" in warning for warning in texts(read(write(tmp_path, lines))))


def test_a_device_without_numbers_is_lost(lines, tmp_path):
    head, _, rest = lines[8].partition("LeftController-Position: ")
    right = rest[rest.index("RightController") :]
    lines[8] = f"{head}LeftController-Position: ;LeftController-Rotation: ;{right}"
    recording = read(write(tmp_path, lines))
    assert [(d.role, d.first, d.reason) for d in recording.dropouts] == [("left_hand", 4, "missing")]


def test_no_whole_line_is_refused(lines, tmp_path):
    broken = [line.replace("LeftController-Rotation", "Left") for line in lines]
    with pytest.raises(InputError, match="none of its 145 lines"):
        read(write(tmp_path, broken))


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "quest.txt").write_text("\n".join(lines_of(recording, 30.0)))
