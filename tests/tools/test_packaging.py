"""Zips that carry the engine, the index of a folder of zips, and what the extension platform asks of a manifest."""

import hashlib
import importlib.metadata
import itertools
import json
import re
import tomllib
import zipfile

import pytest
import stand_in_wheels

from threepoint.tools import build
from threepoint.tools.packaging import engine_wheels, manifest, repository
from threepoint.tools.packaging.engine_wheels import PLATFORMS, RANGES
from threepoint.tools.packaging.lock import ENGINE, ENGINE_PACKAGES, engine_text, entries
from threepoint.tools.support.checkout import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every zip there is, without weights and with stand-ins for wheels, and the index of them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(build, "PACKED", tuple(name for name in build.PACKED if name != "weights"))
    patch.setattr(engine_wheels, "_download", stand_in_wheels.download)
    made = tmp_path_factory.mktemp("repository")
    assert build.run(["--release", "--repository", str(made)]) == 0
    patch.undo()
    return made


def manifests(folder):
    for path in folder.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            yield path, tomllib.loads(archive.read("blender_manifest.toml").decode()), archive.namelist()


@pytest.mark.parametrize(("platform", "blenders"), list(itertools.product(PLATFORMS, RANGES)))
def test_a_zip_carries_the_wheels_of_its_platform_and_python(folder, platform, blenders):
    number = blenders.python.replace(".", "")
    ((_, made, names),) = [found for found in manifests(folder) if f"-{platform}-py{number}" in found[0].name]
    assert made["platforms"] == [platform] and made["blender_version_min"] == blenders.oldest
    assert made.get("blender_version_max") == blenders.too_new
    carried = {re.match(r"\./wheels/([^-]+)", name)[1].replace("_", "-"): name for name in made["wheels"]}
    assert set(carried) == {*ENGINE_PACKAGES, "torch"} - {"numpy"}
    assert {name.removeprefix("./") for name in made["wheels"]} == {n for n in names if n.endswith(".whl")}
    cpu = "+cpu" if platform == "linux-x64" else ""
    assert f"/torch-2.13.0{cpu}-cp{number}-cp{number}-" in carried["torch"]


def test_the_plain_zip_runs_everywhere(folder):
    ((_, made, names),) = [found for found in manifests(folder) if "-py" not in found[0].name]
    assert not {"platforms", "wheels", "blender_version_max"} & set(made)
    assert not [name for name in names if name.endswith(".whl")]


def test_every_zip_has_its_checksum(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    told = dict(reversed(line.split("  ")) for line in lines)
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.zip")}
    assert len(told) == len(lines) == 1 + len(PLATFORMS) * len(RANGES)


def test_what_torch_needs_is_carried():
    needed = {"torch"}
    for name in ("torch", "jinja2", "sympy"):
        for requirement in importlib.metadata.requires(name) or ():
            if "extra ==" not in requirement and "platform_system" not in requirement:
                needed.add(re.match(r"[\w-]+", requirement)[0].lower())
    assert needed - {"torch"} <= set(ENGINE_PACKAGES)


def test_the_lock_has_a_numpy_for_every_python():
    numpy = [entry.split(" \\")[0] for name, entry in entries(ENGINE / "requirements.txt") if name == "numpy"]
    assert numpy == ['numpy==1.26.4 ; python_version < "3.13"', 'numpy==2.3.4 ; python_version >= "3.13"']


def test_a_library_of_one_format_keeps_no_python_from_the_engine():
    found = {"sha256:" + 64 * "0"}
    text = engine_text(dict.fromkeys(ENGINE_PACKAGES, ("1.0", found)), {"numpy": ("2.0", found)})
    for written in (text, (ENGINE / "requirements.txt").read_text(encoding="utf-8")):
        (fpzip,) = (line for line in written.splitlines() if line.startswith("fpzip=="))
        assert fpzip.endswith(' ; python_version < "3.14" \\')  # It has no wheels for newer ones.


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("cp313-cp313-manylinux_2_28_x86_64", "torch-2.13.0.* is not a wheel for linux-x64 and Python 3.11"),
        ("cp311-cp311-win_amd64", "is not a wheel for linux-x64"),
        ("cp311-cp311-manylinux_2_28_aarch64", "is not a wheel for linux-x64"),
        ("cp311-cp311-manylinux_2_34_x86_64", "is not a wheel for linux-x64"),
    ],
)
def test_a_wheel_for_another_computer_is_refused(tmp_path, tag, message):
    wheel = stand_in_wheels.make(tmp_path, "torch", "2.13.0+cpu", tag)
    with pytest.raises(build.InputError, match=message):
        engine_wheels.check([wheel], "linux-x64", "3.11", ["torch"])


def test_a_missing_wheel_and_one_too_many_are_named(tmp_path):
    wheels = [stand_in_wheels.make(tmp_path, name, "1.0") for name in ("sympy", "numpy")]
    with pytest.raises(build.InputError, match=r"linux-x64 and Python 3\.13 lacks torch"):
        engine_wheels.check(wheels, "linux-x64", "3.13", ["sympy", "torch"])
    with pytest.raises(build.InputError, match="does not need numpy"):
        engine_wheels.check(wheels, "linux-x64", "3.13", ["sympy"])


def test_what_an_index_does_not_have_is_one_line(tmp_path, monkeypatch, capfd):
    asked = []
    monkeypatch.setattr(engine_wheels.subprocess, "call", lambda words, **_: asked.append(words) or 1)
    with pytest.raises(build.InputError, match=r"pip cannot fetch torch==2\.13\.0\+cpu from .*--index names another"):
        engine_wheels._download(
            "torch", ["linux"], "3.13", tmp_path, [], "torch==2.13.0+cpu from x (--index names another)"
        )
    assert "--python-version" in asked[0] and asked[0][asked[0].index("--python-version") + 1] == "3.13"


def test_options_of_the_engine_without_one_are_refused():
    with pytest.raises(build.InputError, match="name its platform"):
        build.run(["--index", "somewhere"])


def test_a_zip_that_is_too_large_or_has_other_code_is_refused(tmp_path):
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("blender_manifest.toml", 'wheels = ["./wheels/a.whl"]\n')
        archive.writestr("wheels/a.whl", b"0" * 2_000_000)
    with pytest.raises(build.InputError, match=r"large\.zip: 2 MB; it may have 1"):
        build.check_size(path, 1)
    build.check_size(path, 3)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("wheels/b.whl", b"0")
    with pytest.raises(build.InputError, match=r"compiled code \(wheels/b\.whl\)"):
        build.check_size(path, 3)


def found_in(index, blender, platform, python):
    """What Blender finds there, as its ``repository_filter_skip`` does."""
    for entry in index:
        too_new = repository.version_of(entry.get("blender_version_max", "1000.0.0"))
        pythons = entry.get("python_versions", [python])
        if (
            repository.version_of(entry["blender_version_min"]) <= blender < too_new
            and platform in entry.get("platforms", [platform])
            and (python in pythons or "3" in pythons)
        ):
            yield entry


COMPUTERS = list(itertools.product(
    [(4, 2, 0), (4, 2, 23), (4, 5, 15), (5, 0, 1), (5, 1, 0), (5, 3, 0), (6, 0, 0)], manifest.PLATFORMS,
    ["3.11", "3.13", "3.14"],
))  # fmt: skip


def test_every_computer_finds_one_zip_with_the_engine_where_there_is_one(folder):
    index = json.loads((folder / "index.json").read_text())["data"]
    for blender, platform, python in COMPUTERS:
        (entry,) = found_in(index, blender, platform, python)
        carried = platform in PLATFORMS and python == ("3.11" if blender < (5, 1, 0) else "3.13")
        wanted = f"-{platform}-py{python.replace('.', '')}.zip" if carried else "0.zip"
        assert entry["archive_url"].endswith(wanted), (blender, platform, python)
        assert entry["archive_size"] == (folder / entry["archive_url"]).stat().st_size


def test_the_newest_version_wins_and_older_ones_stay_where_it_does_not_run():
    def archive(version, oldest, **more):
        return {"id": "threepoint", "version": version, "blender_version_min": oldest, "archive_url": version, **more}

    index = repository.choose([
        archive("0.9.0", "4.2.0"), archive("0.10.0", "4.5.0"), archive("0.11.0", "4.5.0", platforms=["linux-x64"]),
    ])  # fmt: skip
    for blender, platform, python in COMPUTERS:
        (entry,) = found_in(index, blender, platform, python)
        newest = "0.11.0" if platform == "linux-x64" else "0.10.0"
        assert entry["version"] == ("0.9.0" if blender < (4, 5, 0) else newest)


def test_an_empty_folder_is_no_repository(tmp_path):
    with pytest.raises(build.InputError, match="has no zip"):
        repository.write_index(tmp_path, build.blender_extension)


def test_what_the_platform_asks_beyond_blender_is_known():
    ours = tomllib.loads((ROOT / "blender_manifest.toml").read_text())
    assert {"copyright", "tags", "permissions", "tagline"} <= set(ours)
    named = {**ours, "website": "https://example.org", "maintainer": "Somebody <somebody@example.org>"}
    assert manifest.missing_for_the_platform(named) == []
    assert len(manifest.missing_for_the_platform({"maintainer": "Somebody"})) == 2
