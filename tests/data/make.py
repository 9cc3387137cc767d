"""Write the small recordings of this folder anew: one of every format, by the writers in the formats' tests.

    .venv/bin/python -P tests/data/make.py

Each module ``tests/recordings/formats/test_NAME.py`` has ``write_sample(folder, recording)``, whose files come into the
folder ``NAME`` here. They are what readers are tested on and what ``python3 tools fuzz`` damages.
"""

import importlib
import shutil
from pathlib import Path

from threepoint.tests.recordings.samples import walking_person

HERE = Path(__file__).resolve().parent
WRITERS = HERE.parent / "recordings" / "formats"


def write_samples(into: Path) -> None:
    """Write the sample of each format into the folder ``into``."""
    recording = walking_person()
    for path in sorted(WRITERS.glob("test_*.py")):
        module = importlib.import_module(f"threepoint.tests.recordings.formats.{path.stem}")
        folder = into / path.stem.removeprefix("test_")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        module.write_sample(folder, recording)


if __name__ == "__main__":
    write_samples(HERE)
