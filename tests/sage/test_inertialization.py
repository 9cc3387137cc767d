"""Where trackers are lost and found: no jump, nothing changed where all is seen, and streams that catch up."""

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle
from threepoint.model_core.sage.inertialization import (
    FADE_FRAMES,
    RETURN_FRAMES,
    Inertializer,
    fade_out,
    inertialize_gaps,
)

FRAMES, JOINTS, START = 200, 22, 50
SWING, JUMP = 0.02, 1.2
"""Radians a frame that joints turn by, and those that they jump by at an edge."""


def gappy_motion(gaps):
    """Rotations (T, J, 3, 3) that swing evenly and stand ``JUMP`` aside in gaps (tracker, start, end), and who is seen.

    A missing tracker moves all joints about an axis of its own.
    """
    valid = np.ones((FRAMES, 3), bool)
    turns = np.zeros((FRAMES, JOINTS, 3))
    turns[..., 0] = SWING * np.arange(FRAMES)[:, None]
    for tracker, start, end in gaps:
        valid[start:end, tracker] = False
        turns[start:end, :, tracker] += JUMP
    return axis_angle_to_matrix(torch.from_numpy(turns)), valid


def steps(rotations):
    """The largest turn from frame to frame (T - 1,) in radians."""
    return geodesic_angle(rotations[1:], rotations[:-1]).amax(-1)


@pytest.mark.parametrize("length", [1, 2, 7, FADE_FRAMES, FADE_FRAMES + 9, 120])
def test_a_gap_of_any_length_has_no_jump_and_ends_where_the_hand_is_seen(length):
    rotations, valid = gappy_motion([(1, START, START + length)])
    assert steps(rotations).max() > 0.9 * JUMP
    smooth = inertialize_gaps(rotations, valid)
    assert steps(smooth).max() < SWING + 2 * JUMP / FADE_FRAMES
    seen = valid.all(1)
    torch.testing.assert_close(smooth[seen], rotations[seen])


def test_the_middle_of_a_long_gap_stays_what_the_network_says():
    rotations, valid = gappy_motion([(2, START, START + 100)])
    middle = slice(START + FADE_FRAMES, START + 100 - FADE_FRAMES)
    torch.testing.assert_close(inertialize_gaps(rotations, valid)[middle], rotations[middle])


@pytest.mark.parametrize(
    "gaps",
    [
        [(1, 40, 120), (2, 40, 120)],
        [(1, 40, 120), (2, 60, 90)],
        [(1, 40, 90), (2, 90, 140)],
        [(1, 0, 60)],
        [(2, 120, FRAMES)],
        [(0, 60, 100)],
    ],
    ids=["both at once", "one within the other", "one after the other", "from the start", "to the end", "the head"],
)
def test_no_jump_however_gaps_meet(gaps):
    rotations, valid = gappy_motion(gaps)
    assert steps(inertialize_gaps(rotations, valid)).max() < SWING + 4 * JUMP / FADE_FRAMES


def test_without_gaps_nothing_is_touched():
    rotations, valid = gappy_motion([])
    assert inertialize_gaps(rotations, valid) is rotations


def test_a_stream_has_no_jump_either_and_catches_up():
    rotations, valid = gappy_motion([(1, START, START + 60)])
    inertializer = Inertializer()
    shown = torch.stack([inertializer.step(*frame) for frame in zip(rotations, valid, strict=True)])
    assert steps(shown).max() < SWING + 2 * JUMP / RETURN_FRAMES
    torch.testing.assert_close(shown[:START], rotations[:START])
    caught_up = START + 60 + RETURN_FRAMES
    torch.testing.assert_close(shown[caught_up:], rotations[caught_up:])


def test_a_stream_that_flickers_never_jumps():
    rotations, valid = gappy_motion([(1, t, t + 2) for t in range(50, 110, 5)])
    inertializer = Inertializer()
    shown = torch.stack([inertializer.step(*frame) for frame in zip(rotations, valid, strict=True)])
    assert steps(shown).max() < SWING + 2.5 * JUMP / RETURN_FRAMES


def test_weights_and_their_mirror_image_make_one():
    weights = fade_out(9, torch.zeros(1))[:, 0, 0]
    torch.testing.assert_close(weights + weights.flip(0), torch.ones(9))
    assert (weights.diff() < 0).all()
