"""Pins on the command line: ``animate --pins``, a few sets of ``fuzz --pins``, and what ``simulate pins`` measures."""

import json

import numpy as np
import pytest
import torch

from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.pins import Pin, pins_to_json
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.tools.fuzzing.other_inputs import REFUSED, TAKEN
from threepoint.tools.fuzzing.pins import outcome_of, random_pins
from threepoint.tools.simulation.pins import PARTS, off_pins, table, true_path, true_pins
from threepoint.tools.support.animate_options import parse, pipeline_options

FRAMES = 40


@pytest.mark.parametrize("seed", range(4))
def test_random_pins_leave_a_body_or_are_refused(make_clip, seed):
    clip = make_clip(FRAMES)
    rotations, translation = torch.as_tensor(clip.rotations()).float(), torch.as_tensor(clip.translation).float()
    motion = Unrefined(rotations, translation, torch.ones(FRAMES, 4))
    pins = random_pins(np.random.default_rng(seed), clip.world()[1])
    assert outcome_of(observe_truth(clip), motion, clip.rest_joints, pins) in (TAKEN, REFUSED)


def test_animate_takes_the_pins_of_a_file(tmp_path):
    pin = Pin("chest", (1.0,), ((0.0, 1.2, 0.0),))
    path = tmp_path / "pins.json"
    path.write_text(json.dumps({"pins": pins_to_json([pin])}))
    options = parse(["walk.bvh", "--npz", str(tmp_path / "out.npz"), "--pins", str(path)], None)
    assert pipeline_options(options).pins == (pin,)


def test_simulated_pins_take_turns_once_a_second_at_true_joints(make_clip):
    world, truth = make_clip(150).world()
    pins = true_pins(truth, ("left_ankle", "right_ankle"))
    assert [pin.role for pin in pins] == ["left_ankle", "right_ankle"]
    assert [pin.seconds for pin in pins] == [(0.5,), (1.5,)]
    assert off_pins(truth, pins) == 0 and pins[0].rotations is None
    (turned,) = true_pins(truth, ("pelvis",), world)[0].rotations
    assert np.allclose(quaternion_to_matrix(np.array(turned)), world[30, 0])
    assert off_pins(truth + np.array([0, 0.03, 0]), pins) == pytest.approx(3)


def test_a_simulated_path_is_pinned_at_every_frame(make_clip):
    truth = make_clip(FRAMES).world()[1]
    path = true_path(truth, "pelvis")
    late = truth + np.array([0, 0.02, 0]) * (np.arange(FRAMES) == FRAMES - 1)[:, None, None]
    assert off_pins(truth, [path]) == pytest.approx(0, abs=1e-9)
    assert off_pins(late, [path]) == pytest.approx(2)


def test_the_table_shows_means_and_the_worst_pin():
    parts = {f"{part} {when}": 4.0 for part in PARTS for when in ("before", "after")}
    rows = [{**parts, "legs after": legs, "jitter before": 1.0, "jitter after": 1.1, "at pins": legs / 10}
            for legs in (1.0, 3.0)]  # fmt: skip
    line = table({"the pelvis": rows})[1]
    assert "4.00 -> 2.00 (-50%)" in line and "left leg +0.0%" in line and "1.10x" in line and "0.30cm" in line
