"""The colours of uncertainty and of trackers as people see them who lack a kind of cone.

Simulated by the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color
Vision Deficiency" (2009), for linear RGB and severity 1; lightness and distances are CIELAB's.
"""

import itertools

import numpy as np
import pytest

from threepoint.blender_addon.avatar.uncertainty_colours import RAMP
from threepoint.blender_addon.trackers.empties import COLOURS, OTHER_COLOUR

pytestmark = pytest.mark.any_blender

SEEN = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(linear):
    """CIELAB of linear RGB (..., 3) under D65."""
    ratio = np.clip(linear, 0, 1) @ TO_XYZ.T / TO_XYZ.sum(1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def ramp(places):
    positions, colours = zip(*RAMP, strict=True)
    return np.stack([np.interp(places, positions, channel) for channel in np.array(colours)[:, :3].T], -1)


@pytest.mark.parametrize("eyes", SEEN)
def test_what_is_less_sure_is_darker_to_all_eyes(eyes):
    seen = lab(ramp(np.linspace(0, 1, 101)) @ SEEN[eyes].T)
    assert (np.diff(seen[:, 0]) < 0).all()
    assert seen[0, 0] - seen[-1, 0] > 45
    assert np.linalg.norm(np.diff(seen[::25], axis=0), axis=1).min() > 15  # 2.3 is a difference just seen.


@pytest.mark.parametrize("eyes", SEEN)
def test_trackers_are_told_apart_by_all_eyes(eyes):
    seen = lab(np.array([*COLOURS.values(), OTHER_COLOUR])[:, :3] @ SEEN[eyes].T)
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 20


def test_the_simulation_knows_colours_that_look_alike():
    """The first ramp was lightest in its middle, and a left and a right hand were one colour to deuteranopes."""
    pink, cyan = (lab(np.array(colour) @ SEEN["deuteranopia"].T) for colour in ((0.95, 0.25, 0.65), (0.1, 0.75, 0.95)))
    assert np.linalg.norm(pink - cyan) < 15
    grey, yellow = (lab(np.array(colour)) for colour in ((0.55, 0.60, 0.66), (0.95, 0.80, 0.25)))
    assert grey[0] < yellow[0]
    assert lab(np.ones(3)) == pytest.approx([100, 0, 0], abs=1e-3)
