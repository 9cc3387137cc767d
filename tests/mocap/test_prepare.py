"""The command that turns motion capture into clips, and the files that it reads and writes."""

import numpy as np
import pytest

from threepoint.model_core.amass_writer import write_amass
from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import matrix_to_quaternion
from threepoint.model_core.mocap import datasets
from threepoint.model_core.mocap.clips import load_clips, save_clips
from threepoint.model_core.mocap.datasets.amass import read_amass
from threepoint.model_core.mocap.preparation import cut
from threepoint.model_core.mocap.sources import find_files, read_takes
from threepoint.model_core.motion import Motion
from threepoint.tools import prepare

FRAMES = 150


@pytest.fixture(scope="module")
def swaying(make_clip):
    return make_clip(FRAMES)


def write_as_amass(path, clip, stature=1.0, lift=0.0):
    """The clip as an AMASS npz of a person whose lengths are ``stature`` times ours, ``lift`` metres up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pelvis = clip.translation.astype(float) * stature + [0, lift, 0]
    motion = Motion(60.0, matrix_to_quaternion(clip.rotations()), pelvis, np.zeros(10))
    write_amass(path, motion, load_body())
    return path


def test_amass_comes_back(tmp_path, swaying):
    path = write_as_amass(tmp_path / "BMLrub" / "rub001" / "0005_sway_poses.npz", swaying)
    take = read_amass(path, swaying.rest_joints, swaying.sole)
    clip = cut(take, take.floor, "train", swaying.rest_joints, swaying.sole)[0]
    assert take.meta["subject"] == "BMLrub/rub001" and take.meta["activity"] == "0005_sway"
    assert take.meta["scale"] == pytest.approx(1, abs=0.01)
    shift = (swaying.translation - clip.translation)[0] * [1, 0, 1]
    np.testing.assert_allclose(clip.world()[1] + shift, swaying.world()[1], atol=0.006)


def test_taller_people_of_amass_are_scaled_to_our_legs(tmp_path, swaying):
    # The pelvis of a body that is 10% larger stands 10% higher.
    path = write_as_amass(tmp_path / "CMU" / "06" / "06_01_poses.npz", swaying, stature=1.1)
    take = read_amass(path, swaying.rest_joints, swaying.sole)
    assert take.meta["subject"] == 6
    assert take.meta["scale"] == pytest.approx(1 / 1.1, abs=0.01)
    assert abs(take.floor) < 0.01


def test_amass_without_a_floor_is_refused(tmp_path, swaying):
    path = write_as_amass(tmp_path / "CMU" / "06" / "06_01_poses.npz", swaying, lift=-0.9)
    with pytest.raises(InputError, match=r"its pelvis is 0\.0\d m up .* AMASS has \+Z up and its floor at 0"):
        read_amass(path, swaying.rest_joints, swaying.sole)


def test_clips_survive_their_file(tmp_path, swaying):
    save_clips(tmp_path / "a.npz", [swaying, swaying])
    clips = load_clips(tmp_path / "a.npz")
    assert len(clips) == 2 and clips.minutes == pytest.approx(2 * FRAMES / 3600)
    for clip in clips:
        apart = np.linalg.norm(clip.world()[1] - swaying.world()[1], axis=-1)
        assert apart.max() < 1e-4, "a tenth of a millimetre"
        assert clip.meta == swaying.meta and clip.sole == pytest.approx(swaying.sole)


def test_other_files_are_no_clips(tmp_path):
    with pytest.raises(InputError, match="no such file of clips; `python3 tools prepare` writes them"):
        load_clips(tmp_path / "missing.npz")
    np.savez(tmp_path / "b.npz", poses=np.zeros(3))
    with pytest.raises(InputError, match="b.npz: not a file of clips"):
        load_clips(tmp_path / "b.npz")


def test_the_command_splits_by_subject_and_says_what_it_left_out(tmp_path, swaying, capsys):
    write_as_amass(tmp_path / "in" / "CMU" / "06" / "06_01_poses.npz", swaying)
    write_as_amass(tmp_path / "in" / "CMU" / "07" / "07_01_poses.npz", swaying)
    write_as_amass(tmp_path / "in" / "HDM05" / "bk" / "walk_poses.npz", swaying)
    (tmp_path / "in" / "broken.bvh").write_text("HIERARCHY")
    np.savez(tmp_path / "in" / "CMU" / "07" / "shape.npz", betas=np.zeros(10))
    arguments = ["--data", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--val", "HDM05/bk", "--report"]
    assert prepare.run(arguments) == 0
    splits = ("train", "val", "test")
    names = {split: [clip.name for clip in load_clips(tmp_path / "out" / f"{split}.npz")] for split in splits}
    assert names == {"train": ["07/07_01_poses"], "val": ["bk/walk_poses"], "test": ["06/06_01_poses"]}
    printed = capsys.readouterr().out
    assert "train.npz: 1 clips, 0.04 minutes (amass 0.04)" in printed
    assert "left out" in printed and "broken.bvh" in printed and "shape.npz" not in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "missing.npz"], "missing.npz: does not exist"),
        (["--data", "notes.txt"], "should end in .amc or .bvh or .npz"),
        (["--data", "empty"], "has no .amc or .bvh or .npz or .parquet of motion"),
        (["--data", "broken.bvh"], "not a BVH file"),
        (["--data", "broken.npz"], "is not a readable npz archive"),
        (["--data", "other.npz"], "lacks poses, trans"),
        (["--eval-only", "--split", "train"], "leave --data and --split out"),
        (["--sheet", "a.txt"], "ends in .png"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.bvh").write_text("MOTION")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(InputError, match=message) as caught:
        prepare.run([*arguments, "-o", str(tmp_path / "out")])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_splits_agree_with_those_of_the_shards(shared):
    import json

    subjects = json.loads((shared / "mocap" / "splits.json").read_text())["subjects"]
    for split in ("val", "test"):
        assert sorted(map(int, prepare.KEPT_FROM_TRAINING[split])) == subjects[split]


def test_folders_are_searched_and_shapes_are_passed_by(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/x.bvh", "a/b/y.NPZ", "a/b/shape.npz", "a/b/male_stagei.npz", "a/readme.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in find_files([tmp_path])] == ["y.NPZ", "x.bvh"]


NEW_DATASET = '''
"""Text files that name a person who stands still for a second."""

import numpy as np

from threepoint.model_core.mocap.datasets import Dataset
from threepoint.model_core.mocap.preparation import assess


def read_takes(path, rest_joints, sole):
    meta = {"name": path.stem, "subject": path.read_text(), "activity": "stand", "skeleton": "text", "flags": []}
    rotations = np.tile(np.eye(3), (31, 22, 1, 1))
    translation = np.tile([0, rest_joints[0, 1] - sole, 0], (31, 1))
    yield assess(meta, rotations, translation, np.zeros(31, bool), 30, rest_joints, sole)


DATASET = Dataset(suffix=".txt", recognises=lambda path: True, read_takes=read_takes)
'''


def test_a_new_dataset_is_one_file(tmp_path, monkeypatch, make_clip):
    (tmp_path / "made_up_dataset.py").write_text(NEW_DATASET)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
    datasets.datasets.cache_clear()
    try:
        (tmp_path / "stand.txt").write_text("Ada")
        (take,) = read_takes(*find_files([tmp_path]), make_clip(4).rest_joints, make_clip(4).sole)
    finally:
        datasets.datasets.cache_clear()
    assert take.meta["subject"] == "Ada" and len(take.rotations) == 61
    assert take.floor == pytest.approx(0, abs=1e-3)
