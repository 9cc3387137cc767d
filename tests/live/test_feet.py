"""The light foot lock: feet that stand stay, feet that step go, and nothing leaps."""

import numpy as np
import pytest

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.rotations import rotation_about_y
from threepoint.model_core.geometry.skeleton import ANKLES, HEAD, TOES
from threepoint.model_core.live.feet import FARTHEST, FARTHEST_STILL, STEP_FRAMES, TURNED, LiveFeet

STANDING, STEPPING = np.ones(4), np.zeros(4)


@pytest.fixture(scope="module")
def rest(body):
    joints = body.rest_joints(np.zeros(10))[:22].astype(np.float64)
    return joints - [0, float(body.sole(np.zeros(10))), 0]


def walked(rest, ways, heads, contacts, yaws=None):
    """Ankles (T, 2, 3) of a body whose feet go by ``ways`` (T, 3), its head by ``heads``, all turned by ``yaws``."""
    feet = LiveFeet(rest, foot_rest_heights(rest))
    turns = rotation_about_y(np.zeros(len(ways)) if yaws is None else yaws)
    places = []
    for way, head, contact, turn in zip(ways, heads, contacts, turns, strict=True):
        joints = rest @ turn.T
        joints[[*ANKLES, *TOES]] += way
        joints[HEAD] += head
        places.append(feet.step(joints, np.stack([turn, turn]), contact)[0])
    return np.stack(places)


def speed(places):
    return 60 * np.linalg.norm(np.diff(places, axis=0), axis=-1)


def test_feet_that_sway_under_a_still_head_stand(rest):
    sway = 0.03 * np.sin(np.arange(300) / 9)[:, None] * [1.0, 0, 0.5]
    places = walked(rest, sway, np.zeros((300, 3)), np.tile(0.3 * np.ones(4), (300, 1)))
    assert speed(places)[20:].max() < 0.01


def test_a_foot_steps_once_its_body_is_elsewhere(rest):
    ways = np.linspace(0, 3 * FARTHEST_STILL, 300)[:, None] * [1.0, 0, 0]
    places = walked(rest, ways, np.zeros((300, 3)), np.tile(STANDING, (300, 1)))
    away = np.linalg.norm((places - rest[list(ANKLES)] - ways[:, None])[..., [0, 2]], axis=-1)
    still = (speed(places) < 0.05).mean()
    assert away.max() < FARTHEST_STILL + 0.01 and still > 0.6, "it stands most of the time"
    assert speed(places).max() < 6.0


def test_who_reaches_up_stands_on_tiptoe(rest):
    feet = LiveFeet(rest, foot_rest_heights(rest))
    soles, heights, turn = rest[list(TOES)] - rest[list(ANKLES)], [], np.eye(3)
    for lift in 0.05 * np.sin(np.linspace(0, np.pi, 180)):
        places, turned = feet.step(rest + [0, lift, 0], np.stack([turn, turn]), STANDING)
        toes = places + (turned @ soles[..., None])[..., 0]
        heights.append(np.stack([places[:, 1], toes[:, 1]]))
    up = np.array(heights) - foot_rest_heights(rest).reshape(2, 2)
    assert np.abs(up[:, 1]).max() < 0.002, "toes"
    assert up[90, 0].min() > 0.045 and up[-1, 0].max() < 0.01, "heels"


@pytest.mark.parametrize("seconds", [0.7, 1.4, 3.0])
@pytest.mark.parametrize("late", [0.0, 0.25, 0.5])
def test_feet_stand_under_a_head_that_sways_in_place(rest, seconds, late):
    """However long a sway takes, and whether the legs that the network lifts for it go with the head or against it."""
    turns = 2 * np.pi * np.arange(240)[:, None] / (60 * seconds)
    across = 0.08 if seconds < 1 else 0.12
    heads = across * np.sin(turns) * [1.0, 0, 0.3]
    ways = 0.1 * np.sin(turns - 2 * np.pi * late) * [1.0, 0, 0.3] + 0.04 * np.sin(turns) ** 2 * [0.0, 1, 0]
    contacts = np.tile(0.5 + 0.45 * np.cos(turns), (1, 4))
    assert speed(walked(rest, ways, heads, contacts))[20:].max() < 0.01


def test_feet_that_walk_are_not_held_as_if_they_swayed(rest):
    """From standing into a walk: a foot that is off the floor is soon where the body has it."""
    metres = np.concatenate([np.zeros(120), np.linspace(0, 4, 240)])[:, None]
    lifts = 0.04 * (metres > 0) * [0.0, 1, 0]
    contacts = np.tile(np.where(metres > 0, 0.1, 0.9), (1, 4))
    ways = metres * [0.0, 0, 1.0] + lifts
    places = walked(rest, ways, metres * [0.0, 0, 1.0], contacts)
    away = np.linalg.norm((places - rest[list(ANKLES)] - ways[:, None])[..., [0, 2]], axis=-1)
    assert away.max() < FARTHEST + 0.02, "no farther than before it moved"
    assert away[120 + 12 + STEP_FRAMES + 2 :].max() < 1e-6


def test_a_foot_steps_once_its_body_has_turned(rest):
    """A person who turns round on the spot, the head where it was, does not stand with crossed legs."""
    yaws = np.concatenate([np.linspace(0, np.pi, 180), np.full(60, np.pi)])
    still = np.zeros((240, 3))
    places = walked(rest, still, still, np.tile(STANDING, (240, 1)), yaws)
    wide = np.linalg.norm((rest[ANKLES[0]] - rest[ANKLES[1]])[[0, 2]])
    turned = (rest @ rotation_about_y(np.pi).T)[list(ANKLES)]
    assert np.linalg.norm((places[-1] - turned)[:, [0, 2]], axis=-1).max() < 2 * np.sin(TURNED / 2) * wide
    assert (places[-1, 0] - places[-1, 1]) @ (turned[0] - turned[1]) > 0, "left is left"
    assert speed(places).max() < 6.0


def test_a_foot_that_is_lifted_goes_with_its_body(rest):
    ways = np.concatenate([np.zeros((30, 3)), np.linspace(0, 1, 60)[:, None] * [0.0, 0.15, 0.6]])
    heads = ways * [1.0, 0, 1.0]
    contacts = np.concatenate([np.tile(STANDING, (30, 1)), np.tile(STEPPING, (60, 1))])
    places = walked(rest, ways, heads, contacts)
    np.testing.assert_allclose(places[-1], rest[list(ANKLES)] + ways[-1], atol=1e-6)
    assert speed(places).max() < 3.0


def test_no_foot_is_in_the_floor(rest):
    ways = np.linspace(0, -0.1, 60)[:, None] * [0.0, 1, 0]
    places = walked(rest, ways, np.linspace(0, 1, 60)[:, None] * [1.0, 0, 0], np.tile(STEPPING, (60, 1)))
    assert (places[..., 1] > rest[list(ANKLES), 1] - 0.008).all()
