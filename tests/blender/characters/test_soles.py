"""The height of the hips where the legs' directions are kept."""

import numpy as np

from threepoint.blender_addon.characters.feet import settled_hips

FPS = 60.0


def test_the_standing_sole_comes_to_the_floor_and_the_other_does_not_matter() -> None:
    frames = 60
    stands = np.zeros((frames, 2), bool)
    stands[:, 0] = True
    heights = np.stack([np.full(frames, -0.31), np.linspace(0.0, 0.4, frames)], 1)
    centre = np.tile([0.1, 0.2, 0.9], (frames, 1))
    settled = settled_hips(centre, heights, stands, FPS)
    assert np.allclose(settled, centre + [0, 0, 0.31], atol=1e-3)


def test_two_standing_soles_share_what_the_directions_leave() -> None:
    stands = np.ones((30, 2), bool)
    settled = settled_hips(np.zeros((30, 3)), np.tile([0.0, 0.04], (30, 1)), stands, FPS)
    assert np.allclose(settled[:, 2], -0.02, atol=1e-4)


def test_hips_stay_where_no_foot_stands() -> None:
    centre = np.ones((30, 3))
    assert np.array_equal(settled_hips(centre, np.ones((30, 2)), np.zeros((30, 2), bool), FPS), centre)


def test_the_hips_do_not_jump_where_the_standing_foot_changes() -> None:
    stands = np.repeat([[True, False], [False, True]], 30, axis=0)
    settled = settled_hips(np.zeros((60, 3)), np.tile([0.0, 0.1], (60, 1)), stands, FPS)
    assert np.abs(np.diff(settled[:, 2])).max() < 0.02
