"""The stretches of a take that change for pins."""

import numpy as np
import pytest

from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.pins.objects import FADE_SECONDS, ranges_around
from threepoint.model_core.observation import FPS
from threepoint.model_core.refinement.pinning.time_weights import FADE_FRAMES


def test_ranges_reach_as_far_as_the_engine_changes_a_motion_for_pins():
    assert FADE_SECONDS == pytest.approx(FADE_FRAMES / FPS)


def test_ranges_around_pins_are_apart_and_cover_their_reach():
    pins = [(np.array([100, 400]), 1.0), (np.array([130]), 0.5)]
    assert ranges_around(pins, empty_file(30)) == [(100 - 44, 130 + 29), (400 - 44, 400 + 44)]
