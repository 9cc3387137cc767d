"""One function for all formats: content decides, and whatever is no recording gets one clear line."""

import re
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import all_formats, bsor, find_format, plain
from threepoint.tests.data import make

DATA = Path(make.__file__).parent


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300
    return message


def test_a_missing_file(tmp_path):
    assert refusal(tmp_path / "nowhere.bsor").endswith("nowhere.bsor: no such file")


def test_a_folder_without_a_recording(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "nothing.csv").write_bytes(b"")
    assert refusal(tmp_path / "nothing.csv") == "nothing.csv: is empty"


def test_a_text_file_named_bsor(tmp_path):
    (tmp_path / "notes.bsor").write_text("Dear diary,\ntoday I played well.\n")
    assert "notes.bsor: no recognisable columns" in refusal(tmp_path / "notes.bsor")


def test_a_picture(tmp_path):
    (tmp_path / "picture.bsor").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    assert "neither text nor a recording" in refusal(tmp_path / "picture.bsor")


def test_a_table_without_recognisable_columns(tmp_path):
    (tmp_path / "prices.csv").write_text("day,apples,pears,plums,grapes\n1,2,3,4,5\n2,3,4,5,6\n")
    assert "prices.csv: no recognisable columns" in refusal(tmp_path / "prices.csv")


def test_a_zip_that_is_no_motion(tmp_path):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    assert "lacks poses, trans" in refusal(tmp_path / "other.npz")


def test_an_option_that_the_format_does_not_have(make_recording, tmp_path):
    bsor.write(tmp_path / "game.bsor", make_recording(1.0))
    assert "BSOR takes no option 'fps'" in refusal(tmp_path / "game.bsor", fps=30)


def test_the_name_does_not_matter(make_recording, tmp_path):
    recording = make_recording(1.0)
    bsor.write(tmp_path / "game.csv", recording)
    plain.write(tmp_path / "table.bsor", recording)
    assert read(tmp_path / "game.csv").device == "saber"
    assert read(tmp_path / "table.bsor").device == "grip"


@pytest.mark.parametrize("known", all_formats(), ids=lambda known: known.NAME)
def test_every_format_has_a_sample_that_is_read(known):
    name = known.__name__.rpartition(".")[2]
    if name == "xror":
        pytest.importorskip("fpzip")
    paths = [path for path in (DATA / name).rglob("*") if path.suffix in known.SUFFIXES]
    assert paths, f"{name}: write_sample in tests/recordings/formats/test_{name}.py, then tests/data/make.py"
    for path in paths:
        assert find_format(path) is known
        assert read(path).validate().duration > 1


def test_the_samples_are_what_their_writers_write(tmp_path):
    pytest.importorskip("fpzip")
    make.write_samples(tmp_path)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        if path.suffix == ".hdf5":
            continue  # The library writes its version.
        written, kept = path.read_bytes(), (DATA / path.relative_to(tmp_path)).read_bytes()
        assert written == kept or is_rounded_otherwise(written, kept), f"{path.name}: run tests/data/make.py"


NUMBER = rb"-?\d+\.\d+(?:e-?\d+)?"


def is_rounded_otherwise(written, kept):
    """Whether two texts differ in the last digits of their numbers alone, in which processors differ."""
    if re.sub(NUMBER, b"", written) != re.sub(NUMBER, b"", kept):
        return False
    numbers = ([float(number) for number in re.findall(NUMBER, text)] for text in (written, kept))
    return np.allclose(*numbers, rtol=0, atol=1e-12)


def test_texts_that_are_rounded_otherwise_are_known():
    assert is_rounded_otherwise(b"0.1,a,-2.5e-05", b"0.10000000000000002,a,-2.5e-05")
    assert not is_rounded_otherwise(b"0.1,a", b"0.1,b") and not is_rounded_otherwise(b"0.1,a", b"0.2,a")
