"""UXF: one file a tracker and trial; any one of them, or the folder, is enough."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.same_recording import ROLES, assert_same, euler

UXF_NAMES = {"head": "headset", "left_hand": "left_controller", "right_hand": "right_controller"}


def write_uxf(folder, recording, trial="T001", comma=False):
    folder.mkdir(exist_ok=True)
    for number, (role, track) in enumerate(recording.tracks.items()):
        position, rotation = from_openxr(track.position, track.rotation, "unity")
        rows = np.column_stack([recording.time + 0.001 * number, position, euler(rotation, "YXZ") % 360])
        mark = ";" if comma else ","
        lines = [mark.join(f"{value:.6f}" for value in row) for row in rows]
        text = "\n".join([mark.join(["time", "pos_x", "pos_y", "pos_z", "rot_x", "rot_y", "rot_z"])] + lines)
        (folder / f"{UXF_NAMES[role]}_movement_{trial}.csv").write_text(text.replace(".", ",") if comma else text)


@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("which", [".", "headset_movement_T001.csv", "right_controller_movement_T001.csv"])
def test_any_one_of_uxfs_files_or_the_folder_is_enough(make_recording, tmp_path, comma, which):
    recording = make_recording(3.0)
    write_uxf(tmp_path / "S001", recording, comma=comma)
    (tmp_path / "S001" / "trial_results.csv").write_text("participant,trial\n1,1\n2,2\n3,3\n")
    again = read(tmp_path / "S001" / which)
    assert set(again.tracks) == set(ROLES)
    assert_same(again, recording, atol=2e-3)  # the hands' clocks are a millisecond or two off the head's


def test_a_uxf_folder_of_several_trials_asks_which(make_recording, tmp_path):
    write_uxf(tmp_path / "S001", make_recording(2.0), "T001")
    write_uxf(tmp_path / "S001", make_recording(3.0), "T002")
    with pytest.raises(InputError, match="holds trials 001, 002; name a file"):
        read(tmp_path / "S001")
    assert read(tmp_path / "S001" / "headset_movement_T002.csv").duration == pytest.approx(3.0)


def test_a_uxf_trial_without_a_head_is_refused(make_recording, tmp_path):
    write_uxf(tmp_path / "S001", make_recording(2.0))
    (tmp_path / "S001" / "headset_movement_T001.csv").unlink()
    with pytest.raises(InputError, match="no file of trial 001 is named after the head"):
        read(tmp_path / "S001")


def write_sample(folder: Path, recording: Recording) -> None:
    write_uxf(folder, recording)
