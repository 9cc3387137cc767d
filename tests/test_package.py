"""The package as ``pip install .`` leaves it: a library without Blender, and the ``threepoint`` command."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

import threepoint
from threepoint.tools.support.checkout import ROOT

LOOK_INTO_PACKAGE = """
import sys
import threepoint
loaded = [name for name in sys.modules if name.startswith("threepoint.")]
assert not loaded, loaded
from threepoint.model_core.recordings import read
assert threepoint.read is read and "torch" not in sys.modules
print(threepoint.__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which pip has installed the package; what it needs comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(ROOT)], check=True, timeout=300)
    return folder


def python(folder, *arguments):
    """Run Python in the folder with its packages first."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-P", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_installed_package_is_lazy_and_whole(installed):
    done = python(installed, "-c", LOOK_INTO_PACKAGE)
    assert done.stdout.strip() == str(installed / "threepoint" / "__init__.py"), done.stderr
    names = {path.name for path in (installed / "threepoint" / "weights").iterdir()}
    assert {"body.npz", "flag.safetensors", "NOTICE.md"} <= names
    sources = {
        path.relative_to(ROOT)
        for part in ("model_core", "blender_addon", "tools")
        for path in (ROOT / part).rglob("*.py")
    }
    assert {path for path in sources if not (installed / "threepoint" / path).is_file()} == set()


@pytest.mark.slow
def test_installed_command_line_has_what_needs_no_checkout(installed):
    done = python(installed, "-m", "threepoint.tools")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert "animate" in listed and "test" not in listed and done.stdout.startswith("usage: threepoint COMMAND")
    refused = python(installed, "-m", "threepoint.tools", "build")
    assert refused.returncode == 2 and "in a checkout, python3 tools build" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_changelog_tells_of_this_version_below_what_is_unreleased():
    version = tomllib.loads((ROOT / "blender_manifest.toml").read_text())["version"]
    told = re.findall(r"^## (\S+)( \(\d{4}-\d\d-\d\d\))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert [name for name, _ in told[:2]] == ["Unreleased", version] and told[1][1], "docs/publishing.md: A release"


def test_version_stands_in_one_place():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project and project["dynamic"] == ["version"]
    texts = [path for pattern in ("*.cff", "*.toml", "*.py") for path in ROOT.glob(pattern)]
    naming = [
        path.name for path in texts if re.search(rf"version\W+{re.escape(manifest['version'])}", path.read_text())
    ]
    assert naming == ["blender_manifest.toml"]


@pytest.mark.parametrize("name", sorted(threepoint._PUBLIC))
def test_public_names_exist(name):
    assert getattr(threepoint, name) is not None and name in dir(threepoint)


def test_other_names_do_not():
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        threepoint.walk  # noqa: B018
