"""The checkout's root folder is the package ``threepoint``; its version stands in the extension's manifest alone."""

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
PARTS = ("model_core", "blender_addon", "tools")

setup(
    version=tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))["version"],
    package_dir={"threepoint": "."},
    packages=["threepoint", *(f"threepoint.{name}" for part in PARTS for name in (part, *(
        f"{part}.{found}" for found in find_packages(str(ROOT / part)))))],
    package_data={"threepoint": ["blender_manifest.toml", "LICENSE", "weights/*"]},
)
