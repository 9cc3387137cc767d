"""A person who climbs stairs and one who sits down on a chair: as the ground and the seat that are given are."""

import numpy as np
import pytest

from threepoint.model_core.body.foot_contacts import STANDING_SPEED
from threepoint.model_core.direction.contacts import GivenContact
from threepoint.model_core.direction.ground import FloorLevel, Ground
from threepoint.model_core.direction.seats import Seat
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.skeleton import FEET, HEAD
from threepoint.model_core.notes import Note
from threepoint.model_core.pins import Pin
from threepoint.model_core.pipeline import Options, animate, model_frame, on_level_ground
from threepoint.model_core.pipeline.seats import of_seats, sitting_notes
from threepoint.tools.simulation.directed_recordings import FPS, RISE, SEAT, TREADS, climbing, sitting, stairs
from threepoint.tools.simulation.ground import SEATED, joints_of, off_seat, off_treads


def speeds_in_contact(motion, joints):
    """Metres a second, from the frame before to the one after, of feet that are in contact."""
    feet = joints[:, FEET]
    return np.linalg.norm(np.gradient(feet, axis=0), axis=-1)[motion.contacts > 0] * motion.fps


def test_a_level_that_begins_after_the_recording_is_refused(body):
    placed = model_frame(climbing(body).recording)
    late = FloorLevel((placed.duration + 1.0, placed.duration + 2.0), 0.2)
    with pytest.raises(InputError, match="the ground's level from .* is outside the motion; expected a second between"):
        on_level_ground(placed, Ground((FloorLevel((0.0, 1.0), 0.2), late)))


def test_a_recording_on_stairs_is_lowered_to_a_flat_floor_and_only_once(body):
    made = climbing(body)
    placed = model_frame(made.recording)
    lowered = on_level_ground(placed, stairs())
    assert on_level_ground(placed, None) is placed and on_level_ground(lowered, stairs()) is lowered
    heights = lowered.tracks["head"].position[:, 1]
    assert np.ptp(placed.tracks["head"].position[:, 1]) > 0.8 * TREADS * RISE
    assert np.ptp(heights) < 0.25, "what is left is the bending of knees"
    assert heights[-1] == pytest.approx(heights[0], abs=0.05)


@pytest.mark.slow  # The only runs of the whole pipeline on ground: some four and ten seconds.
def test_feet_are_on_every_tread_within_a_centimetre(body, networks):
    made = climbing(body)
    motion = animate(made.recording, Options(ground=stairs(), uncertainty=False, device="cpu"), networks=networks)
    joints, _ = joints_of(motion, body)
    toes, inside, heights = off_treads(motion, body)
    assert toes < 0.01 and inside < 0.01
    assert heights == TREADS + 1, "the floor and every tread is stood on"
    assert speeds_in_contact(motion, joints).max() < STANDING_SPEED, "no foot is in contact that goes up a tread"
    truth = made.joints[np.rint(np.arange(len(joints)) * FPS / 60).astype(int), HEAD]
    assert np.linalg.norm(joints[:, HEAD] - truth, axis=-1).max() < 0.02
    assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < 0.12


@pytest.mark.slow
def test_who_sits_is_on_the_seat_within_three_centimetres(body, networks):
    seat = Seat(SEATED, SEAT)
    contact = GivenContact("left", (2.3, 4.3))
    options = Options(seats=(seat,), contacts=(contact,), uncertainty=False, device="cpu")
    motion = animate(sitting(body).recording, options, networks=networks)
    joints, _ = joints_of(motion, body)
    assert off_seat(motion, body) < 0.03
    left = joints[141:255, FEET[0]]
    assert np.linalg.norm(np.diff(left, axis=0), axis=-1).max() < 0.002, "the foot stands as it was given"
    knees = joints[140:256, [4, 5], 2] - joints[140:256, :1, 2]
    assert knees.min() > 0.2, "knees are ahead"
    assert (motion.contacts[140:256, [0, 2]] == 1).all()


def test_a_seat_that_is_out_of_reach_is_said_to_be_a_seat_and_a_pin_a_pin():
    pelvis, knee = (
        Note("pin_out_of_reach", {"role": role, "cm": 9.0, "second": 1.0}) for role in ("pelvis", "left knee")
    )
    seats, pins = (Seat((0.5, 2.0), 0.4),), (Pin("pelvis", (1.0,), ((0, 1, 0),)),)
    assert [note.code for note in of_seats((pelvis, knee), seats, ())] == ["seat_out_of_reach", "pin_out_of_reach"]
    assert of_seats((pelvis, knee), seats, pins) == of_seats((pelvis, knee), (), ()) == (pelvis, knee)


def test_who_sits_and_was_given_no_seat_is_said_to(body):
    joints = sitting(body).joints
    rest = body.rest_joints(np.zeros(10))
    at = np.rint(np.arange(int(len(joints) / FPS * 60)) * FPS / 60).astype(int)
    (note,) = sitting_notes(joints[at, HEAD], joints[at, 0], rest)
    assert note.code == "seems_to_sit" and 1.0 < note.values["first"] < 2.5
    assert abs(note.values["cm"] - 100 * SEAT) < 5 and 2.0 < note.values["seconds"] < 4.0
    assert not sitting_notes(joints[at[:60], HEAD], joints[at[:60], 0], rest)
