"""Preview pictures of the command line: sheets of moments."""

import bpy
import numpy as np
from matplotlib.image import imread, imsave

from threepoint.tools.support import scene_file


def test_a_sheet_has_rows_of_four_moments(tmp_path, monkeypatch):
    shown = []

    def still(path, subjects, frame, size):
        shown.append(frame)
        imsave(path, np.full((size[1], size[0], 3), len(shown) / 10))

    monkeypatch.setattr(scene_file, "render_still", still)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 240
    scene_file.save_preview(tmp_path / "sheet.png", ["somebody"], moments=5)
    assert shown == [25, 73, 120, 168, 216], "the middles of five parts of 1 to 240"
    sheet = imread(tmp_path / "sheet.png")[..., 0]
    height, width = scene_file.MOMENT_HEIGHT, 2 * scene_file.MOMENT_WIDTH
    assert sheet.shape == (2 * height, 4 * width)
    np.testing.assert_allclose(sheet[::height, ::width], [[0.1, 0.2, 0.3, 0.4], [0.5, 0, 0, 0]], atol=0.005)
