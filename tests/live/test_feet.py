"""The light foot lock: feet that stand stay, feet that step go, and nothing leaps."""

import numpy as np
import pytest

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.skeleton import ANKLES, HEAD, TOES
from threepoint.model_core.live.feet import FARTHEST, LiveFeet

STANDING, STEPPING = np.ones(4), np.zeros(4)


@pytest.fixture(scope="module")
def rest(body):
    joints = body.rest_joints(np.zeros(10))[:22].astype(np.float64)
    return joints - [0, float(body.sole(np.zeros(10))), 0]


def walked(rest, ways, heads, contacts):
    """Ankles (T, 2, 3) and their world rotations of a body whose feet go by ``ways`` (T, 3), its head by ``heads``."""
    feet = LiveFeet(rest, foot_rest_heights(rest))
    flat = np.tile(np.eye(3), (2, 1, 1))
    places = []
    for way, head, contact in zip(ways, heads, contacts, strict=True):
        joints = rest.copy()
        joints[[*ANKLES, *TOES]] += way
        joints[HEAD] += head
        places.append(feet.step(joints, flat, contact)[0])
    return np.stack(places)


def speed(places):
    return 60 * np.linalg.norm(np.diff(places, axis=0), axis=-1)


def test_feet_that_sway_under_a_still_head_stand(rest):
    sway = 0.03 * np.sin(np.arange(300) / 9)[:, None] * [1.0, 0, 0.5]
    places = walked(rest, sway, np.zeros((300, 3)), np.tile(0.3 * np.ones(4), (300, 1)))
    assert speed(places)[20:].max() < 0.01


def test_a_foot_steps_once_its_body_is_elsewhere(rest):
    ways = np.linspace(0, 3 * FARTHEST, 300)[:, None] * [1.0, 0, 0]
    places = walked(rest, ways, np.zeros((300, 3)), np.tile(STANDING, (300, 1)))
    away = np.linalg.norm((places - rest[list(ANKLES)] - ways[:, None])[..., [0, 2]], axis=-1)
    still = (speed(places) < 0.05).mean()
    assert away.max() < FARTHEST + 0.01 and still > 0.6, "it stands most of the time"
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
