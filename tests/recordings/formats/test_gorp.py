"""GORP's archives: pickled arrays are read, pickled programs are not."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import assert_same


def write_gorp(path, recording, convention="openxr", tracking=None, body=None):
    """An archive as GORP's authors make it: what the headset saw, and the body, ``poses`` (T, 66) and ``trans``."""
    rows = {}
    for role, key in (("head", "hmdTransforms"), ("left_hand", "lConTransforms"), ("right_hand", "rConTransforms")):
        track = recording.tracks[role]
        rows[key] = np.concatenate(from_openxr(track.position, track.rotation, convention), -1).astype(np.float32)
    rows["lConValid"] = recording.tracks["left_hand"].valid.astype(np.int64)
    rows["rConValid"] = recording.tracks["right_hand"].valid.astype(np.int64)
    frames = len(recording.time)
    poses, trans = body or (np.zeros((frames, 66)), np.zeros((frames, 3)))
    fingers = np.zeros((len(poses), 165 - 66))
    arrays = {"poses": np.concatenate([poses, fingers], -1).astype(np.float32), "trans": trans, "betas": np.zeros(16)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {**arrays, "tracking_data": np.array(tracking or rows, dtype=object)}.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), stream.getvalue(), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize("convention", ["openxr", "unity", "z_up"])
def test_head_and_controllers_come_back(tmp_path, convention):
    recording = walking_person(6.0)
    recording.tracks["left_hand"].valid[40:60] = False
    write_gorp(tmp_path / "session.npz", recording, convention)
    again = read(tmp_path / "session.npz")
    assert again.device == "touch"
    np.testing.assert_array_equal(again.tracks["left_hand"].valid, recording.tracks["left_hand"].valid)
    assert_same_where_seen(again, recording)


def assert_same_where_seen(again, recording):
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position[track.valid], track.position[track.valid], atol=1e-4)
    del recording.tracks["left_hand"]
    assert_same(again, recording)


class Program:
    def __reduce__(self):
        return print, ("run",)


def test_a_pickled_program_is_never_run(tmp_path, capsys):
    write_gorp(tmp_path / "evil.npz", walking_person(1.0), tracking={"hmdTransforms": Program()})
    with pytest.raises(InputError, match="its tracking_data cannot be read"):
        read(tmp_path / "evil.npz")
    assert capsys.readouterr().out == ""
    assert b"print" in pickle.dumps(Program())


def test_shapes_that_are_no_poses_are_refused(tmp_path):
    write_gorp(tmp_path / "odd.npz", walking_person(1.0), tracking={"hmdTransforms": np.zeros((5, 3))})
    with pytest.raises(InputError, match=r"should be \(T, 7\)"):
        read(tmp_path / "odd.npz")


def write_sample(folder: Path, recording: Recording) -> None:
    write_gorp(folder / "session.npz", recording)
