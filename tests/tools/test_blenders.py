"""The Blenders of ``python3 tools test``: their modules, Pythons and environments."""

import re

import pytest

from threepoint.tools.blenders import environments
from threepoint.tools.blenders.environments import BLENDERS, BY_DEFAULT, IN_VENV
from threepoint.tools.support.checkout import ROOT


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
