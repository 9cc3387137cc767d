"""Make dist/threepoint-VERSION.zip, the extension that Blender installs, and check it."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from ..model_core.checksums import MANIFEST, manifest_text
from ..model_core.child_python import clean_environment, command
from ..model_core.errors import InputError
from ..model_core.whole_files import write_whole
from .support.arguments import command_parser
from .support.checkout import ROOT
from .support.lock import write_lock

PACKED = ("blender_manifest.toml", "__init__.py", "LICENSE", "blender_addon", "model_core", "weights")
"""What the extension consists of; nothing else of the checkout gets into the zip."""
LEFT_OUT = {
    "model_core/mocap", "model_core/evaluation", "model_core/sage/losses.py", "model_core/flag/losses.py",
    "model_core/sage/streaming.py", "model_core/sage/token_networks.py", "model_core/sage/streaming",
    "model_core/flag/generation.py", "model_core/refinement/single_frames.py", "model_core/recordings/report.py",
}  # fmt: skip
"""What of it neither Blender nor the engine uses: motion capture, metrics, training, streaming, experiments."""
NEVER = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
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


def run(arguments: list[str]) -> int:
    """Build the zip and print where it is."""
    parser = command_parser("build", __doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where to put it")
    parser.add_argument("--checksums", action="store_true",
                        help="instead: write weights/manifest.json for the weights that are there")  # fmt: skip
    parser.add_argument("--lock", action="store_true",
                        help="instead: write requirements.txt, with hashes, for requirements.in")  # fmt: skip
    options = parser.parse_args(arguments)
    if options.checksums:
        write_whole(MANIFEST, manifest_text())
    if options.lock:
        write_lock()
    if not options.checksums and not options.lock:
        print(build(options.output))
    return 0


def build(folder: Path) -> Path:
    """Write the zip into ``folder`` and return its path. Raises ``InputError`` where it is not what Blender takes."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    problems = manifest_problems(manifest)
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


def stage(folder: Path) -> None:
    """Copy what is packed into a folder of its own."""

    def unpacked(parent: str, names: list[str]) -> set[str]:
        inside = Path(parent).relative_to(ROOT)
        return NEVER(parent, names) | {name for name in names if (inside / name).as_posix() in LEFT_OUT}

    folder.mkdir()
    for name in PACKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unpacked)
        else:
            shutil.copy2(source, folder / name)


def manifest_problems(manifest: dict[str, Any]) -> list[str]:
    """Mistakes that Blender's validator does not look for, a line each."""
    problems = [
        f"license '{name}' should begin with SPDX:" for name in manifest["license"] if not name.startswith("SPDX:")
    ]
    problems += [
        f"platform '{name}' should be one of {', '.join(PLATFORMS)}"
        for name in manifest.get("platforms", ())
        if name not in PLATFORMS
    ]
    problems += [f"tag '{name}' is not one of the platform's" for name in manifest.get("tags", ()) if name not in TAGS]
    return problems


def blender_extension(*arguments: str) -> None:
    """Run the builder and validator that comes with Blender: a plain program that needs no Blender."""
    module = importlib.util.find_spec("bpy")
    if module is None or module.origin is None:
        raise InputError("build: needs Blender's module, whose program builds and validates extensions")
    scripts = Path(module.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli")
    building = command(sys.executable, next(scripts) / "blender_ext.py", *arguments)
    result = subprocess.run(building, capture_output=True, text=True, check=False, env=clean_environment())
    if result.returncode != 0:
        raise InputError(f"Blender refuses the extension: {result.stdout} {result.stderr}")


def check_size(path: Path) -> None:
    """Refuse a zip that is too large or has something in it that belongs to the engine alone."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > LARGEST_MEGABYTES:
        raise InputError(f"{path.name}: {megabytes:.0f} MB; the extension platform takes {LARGEST_MEGABYTES} MB")
    with zipfile.ZipFile(path) as archive:
        foreign = [name for name in archive.namelist() if name.endswith((".so", ".pyd", ".dll", ".whl"))]
    if foreign:
        raise InputError(f"{path.name}: holds compiled code ({', '.join(foreign)}); the engine is installed apart")
