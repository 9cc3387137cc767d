"""Runs in the other Blender: ``child.py JOB.json`` loads the avatar, exports it and writes ``answer.json`` beside it.

The file appears under its own name once it is whole. The answer is the reason why there is none, "" where there is one.
"""

import importlib
import json
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent.parent


def main(job_path: Path) -> None:
    """Do the job."""
    sys.path.insert(0, str(PACKAGE.parent))
    writers = importlib.import_module(f"{PACKAGE.name}.blender_addon.export.writers")
    job = json.loads(job_path.read_text(encoding="utf-8"))
    try:
        writers.write(job)
        reason = ""
    except Exception as error:
        reason = writers.reason_of(error)
    job_path.with_name("answer.json").write_text(json.dumps(reason), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
    sys.stdout.flush()
    os._exit(0)  # The answer is written: what Blender still tidies up while it ends takes longer.
