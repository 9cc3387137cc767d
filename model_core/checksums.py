"""Whether the weights and the body that come with Threepoint are what they were when they were packed.

``weights/manifest.json`` has the SHA-256 of every file; it is compared when a file is loaded, once as long as the file
does not change. ``python3 tools build --checksums`` writes it anew. Standard library only.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from .errors import InputError
from .untrusted.budgets import file_size
from .untrusted.json_text import parse_json
from .untrusted.values import mapping

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
MANIFEST = WEIGHTS / "manifest.json"
SUFFIXES = (".npz", ".safetensors")
HOW_TO_MEND = "install Threepoint again, or, in a checkout, run git checkout weights"


def verified(path: Path | str) -> Path:
    """``path`` itself. Raises ``InputError`` where it is one of our own weights and is missing or damaged."""
    path = Path(path)
    if path.resolve().parent == WEIGHTS:
        file_size(path)
        about = path.stat()
        _verify(path.resolve(), about.st_mtime_ns, about.st_size)
    return path


@lru_cache(maxsize=64)
def _verify(path: Path, _changed: int, _size: int) -> None:
    expected = known_checksums().get(path.name)
    if expected is None:
        raise InputError(f"{path}: is not in weights/manifest.json; python3 tools build --checksums writes it anew")
    if checksum(path) != expected:
        raise InputError(f"{path}: is damaged: its checksum is not the one in weights/manifest.json; {HOW_TO_MEND}")


def known_checksums() -> dict[str, str]:
    """File name -> SHA-256, of the manifest. Raises ``InputError``."""
    file_size(MANIFEST)
    content = mapping(parse_json(MANIFEST.read_text(encoding="utf-8"), MANIFEST.name), MANIFEST.name)
    return mapping(content.get("sha256"), f"sha256 in {MANIFEST.name}")


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_text() -> str:
    """What the manifest should say of the files that are there."""
    files = sorted(path for path in WEIGHTS.iterdir() if path.suffix in SUFFIXES)
    return json.dumps({"sha256": {path.name: checksum(path) for path in files}}, indent=1) + "\n"
