"""The Blenders of ``python3 tools test``: their modules, Pythons and environments."""

import re

import pytest

from threepoint.tools.blenders import debian_root, environments
from threepoint.tools.blenders.environments import BLENDERS, BY_DEFAULT, IN_VENV
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.environment import EnvironmentProblem


def test_the_environment_of_the_requirements_has_the_blender_it_stands_for():
    pins = (ROOT / "requirements.in").read_text().splitlines()
    blender = BLENDERS[IN_VENV]
    assert f"bpy=={blender.bpy}" in pins and f"numpy=={blender.numpy}" in pins


def test_every_series_has_its_own_release_and_python():
    assert all(blender.bpy.startswith(series + ".") for series, blender in BLENDERS.items())
    oldest = re.search(r'blender_version_min = "(\d+\.\d+)', (ROOT / "blender_manifest.toml").read_text())
    assert oldest is not None and oldest[1] == next(iter(BLENDERS)) and set(BY_DEFAULT) <= set(BLENDERS)


@pytest.mark.parametrize("ready", [True, False])
def test_an_environment_is_made_once_in_the_blenders_own_python(monkeypatch, ready):
    made = []
    monkeypatch.setattr(environments.environment, "is_ready", lambda folder, requirements: ready)
    monkeypatch.setattr(environments.environment, "find_python", lambda version: "python{}.{}".format(*version))
    monkeypatch.setattr(environments.environment, "make_environment", lambda *arguments: made.append(arguments))
    python = environments.blender_python("5.3")
    assert python.is_relative_to(ROOT / ".venv-bpy-5.3")
    assert [(folder.name, python, version) for folder, _, python, version in made] == (
        [] if ready else [(".venv-bpy-5.3", "python3.13", (3, 13))]
    )
    assert ready or made[0][1].startswith("bpy==5.3.0\nnumpy==2.")


def without_pythons(monkeypatch):
    def find(version):
        raise EnvironmentProblem("none")

    monkeypatch.setattr(environments.environment, "is_ready", lambda folder, requirements: False)
    monkeypatch.setattr(environments.environment, "find_python", find)


def test_a_python_that_is_not_here_runs_in_a_debian_that_has_it(monkeypatch):
    without_pythons(monkeypatch)
    monkeypatch.setattr(debian_root, "python_in_root", lambda name, requirements: (name, requirements[:10]))
    assert environments.blender_python("5.2") == ("bpy-5.2", "bpy==5.2.3")
    with pytest.raises(EnvironmentProblem, match="none"):  # Debian 13 has no Python 3.11.
        environments.blender_python("5.0")


def test_who_cannot_make_a_debian_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(environments.environment, "may_install", lambda: False)
    with pytest.raises(EnvironmentProblem, match=r"bpy-5\.2 needs Python 3\.13: install it"):
        debian_root.python_in_root("bpy-5.2", "")


def test_an_environment_in_there_is_made_once_for_its_requirements(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(debian_root, "FOLDER", tmp_path)
    monkeypatch.setattr(debian_root.shutil, "which", lambda name: name)
    monkeypatch.setattr(environments.environment, "may_install", lambda: True)
    monkeypatch.setattr(environments.environment, "run", lambda words, failure: ran.append(list(map(str, words))))
    for folder in ("usr/bin", "opt/bpy-5.2"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/bin/python3.13").touch()
    for requirements, calls in (("bpy==5.2.2\n", 3), ("bpy==5.2.2\n", 3), ("bpy==5.2.3\n", 6)):
        program = debian_root.python_in_root("bpy-5.2", requirements)
        assert len(ran) == calls and program.stat().st_mode & 0o111
    assert ran[0][0].endswith("run-python3.13") and ran[1][0].endswith("run-bpy-5.2")
    assert "unshare --mount" in program.read_text() and "/opt/bpy-5.2/bin/python" in program.read_text()
