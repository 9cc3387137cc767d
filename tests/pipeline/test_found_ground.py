"""Ground that is found: steps that head and hands show are reported, and feet can be put on them."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.calibration import Calibration, preset_offsets
from threepoint.model_core.calibration.levels import SAME_LEVEL
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.command_line.direction_files import FOUND, load_ground
from threepoint.model_core.direction.ground import FloorLevel, Ground, GroundHeights
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.skeleton import TOES
from threepoint.model_core.pipeline import Options, calibrate_on_ground, model_frame
from threepoint.model_core.pipeline.ground import level_notes
from threepoint.tools.simulation.directed_recordings import DEVICE, FPS, RISE, TREADS, climbing, sitting


@pytest.fixture(scope="module")
def climb(body):
    return climbing(body)


@pytest.fixture(scope="module")
def known(body):
    """Options of a person whose size and devices are known, and ground that is to be found."""
    size = float(body.size(np.zeros(10)))
    offsets = {"head": head_offset(size), **preset_offsets(DEVICE, size)}
    return Options(calibration=Calibration(np.zeros(10), 0.0, offsets), ground=Ground(found=True))


def test_stairs_are_found_as_high_as_they_are(climb, known):
    placed, _, options = calibrate_on_ground(model_frame(climb.recording), known)
    assert options.ground is not None and not options.ground.found
    seconds = np.arange(len(climb.joints)) / FPS
    found = GroundHeights(options.ground).at(seconds, np.zeros((len(seconds), 2)), np.zeros(len(seconds)))
    under = climb.joints[:, list(TOES), 1].mean(1)
    assert (found[seconds < 2] == 0).all()
    assert np.abs(found[-90:] - TREADS * RISE).max() < 0.03, "on the landing"
    assert np.abs(found - under).max() < 0.16 and np.abs(found - under).mean() < 0.06, "on the way a tread at most"
    lowered, before = placed.tracks["head"].position[:, 1], climb.recording.tracks["head"].position[:, 1]
    assert np.ptp(before) > 0.8 * TREADS * RISE and np.ptp(lowered) < 0.25, "what is left is the bending of knees"


def test_what_is_found_is_said_also_where_it_is_not_used(climb, known):
    for options in (known, replace(known, ground=None)):
        _, calibration, _ = calibrate_on_ground(model_frame(climb.recording), options)
        notes = [note for note in calibration.notes if note.code == "stands_higher"]
        assert abs(notes[-1].values["cm"] - 100 * TREADS * RISE) < 3 and "cm above the floor" in str(notes[-1])
        again = replace(options, calibration=calibration)
        repeated = calibrate_on_ground(model_frame(climb.recording), again)[1].notes
        assert repeated == calibration.notes, "a calibration that is kept does not say it twice"


def test_on_a_flat_floor_nothing_is_found_said_or_moved(known, body, make_recording):
    for recording in (sitting(body).recording, make_recording(5.0)):
        level = model_frame(recording)
        placed, calibration, options = calibrate_on_ground(level, known)
        assert placed is level and options.ground is None
        assert not [note for note in calibration.notes if note.code == "stands_higher"]


def test_heights_that_are_given_are_not_said_to_be_found(climb, known):
    given = replace(known, ground=Ground((FloorLevel((5.0, 99.0), TREADS * RISE),)))
    _, calibration, options = calibrate_on_ground(model_frame(climb.recording), given)
    assert options.ground == given.ground
    assert not [note for note in calibration.notes if note.code == "stands_higher"]


def test_one_note_says_how_long_a_height_is_stayed_on():
    levels = FloorLevel((1.0, 3.0), 0.3), FloorLevel((3.0, 3.1), 0.2), FloorLevel((5.0, 99.0), 0.3)
    (note,) = level_notes(levels, 6.0)
    assert note.values == {"cm": 30.0, "seconds": 3.0, "first": 1.0}, "what is passed in less than a step is no stay"


def test_stays_on_the_same_thing_have_one_height(climb, known):
    _, _, options = calibrate_on_ground(model_frame(climb.recording), known)
    stays = {level.height for level in options.ground.levels if np.diff(level.seconds) > 0.4}
    assert all(abs(one - other) > SAME_LEVEL / 2 for one in stays for other in stays if one != other)


def test_the_command_line_names_it_in_a_files_place():
    assert load_ground(FOUND) == Ground(found=True)


@pytest.mark.parametrize("ground", [Ground((FloorLevel((0.0, 1.0), 0.3),), found=True), Ground(found="yes")])
def test_ground_is_found_or_given(ground):
    with pytest.raises(InputError, match="found"):
        Options(ground=ground).validate()
