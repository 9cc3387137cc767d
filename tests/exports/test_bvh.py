"""BVH that we write: its frame, its times, and back through our own reader under every preset's names."""

import re
from functools import lru_cache

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.model_core.exports.bvh import write_bvh
from threepoint.model_core.exports.clip import SkeletonClip
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import JOINT_COUNT, JOINT_NAMES, PARENTS, ROLES, TRACKED_JOINTS
from threepoint.model_core.recordings import read
from threepoint.model_core.retargeting.bvh import read_bvh
from threepoint.tools.support.made_up_walk import walk_motion

RATES = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 60000 / 1001, 60.0, 90.0, 120.0)


@lru_cache
def walk():
    """A walk of the default body."""
    body = load_body()
    return walk_motion(body, body.betas_for(1.7))


def clip_of(names=JOINT_NAMES, fps=60.0, frames=90):
    """A stretch of the walk, and its joints (T, 24, 3)."""
    body, motion = load_body(), walk()
    rest = body.rest_joints(motion.betas)
    rest = rest - [0, body.sole(motion.betas), 0]
    rotations = np.zeros((frames, JOINT_COUNT, 4))
    rotations[..., 0] = 1
    rotations[:, :22] = motion.rotations[:frames]
    tips = rest + [0, 0.1, 0]
    clip = SkeletonClip(names, PARENTS, rest, tips, rotations, motion.translation[:frames], fps)
    _, joints = forward_kinematics(quaternion_to_matrix(rotations), clip.translation, rest)
    return clip, joints


@pytest.mark.parametrize("fps", RATES)
def test_every_frame_rate_is_exact_and_read_back(tmp_path, fps):
    clip, _ = clip_of(fps=fps, frames=4)
    write_bvh(tmp_path / "walk.bvh", clip)
    step = float(re.search(r"Frame Time: (\S+)", (tmp_path / "walk.bvh").read_text())[1])
    assert step * fps == pytest.approx(1, abs=1e-12)
    assert read_bvh(tmp_path / "walk.bvh")[0].fps == pytest.approx(fps, rel=1e-12)


@pytest.mark.parametrize(("written", "fps"), [
    ("0.016667", 60.0), ("0.0333667", 30000 / 1001), ("0.033333", 30.0), ("0.0417083", 24000 / 1001),
    (".0083333", 120.0), ("0.01668", 60000 / 1001), ("0.0041667", 240.0), ("0.0125", 80.0),
])  # fmt: skip
def test_frame_times_of_few_digits_mean_the_rate_that_rounds_to_them(tmp_path, written, fps):
    clip, _ = clip_of(frames=3)
    write_bvh(tmp_path / "walk.bvh", clip)
    text = re.sub(r"Frame Time: \S+", f"Frame Time: {written}", (tmp_path / "walk.bvh").read_text())
    (tmp_path / "walk.bvh").write_text(text)
    assert read_bvh(tmp_path / "walk.bvh")[0].fps == pytest.approx(fps, rel=1e-12)


def test_it_stands_along_y_and_its_root_has_no_offset(tmp_path):
    clip, joints = clip_of()
    write_bvh(tmp_path / "walk.bvh", clip)
    text = (tmp_path / "walk.bvh").read_text()
    assert re.search(r"ROOT pelvis\n{\n  OFFSET 0.000000 0.000000 0.000000\n", text)
    first = np.array(text.partition("Frame Time:")[2].splitlines()[1].split(), float)
    assert np.abs(first[:3] - joints[0, 0]).max() < 1e-6 and joints[0, 15, 1] > 1.3


def test_our_reader_finds_head_and_wrists_where_they_were(tmp_path):
    clip, joints = clip_of()
    write_bvh(tmp_path / "walk.bvh", clip)
    recording = read(tmp_path / "walk.bvh")
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        found = convert_positions(recording.tracks[role].position, OPENXR_TO_MODEL)
        wanted = joints[:, joint] - joints[0, 0]
        assert np.abs((found - found[0]) - (wanted - wanted[0])).max() < 0.05, role


def test_a_clip_that_does_not_fit_is_refused():
    clip, _ = clip_of(frames=2)
    with pytest.raises(InputError, match="do not fit 24 joints"):
        SkeletonClip(clip.names, clip.parents, clip.rest[:5], clip.tips, clip.rotations, clip.translation, 60.0)
    with pytest.raises(InputError, match="one root"):
        SkeletonClip(clip.names, (3, *PARENTS[1:]), clip.rest, clip.tips, clip.rotations, clip.translation, 60.0)
