"""How sure a height is: errors made of people who moved alike, counted by person, and what is said of it."""

import importlib
import json

import numpy as np
import pytest

from threepoint.model_core.calibration import load, save
from threepoint.model_core.calibration.height import (
    ERRORS,
    ErrorSamples,
    error_density,
    height_evidence,
    load_error_samples,
)
from threepoint.model_core.calibration.person import SURE, stature_note
from threepoint.model_core.calibration.posture import TRAITS, estimate_height, load_networks
from threepoint.model_core.calibration.stature import STATURES, estimate
from threepoint.tests.calibrating import calibrate, calibrate_at

simulate_devices = importlib.import_module("threepoint.tools.simulation.devices")
STEP = ERRORS[1] - ERRORS[0]
WALK, DANCE = np.zeros(len(TRAITS)), np.full(len(TRAITS), 3.0)


def crowd(people=8, stretches=10):
    """ErrorSamples half of whom walked and were judged well, while half danced and were taken for 20% shorter."""
    rng = np.random.default_rng(0)
    traits, errors, whose = [], [], []
    for number in range(people):
        dances = number % 2
        traits.append(rng.normal(DANCE if dances else WALK, 0.2, (stretches, len(TRAITS))))
        errors.append(rng.normal(-0.2 if dances else 0.0, 0.005, stretches))
        whose.append(np.full(stretches, number))
    return ErrorSamples(np.concatenate(traits), np.concatenate(errors), np.concatenate(whose))


def spread(density):
    """Mean and standard deviation of a density of errors."""
    mean = (density * ERRORS).sum() * STEP
    return mean, np.sqrt((density * (ERRORS - mean) ** 2).sum() * STEP)


@pytest.mark.parametrize("traits", [WALK, DANCE, np.full(len(TRAITS), np.nan), np.full(len(TRAITS), 50.0)])
def test_errors_are_a_distribution_whatever_is_seen(traits):
    density = error_density(traits, crowd())
    assert (density >= 0).all() and density.sum() * STEP == pytest.approx(1, abs=1e-3)


def test_who_moves_like_people_that_were_judged_well_is_sure_and_who_moves_like_nobody_is_not():
    samples = crowd()
    alike, unlike = (spread(error_density(t, samples)) for t in (WALK, 4 * (-1.0) ** np.arange(len(TRAITS))))
    assert abs(alike[0]) < 0.03 and alike[1] < 0.8 * unlike[1]
    assert spread(error_density(DANCE, samples))[0] < -0.15


def test_one_person_captured_at_length_is_still_one():
    few = crowd()
    mine = few.people == 0
    often = ErrorSamples(
        np.concatenate([few.traits, *[few.traits[mine]] * 20]),
        np.concatenate([few.errors, *[few.errors[mine] + 0.1] * 20]),
        np.concatenate([few.people, *[few.people[mine]] * 20]),
    )
    near = np.abs(ERRORS - 0.1) < 0.03
    share = error_density(WALK, often)[near].sum() * STEP
    assert 0.1 < share < 0.4  # of four people who walk, and a little of everybody


def judged(traits, errors):
    """ErrorSamples of ten people whose traits all are these, nearly, and whose heights were found with these errors."""
    rng = np.random.default_rng(0)
    everybody = np.vstack([traits + rng.normal(0, 0.01, (50, len(TRAITS))), traits + 1.0, traits - 1.0])
    return ErrorSamples(everybody, np.concatenate([errors * rng.normal(size=50), [0.0, 0.0]]), np.arange(52) % 10)


HEAD_RATIO = 0.87
NO_REACH = np.zeros(len(STATURES))


def stature_by(inputs, log_heights, samples):
    """The stature of somebody whose head alone shows it."""
    evidence = height_evidence(inputs, log_heights, samples=samples)
    return estimate(evidence, 1.6, NO_REACH, HEAD_RATIO, True).stature


def test_a_height_is_as_sure_as_those_of_people_alike_were_right():
    inputs, log_heights = np.zeros((50, 12)), np.full(50, np.log(1.45))
    _, traits = estimate_height(inputs, log_heights, load_networks())
    right, wrong = (stature_by(inputs, log_heights, judged(traits, e)) for e in (0.005, 0.05))
    assert right.error < 0.02 and 0.04 < wrong.error < 0.1
    assert wrong.low < right.low < right.value < right.high < wrong.high
    assert right.value == pytest.approx(wrong.value, abs=0.02)


def test_samples_who_were_judged_rightly_leave_a_height_where_it_is():
    inputs, log_heights = np.zeros((50, 12)), np.full(50, np.log(1.45))
    found, traits = estimate_height(inputs, log_heights, load_networks())
    value = stature_by(inputs, log_heights, judged(traits, 0.0)).value
    assert value == pytest.approx(np.exp(found) / HEAD_RATIO, abs=1e-3)


def test_the_samples_that_come_with_us_are_many_people_with_errors_on_both_sides():
    kept = load_error_samples()
    assert kept.traits.shape == (len(kept.errors), len(TRAITS)) and len(np.unique(kept.people)) > 15
    assert abs(np.median(kept.errors)) < 0.01 and np.percentile(np.abs(kept.errors), 90) > 0.03


def test_a_stature_that_is_hardly_known_is_called_a_guess_and_says_what_helps():
    sure, guess = str(stature_note(1.7, SURE)), str(stature_note(1.7, 0.06))
    assert "give or take 2.0 cm" in sure and "warning" not in sure
    assert "how tall the person is, is a guess: 1.70 m ± 6 cm" in guess and "T-pose" in guess
    assert guess.endswith("give the person's height (--stature)")
    assert "--" not in stature_note(1.7, 0.06).text()  # In a window.


def test_who_sits_is_of_a_height_that_is_a_guess(make_recording, body):
    found = calibrate(make_recording(5.0, move=(0, -0.42, 0)), body)
    assert found.stature_error > SURE and any(note.code == "stature_uncertain" for note in found.notes)


def test_what_is_given_or_measured_has_no_error(make_recording, make_clip, body):
    assert calibrate(make_recording(3.0), body, stature=1.6).stature_error is None
    simulation = simulate_devices.simulate(make_clip(60), body, np.random.default_rng(0))
    found = calibrate_at(simulation.recording, body, 1.0)
    assert found.stature_error is None and [note.code for note in found.notes] == ["person_in_pose"]


def test_how_sure_a_stature_is_is_kept_with_the_calibration(make_recording, body, tmp_path):
    for stature in (None, 1.7):
        found = calibrate(make_recording(3.0), body, stature=stature)
        save(tmp_path / "me.json", found)
        assert load(tmp_path / "me.json").stature_error == found.stature_error


def test_a_calibration_of_an_older_version_is_read(make_recording, body, tmp_path):
    save(tmp_path / "me.json", calibrate(make_recording(3.0), body))
    content = json.loads((tmp_path / "me.json").read_text())
    del content["stature_error"]
    (tmp_path / "me.json").write_text(json.dumps(content))
    assert load(tmp_path / "me.json").stature_error is None


def test_simulated_devices_are_told_with_how_many_are_sure():
    row = {"no pose: within sigma": 1.0, "no pose: within 90%": 1.0}
    rows = [row | {"no pose, sure: stature": 0.01}, row | {"no pose, sure: stature": 0.03}, row, row]
    rows[3] = {"no pose: within sigma": 0.0, "no pose: within 90%": 1.0}
    lines = simulate_devices.stature_uncertainty(rows)
    assert "in 2 of 4 clips" in lines[0] and "50% within 2 cm" in lines[1]
    assert "one sigma in 75%" in lines[2] and "90% interval in 100%" in lines[2]
    assert len(simulate_devices.stature_uncertainty(rows[2:])) == 2
