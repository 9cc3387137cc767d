"""Runs in the other Blender: ``child.py JOB.json`` loads the avatar, exports it and writes ``answer.json`` beside it.

The file appears under its own name once it is whole. The answer is the reason why there is none, "" where there is one.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent.parent
NAME = "threepoint"
"""What the package is imported as, whatever its folder is called."""


def main(job_path: Path) -> None:
    """Do the job."""
    _import_package()
    writers = importlib.import_module(f"{NAME}.blender_addon.export.writers")
    job = json.loads(job_path.read_text(encoding="utf-8"))
    try:
        writers.write(job)
        reason = ""
    except Exception as error:
        reason = writers.reason_of(error)
    job_path.with_name("answer.json").write_text(json.dumps(reason), encoding="utf-8")


def _import_package() -> None:
    """Import the package from where it lies: its folder's parent in the path would let neighbours hide modules."""
    spec = importlib.util.spec_from_file_location(
        NAME, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    assert spec is not None and spec.loader is not None
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
    sys.stdout.flush()
    os._exit(0)  # The answer is written: what Blender still tidies up while it ends takes longer.
