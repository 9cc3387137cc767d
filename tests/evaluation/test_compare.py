"""A clip of motion capture beside what is found from its head and wrists."""

import subprocess
import sys

import pytest
from matplotlib.image import imread

from threepoint.model_core.errors import InputError
from threepoint.model_core.mocap.clips import save_clips
from threepoint.tools import compare
from threepoint.tools.support.checkout import ROOT

pytestmark = pytest.mark.slow


def test_strip_shows_both_at_several_moments(tmp_path, make_clip):
    save_clips(tmp_path / "clips.npz", [make_clip(40)])
    arguments = ["clips.npz", "--clip", "swaying", "-o", "beside.png", "-o", "beside.blend"]
    command = [sys.executable, str(ROOT / "tools"), "compare", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0 and done.stderr == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside.blend", "beside.png", "clips.npz"]
    picture = imread(tmp_path / "beside.png")
    height, width = picture.shape[:2]
    moments = picture.reshape(height, 3, -1)
    assert (width, height) == (3 * 480, 360)
    assert (moments[:, 0] != moments[:, 1]).any() and (moments[:, 1] != moments[:, 2]).any()


def test_clip_that_is_not_there_is_named_with_those_that_are(tmp_path, make_clip):
    save_clips(tmp_path / "clips.npz", [make_clip(60)])
    options = compare.parse([str(tmp_path / "clips.npz"), "--clip", "flying", "-o", str(tmp_path / "a.png")])
    with pytest.raises(InputError, match="no clip 'flying'; it has: swaying"):
        compare.choose_clip(options)
