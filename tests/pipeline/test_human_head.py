"""Heads that turn as no neck does: the body stays human, and heads that people have stay as they are."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    geodesic_angle,
    quaternion_multiply,
    quaternion_to_matrix,
)
from threepoint.model_core.observation import FPS, heading
from threepoint.model_core.pipeline import Options, animate
from threepoint.model_core.pipeline.human_head import LARGEST_TILT, human_rotations
from threepoint.model_core.recordings import Track, read

FASTEST_JOINT = 20.0
"""Metres a second that no joint goes faster than, unless a tracker does."""
TIME = np.arange(240) / FPS


def turning(axis, angles):
    """A head (T, 3, 3) turned about one of its axes by ``angles`` (T,) radians."""
    return axis_angle_to_matrix(np.asarray(angles)[:, None] * np.eye(3)[axis])


def random_turns(seed):
    """A head that is thrown about: turns in all axes, of any speed."""
    random = np.random.default_rng(seed)
    speeds = random.uniform(-40, 40, 3) * (random.random(3) < 0.7)
    swings = random.uniform(0, 3, 3) * np.sin(np.outer(TIME, random.uniform(0, 12, 3)))
    return axis_angle_to_matrix(random.uniform(-np.pi, np.pi, 3)) @ axis_angle_to_matrix(
        np.outer(TIME, speeds) + swings
    )


INHUMAN = {
    "spun about the vertical": (1, 6 * np.pi * TIME),
    "somersaults": (0, 6 * np.pi * TIME),
    "spun like a wheel": (2, 20 * np.pi * TIME),
    "thrown back": (0, -np.radians(60 + 120 * np.abs(np.sin(2 * TIME)))),
    "pitched past the vertical": (0, np.radians(60 + 120 * np.abs(np.sin(2 * TIME)))),
    "to and fro where the heading leaps": (0, np.radians(128 + 10 * np.sin(12 * TIME))),
    "upside down": (2, np.pi + 0.1 * np.sin(9 * TIME)),
}
HUMAN = {
    "looking about": (1, 1.2 * np.sin(4 * TIME)),
    "shaken quickly": (1, 0.5 * np.sin(25 * TIME)),
    "nodding": (0, 0.6 * np.sin(8 * TIME)),
    "looking up and down": (0, np.radians(100) * np.sin(3 * TIME)),
    "turned at once with the room": (1, np.where(TIME < 2, 0, np.pi / 4)),
    "lying": (0, np.full(len(TIME), np.pi / 2)),
    "still": (1, np.zeros(len(TIME))),
}


def assert_human(shown):
    assert shown[:, 1, 1].min() > np.cos(LARGEST_TILT) - 1e-6
    np.testing.assert_allclose(shown @ shown.swapaxes(1, 2), np.broadcast_to(np.eye(3), shown.shape), atol=1e-6)
    turned = np.abs((np.diff(heading(shown)) + np.pi) % (2 * np.pi) - np.pi) * FPS
    assert turned.max() < 40


@pytest.mark.parametrize("case", INHUMAN)
def test_an_inhuman_head_is_shown_as_one_that_somebody_could_have(case):
    shown, differs = human_rotations(turning(*INHUMAN[case]))
    assert differs.any()
    assert_human(shown)


@pytest.mark.parametrize("case", HUMAN)
def test_a_head_that_somebody_could_have_stays_as_it_is_to_the_last_bit(case):
    rotations = turning(*HUMAN[case])
    shown, differs = human_rotations(rotations)
    assert shown is rotations and not differs.any()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_head_does_it_is_shown_upright_enough_and_turns_slowly(seed):
    shown, differs = human_rotations(random_turns(seed))
    assert shown[:, 1, 1].min() > np.cos(LARGEST_TILT) - 1e-6
    steps = geodesic_angle(shown[:-1], shown[1:]) * FPS
    assert steps[differs[1:] & differs[:-1]].max(initial=0) < 15


def test_a_head_is_human_again_soon_after():
    spun = np.where(TIME < 2, 6 * np.pi * TIME, 12 * np.pi)
    shown, differs = human_rotations(turning(1, spun))
    assert differs[60:115].mean() > 0.8 and not differs[-45:].any()
    np.testing.assert_array_equal(shown[-45:], turning(1, spun)[-45:])


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_short_recordings_are_shown_too(count):
    shown, differs = human_rotations(turning(0, np.full(count, np.pi)))
    assert len(shown) == count and differs.all()
    assert_human(np.concatenate([shown, shown]))


def test_real_heads_stay_as_they_are(shared):
    from threepoint.model_core.pipeline import model_frame
    from threepoint.model_core.recordings.resample import resample

    for path in sorted((shared / "hmd" / "bsor").glob("*.bsor"))[:6]:
        head = resample(model_frame(read(path)), FPS).tracks["head"]
        assert not human_rotations(quaternion_to_matrix(head.rotation))[1].any(), path.name


@pytest.mark.slow
@pytest.mark.parametrize("refinement", [0.0, 1.0], ids=["predicted", "refined"])
def test_no_joint_is_faster_than_any_tracker_and_it_is_said(make_recording, networks, body, refinement):
    recording = make_recording(1.0)
    upside_down = axis_angle_to_quaternion(np.array([0, 0, np.pi]))
    everything = {
        role: Track(track.position * [-1, -1, 1] + [0, 3.2, 0],
                    quaternion_multiply(np.broadcast_to(upside_down, track.rotation.shape), track.rotation),
                    track.valid)
        for role, track in recording.tracks.items()
    }  # fmt: skip
    motions = {"everything upside down": everything}
    for case, (axis, at) in list(INHUMAN.items())[:: 6 if refinement else 2]:  # Refining takes its time.
        angles = np.interp(recording.time, TIME, at)[:, None] * np.eye(3)[axis]
        head = replace(recording.tracks["head"], rotation=axis_angle_to_quaternion(angles))
        motions[case] = {**recording.tracks, "head": head}
    for case, tracks in motions.items():
        options = Options(body=body, device="cpu", uncertainty=False, refinement=refinement)
        motion = animate(replace(recording, tracks=tracks), options, networks=networks)
        rest = body.rest_joints(motion.betas)[:22]
        joints = forward_kinematics(quaternion_to_matrix(motion.rotations.astype(float)), motion.translation, rest)[1]
        assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * FPS < FASTEST_JOINT / 2, case
        assert "head_turns_inhumanly" in [note.code for note in motion.notes], case
