"""Pins as values: from JSON and back, and refused in one line where they are wrong."""

import json
from dataclasses import replace

import pytest

from threepoint.model_core.command_line.direction_files import load_pins
from threepoint.model_core.errors import InputError
from threepoint.model_core.pins import PIN_JOINTS, Pin, pins_from_json, pins_to_json
from threepoint.model_core.pipeline import Options, options_from_json, options_to_json

FOOT = Pin("left_ankle", (0.5, 1.0), ((0.1, 0.1, 0.0), (0.2, 0.1, 0.0)), between=True, reach=0.5)
TURNED = Pin("pelvis", (2.0,), ((0.0, 0.9, 0.0),), ((1.0, 0.0, 0.0, 0.0),), hard=False)


def test_every_role_is_a_joint_of_its_own():
    assert len(set(PIN_JOINTS.values())) == len(PIN_JOINTS)


def test_pins_survive_json_and_travel_with_the_options():
    sent = json.loads(json.dumps(options_to_json(Options(pins=(FOOT, TURNED)))))
    assert options_from_json(sent).pins == (FOOT, TURNED)
    assert options_from_json({}).pins == ()


def test_what_has_a_default_may_be_left_out():
    assert pins_from_json([{"role": "chest", "seconds": [1], "positions": [[0, 1, 0]]}]) == (
        Pin("chest", (1,), ((0, 1, 0),)),
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"role": "tail"}, "role"),
        ({"seconds": ()}, "seconds"),
        ({"seconds": (1.0, 0.5)}, "grow"),
        ({"seconds": (-1.0, 0.5)}, "between 0"),
        ({"seconds": (0.5, float("nan"))}, "nan"),
        ({"positions": ((0.0, 0.0, 0.0),)}, "1 positions for 2 seconds"),
        ({"positions": ((0.0, 0.0), (0.0, 0.0))}, "3 numbers"),
        ({"positions": ((0.0, 0.0, 1e9), (0.0, 0.0, 0.0))}, "metres"),
        ({"rotations": ((0.5, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))}, "unit quaternions"),
        ({"reach": 0.0}, "reach"),
        ({"hard": 1}, "true or false"),
    ],
)
def test_a_wrong_pin_is_refused_in_a_line_that_says_what_is_wrong(wrong, said):
    with pytest.raises(InputError, match=said) as refusal:
        Options(pins=(replace(FOOT, **wrong),)).validate()
    assert "\n" not in str(refusal.value)


def test_pins_without_refinement_are_refused():
    with pytest.raises(InputError, match="refinement is 0"):
        Options(pins=(FOOT,), refinement=0.0).validate()


def test_a_file_of_pins_is_read(tmp_path):
    path = tmp_path / "pins.json"
    path.write_text(json.dumps({"pins": pins_to_json([FOOT, TURNED])}))
    assert load_pins(path) == (FOOT, TURNED)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "object with names"),
        ("{}", "'pins'"),
        ('{"pins": 3}', "list"),
        ('{"pins": []}', "nothing in its 'pins'; expected something, or no --pins"),
        (
            json.dumps(
                {"pins": [*pins_to_json([FOOT, TURNED]), {"role": "tail", "seconds": [1], "positions": [[0, 1, 0]]}]}
            ),
            "pin 3: a pin's role",
        ),
        ('{"pins": [], "more": 1}', "nothing else"),
        ('{"pins": [{"role": "chest", "seconds": [1]}]}', "pin 1: lacks its positions"),
        ('{"pins": [{"role": "chest", "seconds": [1], "positions": [[0, 1, 0]], "weight": 2}]}', "'weight'"),
        ('{"pins": [{"role": "chest", "seconds": 1, "positions": [[0, 1, 0]]}]}', "list"),
        ('{"pins": [{"role": "chest", "seconds": [1], "positions": [[0, 1, null]]}]}', "expected a number"),
        ('{"pins": [', "JSON"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line_that_names_it(tmp_path, content, said):
    path = tmp_path / "pins.json"
    path.write_text(content)
    with pytest.raises(InputError, match=said) as refusal:
        load_pins(path)
    assert "pins.json" in str(refusal.value) and "\n" not in str(refusal.value)
