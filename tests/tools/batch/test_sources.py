"""Recordings are found in files, folders, patterns and archives, each once, under ids that stay the same."""

import tarfile
from argparse import Namespace

import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.tools.batching.animating import file_name
from threepoint.tools.batching.sources import Source, find_sources, opened
from threepoint.tools.batching.units import Unit, alone, units_of


@pytest.fixture
def takes(tmp_path, make_recording, monkeypatch):
    """Two people's folders of takes, with a file beside them that is no recording; where they lie is where we are."""
    monkeypatch.chdir(tmp_path)
    for person in ("anna", "ben"):
        (tmp_path / "takes" / person).mkdir(parents=True)
        for number in (1, 2):
            plain.write(tmp_path / "takes" / person / f"{person}_{number}.csv", make_recording(0.5))
    (tmp_path / "takes" / "notes.pdf").write_text("no recording")
    (tmp_path / "takes" / ".hidden.csv").write_text("no recording")
    return tmp_path / "takes"


IDS = [f"takes/{person}/{person}_{number}.csv" for person in ("anna", "ben") for number in (1, 2)]


def test_a_folder_is_all_below_it_but_what_cannot_be_a_recording(takes):
    found = find_sources(["takes"])
    assert [source.id for source in found.sources] == IDS and found.others == 1
    assert [source.id for source in find_sources(["takes/"]).sources] == IDS


def test_patterns_and_files_named_twice_count_once(takes):
    found = find_sources(["takes/*/*_1.csv", "takes/anna/anna_1.csv", str(takes / "anna" / "anna_1.csv")])
    assert [source.id for source in found.sources] == [IDS[0], IDS[2]]


def test_a_file_that_is_named_counts_whatever_it_is_called(takes):
    assert [source.id for source in find_sources(["takes/notes.pdf"]).sources] == ["takes/notes.pdf"]


def test_recordings_in_an_archive_are_read_where_they_lie(takes, make_recording):
    with tarfile.open("users.tar", "w") as archive:
        archive.add("takes", arcname="users")
    found = find_sources(["users.tar"])
    assert [source.id for source in found.sources] == [name.replace("takes", "users.tar/users", 1) for name in IDS]
    assert found.others == 1
    with opened(found.sources[0]) as path:
        assert read(path).duration == pytest.approx(make_recording(0.5).duration, abs=1e-6)
    assert not path.exists()


def test_archives_that_are_packed_or_broken_are_said_to_be(takes):
    with tarfile.open("users.tar.gz", "w:gz") as archive:
        archive.add("takes")
    with pytest.raises(InputError, match=r"users\.tar\.gz: is packed.*unpack"):
        find_sources(["users.tar.gz"])
    (takes / "broken.tar").write_bytes(b"no tar" * 200)
    with pytest.raises(InputError, match=r"broken\.tar: is no whole tar"):
        find_sources(["takes"])


@pytest.mark.parametrize("name", ["nothing", "nothing/*.csv"])
def test_an_input_that_names_nothing_is_named(takes, name):
    with pytest.raises(InputError, match="nothing"):
        find_sources(["takes", name])


def test_people_are_told_by_folder_or_by_name(takes):
    players = {how: [source.player for source in find_sources(["takes"], how).sources] for how in ("folder", "key")}
    assert players["folder"] == ["takes/anna"] * 2 + ["takes/ben"] * 2
    assert players["key"] == ["anna"] * 2 + ["ben"] * 2


def test_a_unit_comes_back_from_its_text():
    unit = Unit((Source("a", "a.tar", "a.csv", 512, 100, "anna"), Source("b", "b.csv")), frozenset({"b"}))
    assert Unit.of(unit.text()) == unit


def test_units_hold_every_recording_once(takes):
    sources, options = find_sources(["takes"]).sources, Namespace(together=2, player=None)
    units = units_of(sources, {IDS[1]}, options, workers=1)
    assert [[source.id for source in unit.sources] for unit in units] == [[IDS[0]], [IDS[2]], [IDS[3]]]
    assert [len(unit.sources) for unit in units_of(sources * 10, set(), options, workers=1)] == [2] * 20
    assert [unit.sources[0].id for unit in alone(sources, set(IDS[:3]))] == IDS[3:]


def test_a_player_of_whom_anything_is_left_is_a_unit(takes):
    sources, options = find_sources(["takes"], "folder").sources, Namespace(together=1, player="folder")
    (ben,) = units_of(sources, {*IDS[:2], IDS[2]}, options, workers=2)
    assert [source.id for source in ben.sources] == IDS[2:] and ben.done == {IDS[2]}
    (again,) = alone(sources, set(IDS[:3]))
    assert again == ben, "what is left of a player is shared with what is there"


def test_files_are_named_by_ids_and_stay_in_the_folder():
    assert file_name("takes/a.csv", ".npz") == "files/takes/a.csv.npz"
    names = [file_name(name, ".npz") for name in ("/takes/a.csv", "../takes/a.csv", "takes/a?.csv", "takes/a*.csv")]
    assert len({*names, file_name("takes/a.csv", ".npz")}) == 5
    assert all(name.startswith("files/takes/a") and ".." not in name for name in names)
