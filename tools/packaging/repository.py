"""The index of a folder of zips from which Blender installs and updates: a remote repository that needs no server.

Blender's own program lists the zips. Where several fit a computer, Blender shows the last of them and installs the
first, so none may be left to choose from: each platform, Python and Blender gets the newest zip that runs there, with
the engine before without. The manual's page "Creating an Extensions Repository" has the format.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...model_core.errors import InputError
from ...model_core.whole_files import write_whole
from .manifest import PLATFORMS

INDEX = "index.json"
PYTHONS = tuple(f"3.{minor}" for minor in range(11, 20))
"""Every Python that a Blender which takes extensions has or may come to have."""
Version = tuple[int, ...]
NEWER_THAN_ALL: Version = (1000, 0, 0)
Archive = dict[str, Any]
"""What an index says of a zip: its manifest, its address, its size and its hash."""


def write_index(folder: Path, blender_extension: Callable[..., None]) -> Path:
    """Write the index of the zips in ``folder`` and return its path; ``blender_extension`` runs Blender's program."""
    if not any(folder.glob("*.zip")):
        raise InputError(f"{folder}: has no zip of an extension to list")
    blender_extension("server-generate", f"--repo-dir={folder}")
    path = folder / INDEX
    index = json.loads(path.read_text(encoding="utf-8"))
    index["data"] = choose(index["data"])
    write_whole(path, json.dumps(index, indent=2) + "\n")
    return path


def choose(archives: list[Archive]) -> list[Archive]:
    """The entries of an index in which every computer finds at most one of the ``archives`` of an extension."""
    entries = []
    for name in sorted({archive["id"] for archive in archives}):
        same = sorted((archive for archive in archives if archive["id"] == name), key=_preference, reverse=True)
        entries += _entries(same)
    return entries


def _preference(archive: Archive) -> tuple[Version, bool, str]:
    return version_of(archive["version"]), "python_versions" in archive, archive["archive_url"]


def version_of(text: str) -> Version:
    """(major, minor, patch) of a version."""
    return tuple(int(part) for part in text.split("-")[0].split("+")[0].split("."))


def _blenders(archive: Archive) -> tuple[Version, Version]:
    """The first Blender that it runs in, and the first one after the last."""
    oldest, too_new = archive["blender_version_min"], archive.get("blender_version_max")
    return version_of(oldest), version_of(too_new) if too_new else NEWER_THAN_ALL


def _entries(preferred: list[Archive]) -> Iterator[Archive]:
    """Entries of one extension's archives, the preferred first: where one fits, the later ones are left out."""
    ends = sorted({end for archive in preferred for end in _blenders(archive)})
    spans = list(zip(ends, ends[1:], strict=False))
    wins: dict[int, dict[tuple[Version, Version], dict[str, list[str]]]] = {}
    for span in spans:
        for platform in PLATFORMS:
            for python in PYTHONS:
                best = next((i for i, archive in enumerate(preferred) if _fits(archive, span, platform, python)), None)
                if best is not None:
                    wins.setdefault(best, {}).setdefault(span, {}).setdefault(platform, []).append(python)
    for best, where in sorted(wins.items()):
        for (begin, end), platforms, pythons in _merged(where):
            yield _narrowed(preferred[best], begin, end, platforms, pythons)


def _fits(archive: Archive, span: tuple[Version, Version], platform: str, python: str) -> bool:
    begin, end = _blenders(archive)
    pythons = archive.get("python_versions", [python])
    return (
        begin <= span[0] and span[1] <= end
        and platform in archive.get("platforms", [platform])
        and (python in pythons or python.split(".")[0] in pythons)
    )  # fmt: skip


def _merged(
    where: dict[tuple[Version, Version], dict[str, list[str]]],
) -> Iterator[tuple[tuple[Version, Version], list[str], list[str]]]:
    """Spans of Blenders with the platforms and Pythons that they have in common; adjoining ones are one."""
    open_spans: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Version, Version]] = {}
    for (begin, end), platforms in sorted(where.items()):
        alike: dict[tuple[str, ...], list[str]] = {}
        for platform, pythons in platforms.items():
            alike.setdefault(tuple(pythons), []).append(platform)
        for pythons, names in alike.items():
            key = tuple(names), pythons
            before = open_spans.get(key)
            if before is not None and before[1] != begin:
                yield before, list(names), list(pythons)
                before = None
            open_spans[key] = (before[0] if before else begin, end)
    for (names, pythons), span in open_spans.items():
        yield span, list(names), list(pythons)


def _narrowed(archive: Archive, begin: Version, end: Version, platforms: list[str], pythons: list[str]) -> Archive:
    """An archive's entry for some of the computers that it runs on."""
    entry = {**archive, "blender_version_min": ".".join(map(str, begin))}
    limits = {
        "blender_version_max": ".".join(map(str, end)) if end < NEWER_THAN_ALL else None,
        "platforms": platforms if len(platforms) < len(PLATFORMS) else None,
        "python_versions": pythons if len(pythons) < len(PYTHONS) else None,
    }
    for key, value in limits.items():
        entry.pop(key, None)
        if value is not None:
            entry[key] = value
    return entry
