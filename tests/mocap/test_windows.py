"""Training windows: true to their clips without augmentation, varied with it, consistent always."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.skeleton import HEAD
from threepoint.model_core.mocap.augmentation import NO_AUGMENTATION, Augmentation
from threepoint.model_core.mocap.clips import load_clips, save_clips
from threepoint.model_core.mocap.windows import WindowSampler, shape_basis


@pytest.fixture(scope="module")
def sampler(body, make_clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clips.npz"
    save_clips(path, [make_clip(80), make_clip(70)])
    return WindowSampler([load_clips(path)], 20, shape_basis(body))


def draw(sampler, augmentation, count=32, seed=0):
    return sampler.sample(count, torch.Generator().manual_seed(seed), augmentation)


def test_without_augmentation_windows_are_the_clips(sampler, make_clip):
    windows = draw(sampler, NO_AUGMENTATION)
    clips = [torch.from_numpy(make_clip(frames).world()[1]).float() for frames in (80, 70)]
    assert windows.seen_valid.all()
    for window in windows.joints:
        distances = [(clip[i : i + 20] - window).abs().max() for clip in clips for i in range(len(clip) - 19)]
        assert min(distances) < 0.02  # Windows begin between frames: near the clip's own frames, not on them.
    torch.testing.assert_close(windows.seen_positions, windows.joints[:, :, [15, 20, 21]])


def test_a_clip_that_is_shorter_than_a_window_holds_its_last_pose(body, make_clip, tmp_path):
    clip = make_clip(12)
    save_clips(tmp_path / "short.npz", [clip])
    sampler = WindowSampler([load_clips(tmp_path / "short.npz")], 20, shape_basis(body))
    joints = draw(sampler, NO_AUGMENTATION, 1).joints[0]
    expected = torch.from_numpy(clip.world()[1]).float()
    torch.testing.assert_close(joints, expected[[*range(12), *[11] * 8]], atol=1e-4, rtol=0)


def test_world_and_joints_follow_from_the_local_pose(sampler):
    windows = draw(sampler, Augmentation())
    translation = windows.joints[:, :, 0]
    world, joints = forward_kinematics(windows.local, translation, windows.rest_joints[:, None])
    torch.testing.assert_close(world, windows.world)
    torch.testing.assert_close(joints, windows.joints)


def test_one_seed_gives_the_same_windows(sampler):
    first, second = draw(sampler, Augmentation(), seed=3), draw(sampler, Augmentation(), seed=3)
    torch.testing.assert_close(first.features, second.features)


def test_hands_are_lost_as_often_as_asked(sampler):
    always = Augmentation(hand_lost=1.0, out_of_view=0.0, head_lost=0.0)
    share = draw(sampler, always, 400).seen_valid.float().mean((0, 1))
    assert share[0] == 1 and 0.2 < share[1] < 0.8 and 0.2 < share[2] < 0.8


def test_bodies_vary_and_keep_their_feet_on_the_floor(sampler):
    windows = draw(sampler, Augmentation(stature_sigma=2.0), 200)
    size = windows.rest_joints[:, 15, 1] - windows.rest_joints[:, 7, 1]
    assert size.std() > 0.05
    toes = windows.joints[:, :, [10, 11], 1].amin((1, 2))
    assert toes.min() > 0 and toes.max() < 0.05


def test_a_lost_head_tells_nothing_of_where_it_was(sampler):
    always = replace(NO_AUGMENTATION, head_lost=1.0)
    windows = draw(sampler, always, 64)
    lost = ~windows.seen_valid[:, :, 0]
    assert lost.any() and not lost.all()
    truth = windows.joints[:, :, HEAD]
    for place, true, hidden in zip(windows.seen_positions[:, :, 0], truth, lost, strict=True):
        seen = (~hidden).nonzero()[:, 0]
        torch.testing.assert_close(place[seen], true[seen])
        if len(seen) == 0:
            continue
        frames = torch.arange(len(true)).numpy()
        expected = [np.interp(frames, seen.numpy(), true[seen, axis].numpy()) for axis in range(3)]
        np.testing.assert_allclose(place.numpy(), np.stack(expected, -1), atol=1e-5)
