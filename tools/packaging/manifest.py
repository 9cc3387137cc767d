"""``blender_manifest.toml``: what Blender's own validator lets pass, and the one of a zip that carries the engine."""

import json
import re
from collections.abc import Sequence
from typing import Any

PLATFORMS = ("linux-arm64", "linux-x64", "macos-arm64", "macos-x64", "windows-arm64", "windows-x64")
TAGS = (
    "3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine",
    "Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object",
    "Paint", "Physics", "Pipeline", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor",
    "Tracking", "User Interface", "UV",
)  # fmt: skip
"""The names that Blender's extension platform knows; its own validator lets any word pass."""
ADDRESS = re.compile(r"[^<>]+ <[^<>@\s]+@[^<>@\s]+>")
"""A maintainer as the platform wants one: ``Name <name@example.org>``."""


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


def missing_for_the_platform(manifest: dict[str, Any]) -> list[str]:
    """What extensions.blender.org asks of a manifest beyond what Blender does and this one has not, a line each.

    Only who publishes knows these: see ``docs/publishing.md``.
    """
    missing = []
    if not manifest.get("website", "").startswith("https://"):
        missing.append('website = "https://..." (documentation and support)')
    if not ADDRESS.fullmatch(manifest["maintainer"]):
        missing.append('maintainer = "Name <address>" (who answers)')
    return missing


def with_engine(text: str, platform: str, wheels: Sequence[str], oldest: str, too_new: str | None) -> str:
    """The text of a manifest for one platform and a range of Blenders, with ``wheels`` (paths in the zip).

    ``too_new`` is the first Blender that it is not for, or None.
    """
    lines = [f'blender_version_min = "{oldest}"']
    if too_new is not None:
        lines.append(f'blender_version_max = "{too_new}"')
    lines += [f"platforms = {json.dumps([platform])}", f"wheels = {json.dumps(list(wheels), indent=2)}"]
    return re.sub(r"^blender_version_min = .*$", lambda _: "\n".join(lines), text, flags=re.MULTILINE)
