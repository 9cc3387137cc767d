"""The checkout's root folder is the package ``threepoint``; its version stands in the extension's manifest alone."""

import tempfile
import tomllib
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
PARTS = ("model_core", "blender_addon", "tools")


def packages() -> list[str]:
    """Dotted names of the root's package and of every package below the parts."""
    found = list(PARTS)
    found += [f"{part}.{name}" for part in PARTS for name in find_packages(str(ROOT / part))]
    return ["threepoint", *(f"threepoint.{name}" for name in found)]


setup(
    version=tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))["version"],
    package_dir={"threepoint": "."},
    packages=packages(),
    # Setuptools would keep modules that are gone in a build/ folder of the checkout, and install them again.
    options={"build": {"build_base": tempfile.mkdtemp(prefix="threepoint-build-")}},
    package_data={
        "threepoint": ["blender_manifest.toml", "LICENSE", "weights/*"],
        "threepoint.blender_addon.sample": ["sample.json", "NOTICE.md"],
    },
)
