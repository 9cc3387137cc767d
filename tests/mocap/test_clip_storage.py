"""Clips on disk: small, and within a tenth of a millimetre of what they were."""

import numpy as np

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.mocap.clip_storage import pack, steps, unpack
from threepoint.model_core.mocap.clips import load_clips, save_clips

MILLIMETRE = 1e-3


def positions(clip):
    return forward_kinematics(clip.rotations(), clip.translation.astype(np.float64), clip.rest_joints)[1]


def test_joints_come_back_within_a_tenth_of_a_millimetre(make_clip, tmp_path):
    clips = [make_clip(300), make_clip(1), make_clip(77)]
    save_clips(tmp_path / "clips.npz", clips)
    found = list(load_clips(tmp_path / "clips.npz"))
    assert [len(clip) for clip in found] == [300, 1, 77]
    for before, after in zip(clips, found, strict=True):
        distance = np.linalg.norm(positions(before) - positions(after), axis=-1)
        assert 0 < distance.max() < 0.1 * MILLIMETRE


def test_any_motion_however_jerky_comes_back_to_the_step():
    rng = np.random.default_rng(0)
    poses, translation = rng.normal(0, 3, (40, 66)), rng.normal(0, 100, (40, 3))
    starts = np.array([0, 13, 14])
    found = np.concatenate(unpack(pack(poses, translation, starts), starts), 1)
    # Half a step, and what single precision rounds a hundred metres by.
    assert (np.abs(found - np.concatenate([poses, translation], 1)) <= 0.5 * steps() + 2e-5).all()


def test_smooth_motion_is_stored_in_less_than_half_of_what_plain_arrays_take(make_clip, tmp_path):
    clip = make_clip(600)
    save_clips(tmp_path / "compact.npz", [clip])
    np.savez_compressed(tmp_path / "plain.npz", poses=clip.poses, trans=clip.translation)
    assert (tmp_path / "compact.npz").stat().st_size < 0.5 * (tmp_path / "plain.npz").stat().st_size
