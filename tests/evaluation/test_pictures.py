"""Pictures of evaluations and contact sheets are drawn, and show different things for different motions."""

import numpy as np
import pytest

from threepoint.model_core.evaluation.metrics import joint_errors

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def swaying(make_clip):
    return make_clip(90)


def pixels(path):
    image = plt.imread(path)
    assert image.std() > 0.01
    return image


def test_errors_over_time_and_joints(tmp_path, swaying):
    from threepoint.tools.evaluation.pictures import draw_errors

    _, truth = swaying.world()
    for name, scale in (("small", 0.01), ("large", 0.2)):
        errors = joint_errors(truth + np.random.default_rng(0).normal(0, scale, truth.shape), truth)
        draw_errors(tmp_path / f"{name}.png", {"ours": errors, "theirs": errors * 2}, "a clip", cuts=[30])
    assert np.abs(pixels(tmp_path / "small.png") - pixels(tmp_path / "large.png")).max() > 0.5


def test_clips_show_prediction_over_truth(tmp_path, swaying):
    from threepoint.tools.evaluation.pictures import draw_clips

    world, truth = swaying.world()
    draw_clips(tmp_path / "same.png", [("swaying", world, truth, truth)])
    draw_clips(tmp_path / "off.png", [("swaying", world, truth, truth + [0.3, 0, 0])])
    assert np.abs(pixels(tmp_path / "same.png") - pixels(tmp_path / "off.png")).max() > 0.5


def test_sources_are_drawn_beside_results(tmp_path, shared, swaying):
    from threepoint.tools.preparation.sheet import draw_sheet

    file = shared / "mocap" / "cmu2_mb_00.npz"
    takes = [(file, {"name": name, "skeleton": "mb", "activity": what}) for name, what in (("35_03", "walk"),)]
    draw_sheet(tmp_path / "sheet.png", takes, swaying.rest_joints, swaying.sole)
    pixels(tmp_path / "sheet.png")
