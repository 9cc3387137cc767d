"""A small valid recording of every format: what ``fuzz`` damages. They are the tests' own, in ``tests/data``."""

from pathlib import Path

from ...model_core.errors import InputError

SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "data"
"""A folder for each format; the files in one of them may belong together."""


def valid_samples() -> dict[str, bytes]:
    """Path below ``tests/data`` -> bytes."""
    paths = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.parent != SAMPLES)
    if not paths:
        raise InputError(f"{SAMPLES}: has no recordings; fuzz needs the project's checkout")
    return {path.relative_to(SAMPLES).as_posix(): path.read_bytes() for path in paths if path.suffix != ".pyc"}


def companions(name: str, samples: dict[str, bytes]) -> dict[str, bytes]:
    """The samples that lie beside ``name``, for a recording may be read from several files."""
    folder = name.partition("/")[0]
    return {other: data for other, data in samples.items() if other.startswith(f"{folder}/") and other != name}
