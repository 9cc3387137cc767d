"""Ground, seats and contacts on the command line of ``animate``."""

import json
from types import SimpleNamespace

import pytest

from threepoint.model_core.direction.contacts import GivenContact
from threepoint.model_core.direction.ground import FloorLevel, Ground
from threepoint.model_core.direction.seats import Seat
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import Note
from threepoint.model_core.options import options_to_json
from threepoint.model_core.pipeline import Options
from threepoint.tools.animate import say_what_was_found
from threepoint.tools.support.animate_options import parse, pipeline_options

GIVEN = Options(
    contacts=(GivenContact("left", (1.0, 2.0), False),),
    ground=Ground((FloorLevel((0.0, 1.0), 0.2),), ((0.0, 0.1, 0.0), (1.0, 0.1, 0.0), (0.0, 0.1, 1.0)), ((0, 1, 2),)),
    seats=(Seat((3.0, 4.0), 0.45),),
)


@pytest.fixture
def words(tmp_path):
    """``--contacts FILE`` and so on for what ``GIVEN`` holds."""
    content, words = options_to_json(GIVEN), []
    for name in ("contacts", "ground", "seats"):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({name: content[name]}))
        words += [f"--{name}", str(path)]
    return words


def test_animate_takes_files_of_contacts_ground_and_seats(tmp_path, words):
    options = pipeline_options(parse(["walk.bvh", "--npz", str(tmp_path / "out.npz"), *words], None))
    assert all(getattr(options, name) == getattr(GIVEN, name) for name in ("contacts", "ground", "seats"))


def test_they_are_of_one_person_and_met_by_refinement(tmp_path, words):
    out = str(tmp_path / "out.blend")
    for first in range(0, len(words), 2):
        with pytest.raises(InputError, match=rf"{words[first]} is about one person, and 2 recordings"):
            parse(["a.bvh", "b.bvh", "-o", out, *words[first : first + 2]], None)
        alone = parse(["a.bvh", "--npz", str(tmp_path / "out.npz"), "--no-refine", *words[first : first + 2]], None)
        with pytest.raises(InputError, match="by refinement, and the refinement is 0"):
            pipeline_options(alone)


def test_what_solving_has_to_say_is_told_once_of_all_takes(make_recording, capsys):
    notes = [Note("seat_out_of_reach", {"cm": cm, "second": 1.0}) for cm in (30.0, 31.0)]
    takes = [SimpleNamespace(duration=1.0, notes=(note,)) for note in notes]
    calibration = SimpleNamespace(notes=())
    person = SimpleNamespace(name="Ann", takes=takes, recording=make_recording(3), calibration=calibration)
    say_what_was_found([person])
    assert capsys.readouterr().out.count("a seat is out of reach: at 1.00 s") == 1
