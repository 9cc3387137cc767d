"""``python3 tools pictures``: what it makes is what the README shows; the pictures are small, and play."""

import re

import numpy as np
import pytest
from PIL import Image

from threepoint.model_core.errors import InputError
from threepoint.tools import pictures
from threepoint.tools.moving_pictures import scenes
from threepoint.tools.moving_pictures.studio import FILM_FPS, Played, Studio
from threepoint.tools.moving_pictures.webp import read_frame, side_by_side, write_webp
from threepoint.tools.support.checkout import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_BYTES, MOST_BYTES_TOGETHER = 1_500_000, 8_000_000


def lying():
    return {path.stem: path for path in pictures.FOLDER.glob("*.webp")}


def test_the_readme_shows_every_moving_picture_that_there_is():
    shown = set(re.findall(r"docs/pictures/(\w+)\.webp", README))
    assert shown == set(lying()) and shown <= set(scenes.PICTURES)
    assert README.index("play.webp") < 200 and len(README.splitlines()) < 120


def test_the_pictures_load_fast_and_are_those_that_the_command_makes():
    assert sum(path.stat().st_size for path in lying().values()) < MOST_BYTES_TOGETHER
    for name, path in lying().items():
        made = scenes.PICTURES[name]
        rows = len(made.played) // made.columns
        longest = max(played.end - played.begin for played in made.played)
        with Image.open(path) as picture:
            assert path.stat().st_size < MOST_BYTES, name
            assert picture.size == (made.size[0] * made.columns, made.size[1] * rows), name
            assert picture.n_frames <= round(longest * FILM_FPS) and picture.n_frames > 20, name
            assert picture.info["loop"] == 0, name


def test_every_recording_and_character_is_credited():
    credits = (ROOT / "docs" / "credits.md").read_text(encoding="utf-8")
    projects = {"humanid": "Human-Identification", "simsaber": "SimSaber", "mgplus": "MetaGuardPlus"}
    for name, made in scenes.PICTURES.items():
        (row,) = (line for line in credits.splitlines() if re.match(rf"\| .*`{name}`.*MetaGuard", line))
        if len({played.file for played in made.played}) == 1:
            file = made.played[0].file.removeprefix("bsor/")
            assert projects[file.split("_")[0]] in row, name
    assert "kaykit" in scenes.CHARACTER and "KayKit" in credits


def test_a_moving_picture_plays_what_it_was_given(tmp_path):
    shades = [np.full((20, 30, 3), shade, np.uint8) for shade in (0, 100, 200)]
    write_webp(tmp_path / "a.webp", shades, 15)
    with Image.open(tmp_path / "a.webp") as picture:
        assert (picture.size, picture.n_frames, picture.info["loop"]) == ((30, 20), 3, 0)
        for number, shade in enumerate(shades):
            picture.seek(number)
            assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - shade).max() < 5
            assert picture.info["duration"] == 67
    Image.fromarray(shades[1]).save(tmp_path / "a.png")
    assert (read_frame(tmp_path / "a.png") == shades[1]).all()


def test_films_stand_side_by_side_and_the_shorter_ones_wait():
    a, b, c, d = ([np.full((2, 3, 3), shade, np.uint8)] * count for shade, count in ((1, 2), (2, 1), (3, 2), (4, 2)))
    first, second = side_by_side([a, b, c, d], 2)
    assert first.shape == (4, 6, 3) and (first == second).all()
    assert [int(second[y, x, 0]) for y, x in ((0, 0), (0, 5), (3, 0), (3, 5))] == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="do not fill"):
        side_by_side([a, b, c], 2)


def test_what_is_missing_or_unknown_is_one_line(tmp_path):
    studio = Studio(tmp_path, tmp_path)
    with pytest.raises(InputError, match=r"has no x\.bsor; --recordings names the folder"):
        studio.recording(Played("x.bsor", 0, 1))
    with pytest.raises(InputError, match=r"has no y\.vrm; --characters names the folder"):
        studio.character("y.vrm")
    with pytest.raises(InputError, match="no picture 'playing'; there are: play, import"):
        pictures.run(["playing"])
