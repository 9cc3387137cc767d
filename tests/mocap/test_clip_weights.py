"""How often clips are drawn: nobody's one stance fills the training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.body import load_body
from threepoint.model_core.mocap.augmentation import NO_AUGMENTATION
from threepoint.model_core.mocap.clip_weights import STANDING_SECONDS, clip_weights
from threepoint.model_core.mocap.clips import load_clips, save_clips
from threepoint.model_core.mocap.windows import WindowSampler, shape_basis


@pytest.fixture(scope="module")
def clips(make_clip, tmp_path_factory):
    """Somebody stands for three minutes and walks for one, another stands for one."""
    path = tmp_path_factory.mktemp("clips") / "clips.npz"
    stands, walks, other = make_clip(3 * 3600), make_clip(3600), make_clip(3600)
    still = replace(stands, translation=np.repeat(stands.translation[:1], len(stands), 0))
    drift = np.linspace(0, 60, len(walks))[:, None] * np.array([[0.0, 0.0, 1.0]])
    walks = replace(walks, translation=(walks.translation + drift).astype(np.float32))
    meta = {**other.meta, "subject": 8}
    other = replace(other, translation=np.repeat(other.translation[:1], len(other), 0), meta=meta)
    save_clips(path, [still, walks, other])
    return load_clips(path)


def test_standing_clips_of_one_person_count_for_so_much_and_no_more(clips):
    np.testing.assert_allclose(clip_weights(clips), [STANDING_SECONDS / 180, 1.0, 1.0])


def test_windows_are_drawn_by_weight(clips):
    basis = shape_basis(load_body())
    sampler = WindowSampler([clips], 2, basis, weights=np.array([0.0, 1.0, 0.0]))
    windows = sampler.sample(50, torch.Generator().manual_seed(0), NO_AUGMENTATION)
    assert (windows.joints[:, 1, 0, 2] - windows.joints[:, 0, 0, 2] > 0.005).all()  # All of them walk.
