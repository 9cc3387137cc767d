"""Blender tests run against the extension as users get it: the zip is built, installed and enabled first."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
EXTENSION = "bl_ext.user_default.threepoint"


def install():
    """Build the zip, install it into this process's Blender and let ``threepoint`` mean what was installed."""
    import tempfile

    import bpy

    from threepoint.tools.build import build

    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder))
        bpy.ops.extensions.package_install_files(filepath=str(path), repo="user_default", enable_on_install=True)
    for name in [name for name in sys.modules if name.split(".")[0] == "threepoint" and ".tools" not in name]:
        del sys.modules[name]
    root = Path(importlib.import_module(EXTENSION).__file__).parent
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if belongs_to_blender(parts):
            sys.modules[f"threepoint.{name}".rstrip(".")] = importlib.import_module(f"{EXTENSION}.{name}".rstrip("."))


def belongs_to_blender(parts):
    """Whether a file of the extension is one that Blender's process uses."""
    numpy_only = ("body", "errors", "frames", "kinematics", "messages", "motion", "rotations", "skeleton", "smpl_files")
    return parts[0] in ("__init__", "blender_addon") or (
        parts[0] == "model_core" and parts[1] in ("__init__", "amass_writer", "calibration", "recordings", *numpy_only)
    )


install()


@pytest.fixture(scope="session")
def extension():
    """The installed extension's package name."""
    return EXTENSION
