"""Checksums of the zips of a folder, in the format of ``sha256sum``."""

from pathlib import Path

from ...model_core.checksums import checksum
from ...model_core.whole_files import write_whole

SUMS = "SHA256SUMS"


def write_sums(folder: Path) -> Path:
    """Write ``SHA256SUMS`` for all zips in ``folder`` and return its path; ``sha256sum --check`` reads it."""
    lines = [f"{checksum(path)}  {path.name}\n" for path in sorted(folder.glob("*.zip"))]
    write_whole(folder / SUMS, "".join(lines))
    return folder / SUMS
