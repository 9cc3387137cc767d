"""Retargeting: world rotations survive the way through every known skeleton, and real clips come out as they should."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.geometry.kinematics import forward_kinematics, joint_offsets
from threepoint.model_core.geometry.rotations import (
    geodesic_angle,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    transpose,
)
from threepoint.model_core.geometry.skeleton import HEAD, PARENTS, PELVIS
from threepoint.model_core.mocap.cleaning import foot_heights
from threepoint.model_core.mocap.clips import load_clips
from threepoint.model_core.mocap.preparation import choose_floors, cut, prepare_capture
from threepoint.model_core.mocap.sources import read_captures
from threepoint.model_core.retargeting.capture import Capture
from threepoint.model_core.retargeting.retarget import between, retarget
from threepoint.model_core.retargeting.skeletons import (
    CMU_ASF,
    CMU_DAZ,
    CMU_MOTIONBUILDER,
    KNOWN,
    LEFT_RIGHT,
    O3DE,
    mirrored_rotation,
    recognise,
)

FRAMES = 30


@pytest.fixture(scope="module")
def swaying(make_clip):
    return make_clip(FRAMES)


def as_source(clip, skeleton, scale=1.0):
    """The clip as a capture on ``skeleton``, with SMPL's proportions times ``scale``."""
    adjustments = skeleton.adjustments(clip.rest_joints)
    names = tuple(dict.fromkeys(skeleton.rotation_sources))
    joints = [skeleton.rotation_sources.index(name) for name in names]
    smpl_parents = [PARENTS[joint] for joint in joints]
    parents = [-1 if p < 0 else names.index(skeleton.rotation_sources[p]) for p in smpl_parents]
    source = clip.world()[0][:, joints] @ transpose(adjustments[joints])
    local = np.stack(
        [source[:, i] if p < 0 else transpose(source[:, p]) @ source[:, i] for i, p in enumerate(parents)], 1
    )
    bones = joint_offsets(clip.rest_joints)[joints]
    offsets = np.stack(
        [bone if p < 0 else adjustments[joints[p]] @ bone for bone, p in zip(bones, parents, strict=True)]
    )
    return Capture(
        "made up", 7, "sway", "made up", 60.0, names, tuple(parents), offsets * scale,
        matrix_to_quaternion(local), clip.translation.astype(float) * scale, np.zeros(len(clip), bool),
    )  # fmt: skip


@pytest.mark.parametrize("skeleton", [s for s in KNOWN if not s.spine1_between], ids=lambda s: s.name)
@pytest.mark.parametrize("scale", [1.0, 1.25])
def test_motion_survives_the_way_through_a_skeleton(swaying, skeleton, scale):
    result = retarget(as_source(swaying, skeleton, scale), skeleton, swaying.rest_joints)
    world, positions = forward_kinematics(result.rotations, result.translation, swaying.rest_joints)
    true_world, true_positions = swaying.world()
    neck = np.degrees(geodesic_angle(world, true_world))
    assert np.delete(neck, 12, axis=1).max() < 0.01
    assert result.scale == pytest.approx(1 / scale, rel=1e-4)
    below_neck = [joint for joint in range(22) if joint != HEAD]
    np.testing.assert_allclose(positions[:, below_neck], true_positions[:, below_neck], atol=1e-3)


@pytest.mark.parametrize("skeleton", [CMU_ASF, CMU_MOTIONBUILDER, CMU_DAZ, O3DE], ids=lambda s: s.name)
def test_constants_are_mirror_images(swaying, skeleton):
    constants = skeleton.adjustments(swaying.rest_joints)
    np.testing.assert_allclose(np.linalg.det(constants), 1)
    for left, right in LEFT_RIGHT:
        np.testing.assert_allclose(constants[right], mirrored_rotation(constants[left]), atol=1e-12)


def test_skeletons_are_recognised_by_their_joints():
    assert all(recognise(skeleton.rotation_sources + tuple(skeleton.position_sources.values())) is skeleton
               for skeleton in KNOWN)  # fmt: skip
    assert recognise(["Hips", "Spine", "Head"]) is None


def test_between_goes_the_short_way(swaying):
    first, second = swaying.world()[0][:, 3], swaying.world()[0][:, 20]
    halfway = between(first, second, 0.5)
    np.testing.assert_allclose(geodesic_angle(first, halfway), geodesic_angle(first, second) / 2, atol=1e-6)


def test_clips_are_cut_around_glitches_and_put_on_the_floor(make_clip):
    clip = make_clip(300)
    capture = as_source(clip, CMU_ASF)
    root = capture.root + [2.0, 0.5, -1.0]
    bad = np.zeros(300, bool)
    bad[130:135] = bad[180:190] = True
    take = prepare_capture(replace(capture, root=root, bad=bad), CMU_ASF, clip.rest_joints, clip.sole)
    clips = cut(take, choose_floors([take])[0], "train", clip.rest_joints, clip.sole)
    assert [(c.name, len(c)) for c in clips] == [("made up", 130), ("made up#1", 110)]
    for piece in clips:
        np.testing.assert_allclose(piece.translation[0, [0, 2]], 0, atol=1e-6)
        heights = foot_heights(piece.world()[1], clip.rest_joints, clip.sole).min(1)
        assert np.abs(heights).max() < 0.01
        assert piece.meta["split"] == "train"


def test_floors_are_the_takes_own_but_on_uneven_ground_the_subjects(make_clip):
    clip = make_clip(90)
    capture = as_source(clip, CMU_ASF)

    def floors(flags):
        takes = [replace(capture, root=capture.root + [0, up, 0], flags=flags) for up in (0.0, 0.01, 0.2)]
        takes = [prepare_capture(take, CMU_ASF, clip.rest_joints, clip.sole) for take in takes]
        return choose_floors(takes)

    assert np.diff(floors(())) == pytest.approx([0.01, 0.19], abs=1e-3)
    assert np.diff(floors(("non_flat_ground",))) == pytest.approx([0.01, 0], abs=1e-3)


def prepared_from(shared, shard, wanted, clip):
    """The wanted takes of a shard, prepared for the body of ``clip``."""
    takes = {}
    for capture, skeleton in read_captures(shared / "mocap" / shard):
        if capture.name in wanted:
            takes[capture.name] = prepare_capture(capture, skeleton, clip.rest_joints, clip.sole)
        if len(takes) == len(wanted):
            break
    assert set(takes) == set(wanted)
    return takes


@pytest.mark.parametrize(("shard", "name"), [("cmu_daz_00.npz", "06_02"), ("cmu_asf_00.npz", "06_01")])
def test_true_motion_of_the_baselines_is_reproduced(shared, swaying, shard, name):
    known = {clip.name: clip for clip in load_clips(shared / "baselines" / "valtest.npz")}[name]
    take = prepared_from(shared, shard, [name], known)[name]
    clip = cut(take, take.floor, "test", known.rest_joints, known.sole)[0]
    assert len(clip) == len(known)
    start = known.translation[0] * [1, 0, 1] - clip.translation[0] * [1, 0, 1]
    np.testing.assert_allclose(clip.world()[1] + start, known.world()[1], atol=1e-3)


def test_skeletons_agree_on_heads_feet_and_knees(shared, swaying):
    walks = {
        "cmu2_mb_00.npz": ["35_03", "35_04"],
        "cmu_daz_00.npz": ["07_04"],
        "o3de_mm_00.npz": ["o3de_Circles1"],
    }
    pitches = []
    for shard, names in walks.items():
        for take in prepared_from(shared, shard, names, swaying).values():
            for piece in cut(take, take.floor, "train", swaying.rest_joints, swaying.sole):
                world, positions = piece.world()
                knees = np.degrees(matrix_to_axis_angle(piece.rotations()[:, [4, 5]]))[..., 0]
                heights = foot_heights(positions, piece.rest_joints, piece.sole).min(1)
                pitches.append(np.degrees(np.arcsin(world[:, HEAD, 1, 2])).mean())
                assert knees.min() > -8
                assert abs(np.median(heights)) < 0.03
                assert world[:, PELVIS, 1, 1].mean() > 0.95
    assert np.ptp(pitches) < 10
