"""Fingers: made of positions alone, the same for every device's axes, place and size of hand."""

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.body.fingers import hand_points, rotations_of
from threepoint.model_core.geometry.hand import (
    FINGER_COUNT,
    FINGERS,
    HANDS,
    KNUCKLES,
    THUMB_HINGE,
    bone_frames,
    finger_rotations,
    hand_frame,
    turned_frames,
)
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_quaternion,
    quaternion_to_matrix,
)

BETAS = np.zeros(10)


@pytest.fixture(scope="module", params=HANDS)
def hand(request):
    """The hand, and the default body's points of it at rest."""
    return request.param, hand_points(load_body(), BETAS, request.param)


def curled(points, hand, angle):
    """The points of a hand whose every joint bends by ``angle`` about its hinge, and these rotations (15, 3, 3)."""
    frame, bent, turns = hand_frame(points, hand), points.copy(), []
    for finger in FINGERS:
        first, world, place = KNUCKLES[finger], np.eye(3), points[KNUCKLES[finger]]
        hinge = frame @ (THUMB_HINGE[hand] if finger == "thumb" else np.array([1.0, 0, 0]))
        for segment in range(3):
            turns.append(axis_angle_to_matrix(-angle * hinge))
            world = world @ turns[-1]
            place = place + world @ (points[first + segment + 1] - points[first + segment])
            bent[first + segment + 1] = place
    return bent, np.stack(turns)


def test_a_hand_at_rest_is_turned_nowhere(hand):
    name, points = hand
    turned = finger_rotations(bone_frames(points, name), points, name)
    assert np.abs(turned - [1, 0, 0, 0]).max() < 1e-6


@pytest.mark.parametrize("angle", [0.3, 0.9])
def test_bent_fingers_give_their_angles_wherever_the_hand_is_and_however_large(hand, angle):
    name, points = hand
    bent, wanted = curled(points, name, angle)
    moved = 1.3 * bent @ axis_angle_to_matrix(np.array([0.4, -1.1, 2.0])).T + [5.0, -3, 1]
    found = quaternion_to_matrix(finger_rotations(bone_frames(moved, name), points, name))
    ends = [curled_ends(points, name, turns) for turns in (found, wanted)]
    assert np.abs(ends[0] - ends[1]).max() < 1e-4


def curled_ends(points, hand, turns):
    """Where joints and tips are with these rotations (15, 3, 3)."""
    ends = []
    for number, finger in enumerate(FINGERS):
        first, world, place = KNUCKLES[finger], np.eye(3), points[KNUCKLES[finger]]
        for segment in range(3):
            world = world @ turns[3 * number + segment]
            place = place + world @ (points[first + segment + 1] - points[first + segment])
            ends.append(place)
    return np.array(ends)


def test_left_and_right_mirror_each_other():
    body = load_body()
    points = {name: hand_points(body, BETAS, name) for name in HANDS}
    bones = {name: matrix_to_quaternion(bone_frames(curled(points[name], name, 0.8)[0], name))[None] for name in HANDS}
    turned = {name: quaternion_to_matrix(found[0]) for name, found in rotations_of(body, BETAS, bones).items()}
    flip = np.diag([-1.0, 1, 1])
    assert turned["left_hand"].shape == (FINGER_COUNT, 3, 3)
    assert np.abs(flip @ turned["left_hand"] @ flip - turned["right_hand"]).max() < 0.02


def test_the_default_bodys_fingers_are_five_in_a_row():
    points = hand_points(load_body(), BETAS, "left_hand")
    for finger in FINGERS:
        steps = np.linalg.norm(np.diff(points[KNUCKLES[finger] : KNUCKLES[finger] + 4], axis=0), axis=-1)
        assert (steps > 0.01).all() and (steps < 0.05).all(), finger
    order = [points[KNUCKLES[finger], 2] for finger in ("thumb", "index", "middle", "ring", "pinky")]
    assert (np.diff(order) < 0).all()


def test_shares_of_the_hand_are_no_more_than_all_of_it():
    shares = load_body().finger_shares
    assert shares.min() >= 0 and shares.sum(1).max() <= 1 and (shares > 0).sum(1).max() <= 3


def test_frames_come_back_from_rotations(hand):
    side, rest = hand
    random = np.random.default_rng(2)
    turned = matrix_to_quaternion(axis_angle_to_matrix(random.normal(0, 0.6, (7, FINGER_COUNT, 3))))
    frames = turned_frames(turned, rest, side)
    again = finger_rotations(frames, rest, side)
    assert np.abs((again * turned).sum(-1)).min() > 1 - 1e-9
    np.testing.assert_allclose(
        turned_frames(np.eye(4)[[0] * FINGER_COUNT], rest, side), bone_frames(rest, side), atol=1e-9
    )
