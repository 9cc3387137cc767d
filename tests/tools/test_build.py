"""The extension's zip and the checks that Blender's own validator leaves out."""

import zipfile

import pytest

from threepoint.tools import build


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = build.build(tmp_path_factory.mktemp("dist"))
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_zip_holds_code_body_and_nothing_else(names):
    assert {"blender_manifest.toml", "__init__.py", "LICENSE", "weights/body.npz"} <= set(names)
    assert "blender_addon/avatar/bake.py" in names and "model_core/motion.py" in names
    assert {name.split("/")[0] for name in names} <= set(build.PACKED)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"license": ["GPL-3.0-or-later"]}, "should begin with SPDX:"),
        ({"platforms": ["linux"]}, "platform 'linux' should be one of"),
        ({"tags": ["Motion"]}, "tag 'Motion'"),
        ({"version": "9.9.9"}, "differs from pyproject.toml's 0.1.0"),
    ],
)
def test_mistakes_that_blender_lets_pass_are_named(change, words):
    manifest = {"license": ["SPDX:GPL-3.0-or-later"], "version": "0.1.0", "tags": ["Animation"]}
    assert build.manifest_problems(manifest, "0.1.0") == []
    (problem,) = build.manifest_problems(manifest | change, "0.1.0")
    assert words in problem


def test_what_blender_refuses_is_passed_on(tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('id = "no"\n')
    with pytest.raises(build.InputError, match="Blender refuses"):
        build.blender_extension("build", f"--source-dir={tmp_path}", f"--output-dir={tmp_path}")
