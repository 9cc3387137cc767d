"""Ground that is given: heights under places and times, holds for feet, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.command_line.direction_files import load_ground, load_seats
from threepoint.model_core.direction.footholds import FARTHEST_SHIFT, find_foothold
from threepoint.model_core.direction.ground import FloorLevel, Ground, GroundHeights, ground_from_json
from threepoint.model_core.direction.seats import Seat, find_sitting
from threepoint.model_core.errors import InputError
from threepoint.model_core.options import Options, options_from_json, options_to_json

SLOPE = Ground(vertices=((-9, -1.8, -9), (9, -1.8, -9), (9, 1.8, 9), (-9, 1.8, 9)), triangles=((0, 1, 2), (0, 2, 3)))
LENGTH = 0.13


def step(at, height=0.17):
    """Heights of ground with a riser at ``at`` along z."""
    return lambda places: np.where(places[:, 1] >= at, height, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_heights_are_those_of_the_highest_triangle_that_is_low_enough(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-1, 1, (12, 3, 3))
    vertices = tuple(map(tuple, corners.reshape(-1, 3).tolist()))
    ground = Ground(vertices=vertices, triangles=tuple((3 * k, 3 * k + 1, 3 * k + 2) for k in range(12))).validate()
    places, below = rng.uniform(-1, 1, (300, 2)), rng.uniform(-1, 1, 300)
    found = GroundHeights(ground).at(np.zeros(300), places, below)
    for place, limit, height in zip(places, below, found, strict=True):
        candidates = []
        for a, b, c in corners:
            share = np.linalg.lstsq(np.stack([b - a, c - a], 1)[[0, 2]], place - a[[0, 2]], rcond=None)[0]
            y = a[1] + share @ [b[1] - a[1], c[1] - a[1]]
            if share.min() >= 0 and share.sum() <= 1 and y <= limit:
                candidates.append(y)
        assert height == pytest.approx(max(candidates, default=0.0), abs=1e-6)


def test_heights_over_time_count_where_there_is_no_mesh():
    levels = FloorLevel((1.0, 3.0), 0.5), FloorLevel((2.0, 9.0), 0.2)
    heights = GroundHeights(Ground(levels))
    found = heights.at(np.array([0.5, 1.0, 2.0, 9.0]), np.zeros((4, 2)), np.zeros(4))
    assert found.tolist() == [0.0, 0.5, 0.2, 0.0]


def test_a_foot_on_a_slope_is_tilted_with_it_and_not_moved():
    hold = find_foothold(lambda places: 0.2 * places[:, 1], np.array([0.3, 1.0]), 0.0, LENGTH)
    assert np.abs(hold.shift).max() == 0 and hold.height == pytest.approx(0.2)
    normal = hold.rotation @ [0, 1, 0]
    assert normal == pytest.approx(np.array([0, 1, -0.2]) / np.hypot(1, 0.2))


@pytest.mark.parametrize("place", np.linspace(-0.4, 0.3, 36))
def test_no_foot_stands_in_a_riser_or_hangs_half_over_an_edge(place):
    """Whatever the ankle's place before a riser, the foot stands on one tread and little of it beside."""
    hold = find_foothold(step(0.0), np.array([0.0, place]), 0.0, LENGTH)
    assert np.linalg.norm(hold.shift) <= FARTHEST_SHIFT + 1e-9 and np.allclose(hold.rotation, np.eye(3))
    sole = place + hold.shift[1] + np.linspace(-0.05, LENGTH + 0.055, 25)
    ground = step(0.0)(np.stack([0 * sole, sole], 1))
    assert ground.max() <= hold.height + 1e-9, "nothing stands out of the ground into the foot"
    assert (np.abs(ground - hold.height) < 0.01).mean() >= 0.5


def test_options_carry_ground_and_seats_through_json():
    options = Options(ground=Ground((FloorLevel((0.0, 1.0), 0.3),), SLOPE.vertices, SLOPE.triangles),
                      seats=(Seat((1.0, 2.0), 0.45), Seat((3.0, 4.0), 0.5, (1.0, 2.0))))  # fmt: skip
    for ground in (options.ground, Ground(found=True)):
        said = replace(options, ground=ground)
        assert options_from_json(json.loads(json.dumps(options_to_json(said)))) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "the ground should be an object"),
        ({"mesh": 1}, "the ground: 'mesh' is not known"),
        ({"vertices": [[0, 0]]}, "each of the ground's vertices should be a list of 3 numbers"),
        ({"vertices": [[0, 0, 1e9]]}, "the ground's vertices should be numbers between"),
        ({"vertices": [[0, 0, 0]], "triangles": [[0, 0, 1]]}, "should be numbers of its 1 vertices"),
        ({"vertices": [[0, 0, 0]], "triangles": [[0, 0, 0.5]]}, "triangles should be whole numbers"),
        ({"levels": [{"seconds": [0, 1]}]}, "level 1: lacks its height"),
        ({"levels": [{"seconds": [0, 1], "height": "x"}]}, "level 1: its height is x"),
        ({"vertices": "abc"}, "vertices should be a list of at most"),
        ({"vertices": [["a", 0, 0]]}, "each of the ground's vertices"),
        ({"vertices": [[float("nan"), 0, 0]]}, "the ground's vertices should be numbers between"),
    ],
)
def test_ground_that_is_none_is_refused_in_one_line(content, said):
    with pytest.raises(InputError, match=said) as error:
        ground_from_json(content)
    assert "\n" not in str(error.value)


def test_files_of_ground_and_seats_hold_these_and_nothing_else(tmp_path):
    path = tmp_path / "ground.json"
    path.write_text('{"ground": {"levels": [{"seconds": [1, 2], "height": 0.2}]}}')
    assert load_ground(path) == Ground((FloorLevel((1, 2), 0.2),))
    with pytest.raises(InputError, match=r"ground.json: should hold 'seats' and nothing else"):
        load_seats(path)
    path.write_text('{"seats": [{"seconds": [1, 2], "height": 0.45}]}')
    assert load_seats(path) == (Seat((1, 2), 0.45),)


@pytest.mark.parametrize("content", ["null", "{}", '{"levels": [], "triangles": []}'])
def test_a_file_that_says_nothing_of_the_ground_is_refused(tmp_path, content):
    path = tmp_path / "ground.json"
    path.write_text(f'{{"ground": {content}}}')
    with pytest.raises(InputError, match=r"ground.json: there is nothing in its 'ground'; expected something"):
        load_ground(path)


@pytest.mark.parametrize("what", ["ground", "seats"])
def test_ground_and_seats_need_refinement(what):
    given = {"ground": Ground(), "seats": (Seat((0.0, 1.0), 0.4),)}[what]
    with pytest.raises(InputError, match="by refinement, and the refinement is 0"):
        Options(refinement=0, **{what: given}).validate()


def test_who_is_low_and_still_sits_and_who_bends_or_crouches_does_not():
    rest = np.zeros((22, 3))
    rest[15, 1], rest[10, 1] = 1.5, 0.0
    rest[0, 1] = 0.9
    heads, pelvis = np.zeros((400, 3)), np.zeros((400, 3))
    heads[:, 1], pelvis[:, 1] = 1.5, 0.9
    heads[100:300, 1], pelvis[100:300, 1] = 1.15, 0.6
    ((first, last),) = find_sitting(heads, pelvis, rest, 60.0)
    assert 100 <= first < 130 and 270 < last <= 300
    assert not find_sitting(heads, pelvis * 0 + [0, 0.9, 0], rest, 60.0), "who bends keeps the pelvis up"
    heads[:, 2] = np.arange(400) * 0.01
    assert not find_sitting(heads, pelvis, rest, 60.0), "who moves does not sit"
