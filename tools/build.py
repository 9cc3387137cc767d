"""Make dist/threepoint-VERSION.zip, the extension that Blender installs, and check it."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from threepoint.model_core.errors import InputError

from .support.arguments import CommandParser
from .support.checkout import ROOT

PACKED = ("blender_manifest.toml", "__init__.py", "LICENSE", "blender_addon", "model_core", "weights")
"""What the extension consists of; nothing else of the checkout gets into the zip."""
LEFT_OUT = ("__pycache__", "*.pyc", ".*", "mocap", "evaluation")
PLATFORMS = ("linux-arm64", "linux-x64", "macos-arm64", "macos-x64", "windows-arm64", "windows-x64")
TAGS = (
    "3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine",
    "Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object",
    "Paint", "Physics", "Pipeline", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor",
    "Tracking", "User Interface", "UV",
)  # fmt: skip
"""The names that Blender's extension platform knows; its own validator lets any word pass."""
LARGEST_MEGABYTES = 200
"""The platform's limit for an upload."""


def run(arguments):
    """Build the zip and print where it is."""
    parser = CommandParser("build", __doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where to put it")
    options = parser.parse_args(arguments)
    print(build(options.output))
    return 0


def build(folder):
    """Write the zip into ``folder`` and return its path. Raises ``InputError`` where it is not what Blender takes."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    problems = manifest_problems(manifest, project["project"]["version"])
    if problems:
        raise InputError("blender_manifest.toml: " + "; ".join(problems))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"threepoint-{manifest['version']}.zip"
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "threepoint"
        stage(source)
        packed = Path(temporary) / target.name
        blender_extension("build", f"--source-dir={source}", f"--output-filepath={packed}")
        blender_extension("validate", str(packed))
        check_size(packed)
        shutil.move(packed, target)
    return target


def stage(folder):
    """Copy what is packed into a folder of its own."""
    folder.mkdir()
    for name in PACKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy2(source, folder / name)


def manifest_problems(manifest, version):
    """What Blender's validator does not look at: a list of lines, empty where all is well."""
    problems = [
        f"license '{name}' should begin with SPDX:" for name in manifest["license"] if not name.startswith("SPDX:")
    ]
    problems += [
        f"platform '{name}' should be one of {', '.join(PLATFORMS)}"
        for name in manifest.get("platforms", ())
        if name not in PLATFORMS
    ]
    problems += [f"tag '{name}' is not one of the platform's" for name in manifest.get("tags", ()) if name not in TAGS]
    if manifest["version"] != version:
        problems.append(f"version {manifest['version']} differs from pyproject.toml's {version}")
    return problems


def blender_extension(*words):
    """Run the builder and validator that comes with Blender; a plain program that needs no Blender."""
    scripts = Path(importlib.util.find_spec("bpy").origin).parent.glob("*/scripts/addons_core/bl_pkg/cli")
    command = [sys.executable, str(next(scripts) / "blender_ext.py"), *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise InputError(f"Blender refuses the extension: {result.stdout} {result.stderr}")


def check_size(path):
    """Refuse a zip that is too large or has something in it that belongs to the engine alone."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > LARGEST_MEGABYTES:
        raise InputError(f"{path.name}: {megabytes:.0f} MB; the extension platform takes {LARGEST_MEGABYTES} MB")
    with zipfile.ZipFile(path) as archive:
        foreign = [name for name in archive.namelist() if name.endswith((".so", ".pyd", ".dll", ".whl"))]
    if foreign:
        raise InputError(f"{path.name}: holds compiled code ({', '.join(foreign)}); the engine is installed apart")
