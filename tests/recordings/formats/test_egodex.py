"""EgoDex's HDF5: camera, hands and hip come back, with their confidences."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.recordings import Recording, read
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import assert_same

NAMES = {"head": "camera", "left_hand": "leftHand", "right_hand": "rightHand"}


def write_egodex(path, recording):
    with h5py.File(path, "w", libver="earliest") as file:
        for role, track in recording.tracks.items():
            matrices = np.tile(np.eye(4), (len(recording.time), 1, 1))
            matrices[:, :3, :3], matrices[:, :3, 3] = quaternion_to_matrix(track.rotation), track.position
            options = {"compression": "gzip", "track_times": False}
            file.create_dataset(f"transforms/{NAMES[role]}", data=matrices.astype(np.float32), **options)
            file.create_dataset(f"confidences/{NAMES[role]}", data=track.valid.astype(np.float32), **options)
        file.create_dataset("transforms/leftIndexFingerTip", data=matrices.astype(np.float32), **options)


def test_camera_and_hands_come_back(tmp_path):
    recording = walking_person(3.0)
    recording.tracks["right_hand"].valid[20:50] = False
    write_egodex(tmp_path / "0.hdf5", recording)
    again = read(tmp_path / "0.hdf5")
    np.testing.assert_array_equal(again.tracks["right_hand"].valid, recording.tracks["right_hand"].valid)
    assert any("leftIndexFingerTip" in str(note) for note in again.warnings)
    del recording.tracks["right_hand"]
    assert_same(again, recording)


def test_other_hdf5_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["numbers"] = [1, 2, 3]
    with pytest.raises(InputError, match="without transforms/camera"):
        read(tmp_path / "other.h5")
    (tmp_path / "cut.h5").write_bytes((tmp_path / "other.h5").read_bytes()[:300])
    with pytest.raises(InputError, match="h5py cannot read it"):
        read(tmp_path / "cut.h5")


def write_sample(folder: Path, recording: Recording) -> None:
    write_egodex(folder / "session.hdf5", recording)
