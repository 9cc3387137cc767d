"""``animate --table``: what a header leaves open can be given, and is remembered."""

import json

import numpy as np
import pytest

from threepoint.model_core.command_line.reading import read_recording
from threepoint.model_core.errors import InputError
from threepoint.tools.support.animate_options import parse


@pytest.fixture
def table(make_recording, tmp_path, monkeypatch):
    """A table whose columns are named by nobody's rules."""
    monkeypatch.setenv("THREEPOINT_CONFIG", str(tmp_path / "config"))
    head = make_recording(2.0).tracks["head"]
    rows = np.column_stack([np.arange(len(head.position)), head.position, head.rotation])
    names = ["n", *(f"c{i}" for i in range(7))]
    np.savetxt(tmp_path / "lab.csv", rows, "%.6f", ",", header=",".join(names), comments="")
    mapping = {"columns": {"head": names[1:]}, "fps": 72, "convention": "openxr"}
    (tmp_path / "lab.json").write_text(json.dumps(mapping))
    return tmp_path / "lab.csv", tmp_path / "lab.json"


def options(path, *more):
    return parse([str(path), "--report", *map(str, more)], "")


def test_given_columns_are_remembered_by_the_header(table, capsys):
    path, mapping = table
    with pytest.raises(InputError, match="no recognisable columns of a head"):
        read_recording(path, options(path))
    told = read_recording(path, options(path, "--table", mapping, "--keep-table"))
    assert told.duration == pytest.approx(2.0) and "kept for tables" in capsys.readouterr().out
    again = read_recording(path, options(path))
    np.testing.assert_array_equal(again.tracks["head"].position, told.tracks["head"].position)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("speed=3", "'speed' is not known of tables; it can be time_unit, fps"),
        ("nowhere.json", "nowhere.json: no such file"),
        ("columns=x", "columns can only be named in a JSON file"),
        ("fps=fast", "fps is 'fast'; expected a number between 0.1 and 10000 samples a second"),
    ],
)
def test_what_cannot_be_said_of_a_table_is_refused(table, said, message):
    with pytest.raises(InputError, match=message):
        options(table[0], "--table", said)


def test_nothing_cannot_be_kept(table):
    with pytest.raises(InputError, match="--keep-table keeps what --table says"):
        read_recording(table[0], options(table[0], "--keep-table"))
