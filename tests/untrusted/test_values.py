"""Numbers and words where they enter: calibrations, tables, options, command lines. Each wrong one is one line."""

import argparse
import json
from dataclasses import asdict

import numpy as np
import pytest

from threepoint.model_core.calibration import Calibration, calibration_to_json, load, preset_offsets
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.command_line.animate_arguments import known_pose, table_options, tracker_names
from threepoint.model_core.command_line.parser import fraction, frame_rate, positive_count, time_range
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import note_from_json
from threepoint.model_core.options import KnownPose, Options, options_from_json
from threepoint.model_core.recordings.tables.layouts import Layouts
from threepoint.model_core.recordings.tables.options import TableOptions
from threepoint.model_core.shown import one_line, printable
from threepoint.model_core.untrusted import values
from threepoint.model_core.untrusted.json_text import parse_json
from threepoint.tools.support.animate_options import parse

DIGITS = "9" * 400
NOT_NUMBERS = ["NaN", "Infinity", "-Infinity", DIGITS, "-" + DIGITS, "1e308", "-1e30", '"x"', "true", "{}", "[]"]
NOT_NUMBERS += ["null"]
NO_OPTIONS = ["", "5", "null", '"x"', "[]", "[" * 100_000, '{"columns":' * 30_000, '{"fps": ' + DIGITS + "}"]
NO_OPTIONS += ['{"columns": {"head": 5}}', '{"columns": [1]}', '{"columns": {"time": ["t"]}}']


def assert_one_line(error):
    message = str(error.value)
    assert message.isprintable() and 0 < len(message) <= 400, message


def calibration_text():
    offsets = {"head": head_offset(1.0), **preset_offsets("grip")}
    return json.dumps(calibration_to_json(Calibration(np.zeros(10), 0.0, offsets, (), 0.05)))


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("place", ["floor", "betas", "stature_error", "position", "rotation_wxyz", "offsets", "notes"])
def test_a_calibration_with_one_wrong_value_is_refused(tmp_path, place, value):
    if (place, value) in {("stature_error", "null"), ("notes", "[]")}:
        return  # These are right.
    content = json.loads(calibration_text())
    if place == "betas":
        content["betas"][3] = "HERE"
    elif place in ("position", "rotation_wxyz"):
        content["offsets"]["left_hand"][place][0] = "HERE"
    else:
        content[place] = "HERE"
    (tmp_path / "me.json").write_text(json.dumps(content).replace('"HERE"', value))
    with pytest.raises(InputError) as error:
        load(tmp_path / "me.json")
    assert_one_line(error)
    assert str(error.value).startswith("me.json: ")


@pytest.mark.parametrize(
    "change",
    [
        {"betas": [0.0] * 9}, {"betas": [50.0] + [0.0] * 9}, {"floor": 1e30}, {"stature_error": -0.1}, {"offsets": {}},
        {"offsets": {"tail": {"rotation_wxyz": [1, 0, 0, 0], "position": [0, 0, 0]}}}, {"format": "another"},
        {"offsets": {"head": {}}}, {"notes": {"a": 1}}, {"notes": 5},
    ],
)  # fmt: skip
def test_impossible_calibrations_are_refused(tmp_path, change):
    (tmp_path / "me.json").write_text(json.dumps({**json.loads(calibration_text()), **change}))
    with pytest.raises(InputError) as error:
        load(tmp_path / "me.json")
    assert_one_line(error)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "1" * 5000, "null", "[1]", '{"a":' * 30_000, "\x00", "{"])
def test_what_is_no_calibration_is_refused(tmp_path, text):
    (tmp_path / "me.json").write_text(text)
    with pytest.raises(InputError) as error:
        load(tmp_path / "me.json")
    assert_one_line(error)


def test_calibrations_in_other_encodings_are_read(tmp_path):
    (tmp_path / "me.json").write_bytes(calibration_text().encode("utf-16"))
    assert load(tmp_path / "me.json").stature_error == 0.05


def test_notes_from_elsewhere_are_shown_and_steer_nothing():
    for content in ("\ud800", "\x1b]0;owned\x07\x1b[2J", {"code": "person"}, {"code": "person", "values": 5}, {}, None,
                    {"code": "clock_coarse", "values": {"step": "\x1b"}}, [1], {"code": ["x"]}):  # fmt: skip
        text = str(note_from_json(content))
        assert text.isprintable() and text.encode("utf-8")


@pytest.mark.parametrize("name", [field for field in asdict(TableOptions())])
@pytest.mark.parametrize("value", [5, [1], {"a": {"b": 1}}, "\ud800x" * 99, float("nan"), -1.0, 1e-300, True])
def test_wrong_options_of_a_table_are_refused(tmp_path, name, value):
    (tmp_path / "t.json").write_text(json.dumps({name: value}))
    if name == "fps" and value == 5:
        return
    with pytest.raises(InputError) as error:
        table_options(str(tmp_path / "t.json"))
    assert_one_line(error)


@pytest.mark.parametrize("text", NO_OPTIONS)
def test_what_is_no_table_option_is_refused_and_no_kept_layout_either(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(InputError) as error:
        table_options(str(tmp_path / "t.json"))
    assert_one_line(error)
    layouts = Layouts(tmp_path / "kept")
    kept = layouts.save(["a", "b"], TableOptions(fps=90.0))
    assert layouts.find(["a", "b"]) == TableOptions(fps=90.0)
    for content in (text, '{"options": ' + (text or "null") + "}"):
        kept.write_text(content)
        with pytest.raises(InputError, match="delete it"):
            layouts.find(["a", "b"])


@pytest.mark.parametrize(
    "change",
    [
        {"stature": float("nan")}, {"stature": 6.49}, {"stature": "1.7"}, {"floor": float("nan")}, {"floor": 1e300},
        {"floor": True}, {"seed": 10**40}, {"seed": -1}, {"seed": 1.5}, {"take": 10**20}, {"take": -1},
        {"refinement": float("nan")}, {"refinement": "all"}, {"preset": "nonsense"}, {"preset": 5}, {"device": "tpu"},
        {"device": None}, {"pose": {"kind": "q"}}, {"pose": {"kind": "t", "second": float("inf")}}, {"pose": 7},
        {"pose": {"kind": "a"}}, {"uncertainty": "yes"}, {"speed": 3},
    ],
)  # fmt: skip
def test_impossible_options_are_refused(change):
    with pytest.raises(InputError) as error:
        options_from_json(change)
    assert_one_line(error)


def test_sound_options_pass():
    assert Options(stature=1.7, floor=-0.2, seed=7, take=3, pose=KnownPose("a", 3.5)).validate().seed == 7
    assert options_from_json({"stature": 2, "pose": {"kind": "t"}}).stature == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--floor", "nan"], ["--floor", "inf"], ["--floor", "1e300"], ["--stature", "nan"], ["--stature", DIGITS],
        ["--seed", DIGITS], ["--seed", "1.5"], ["--takes", "0"], ["--takes", "9" * 5000], ["--fps", "nan"],
        ["--refinement", "nan"], ["--pose", "t=nan"], ["--pose", "a=x"], ["--trackers", "head=head,left=head"],
        ["--trackers", "head=head,head=left_hand"], ["--table", "columns=x"], ["--table", "fps=1e-300"],
        ["--run", "9" * 5000], ["--preview-part", "nan:inf"], ["--table", "convention=\x1b[2J"],
    ],
)  # fmt: skip
def test_words_of_a_command_line_are_refused(tmp_path, words):
    with pytest.raises(InputError) as error:
        parse(["a.csv", "--report", *words], None)
    assert_one_line(error)


@pytest.mark.parametrize("convert", [frame_rate, fraction, positive_count, time_range, known_pose, tracker_names])
@pytest.mark.parametrize("text", ["", "nan", "\ud800", "1e999", "٣x", "-5", DIGITS, "a:b:c", "=", "\x00"])
def test_arguments_are_refused_by_the_parser(convert, text):
    try:
        convert(text)
    except (InputError, argparse.ArgumentTypeError) as error:
        assert one_line(error).isprintable()
    else:
        assert (convert, text) == (positive_count, "٣")


def test_names_are_shown_escaped_and_on_one_line():
    assert printable("plain ä 手") == "plain ä 手"
    assert printable("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"
    assert printable("\ud800\u202e") == "\\ud800\\u202e"
    assert len(printable("x" * 10_000)) <= 120
    assert one_line("a\nb\tc\x00") == "a b c\\x00"
    assert str(InputError("bad\n\x1b[31m" + "y" * 5000)).startswith("bad \\x1b[31myyy")
    with pytest.raises(InputError):
        parse_json("[" * 100_000, "deep.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "1", None, True, [], 3.0])
def test_the_validator_itself(value):
    with pytest.raises(InputError, match="expected a number between 0 and 1"):
        values.number(value, "it", values.FRACTION)
    with pytest.raises(InputError):
        values.vector([0, value], "it", 2, values.FRACTION)
