"""What Blender starts in the engine's own Python: this file, by its path. ``server`` says what is asked and answered.

Any Python 3 can read this file: one that is too old is told so. Started with ``--check`` it only prints its hello as a
line of JSON; where the Python will not do, the last line on standard error says why. Started with ``--read``, in
Blender's own Python, it reads a file (``reading``). With ``--one-core`` it computes on one core, as live tracking does.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from .session import EngineSession

OLDEST_PYTHON, OLDEST_TORCH = (3, 11), (2, 6)


def load_package() -> None:
    """Make ``import threepoint`` mean the folder of this file, whatever its name is and whatever is installed."""
    root = Path(__file__).resolve().parent.parent.parent
    spec = importlib.util.spec_from_file_location(
        "threepoint", str(root / "__init__.py"), submodule_search_locations=[str(root)]
    )
    assert spec is not None and spec.loader is not None
    sys.modules["threepoint"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["threepoint"])


def check_version(name: str, version: str, oldest: tuple) -> None:
    """End the process with a line where ``version`` (a text) is older than ``oldest`` (major, minor)."""
    if tuple(int(part) for part in version.split(".")[:2]) < oldest:
        sys.exit("{} {} is too old; {}.{} or newer is needed".format(name, version, *oldest))


def open_session() -> "EngineSession":
    """The ``EngineSession``; ends the process with a line where this Python's torch will not do."""
    check_version("torch", importlib.import_module("torch").__version__, OLDEST_TORCH)
    return importlib.import_module("threepoint.model_core.worker.session").EngineSession()


def protocol_streams() -> "tuple[BinaryIO, BinaryIO]":
    """Standard input and output for the protocol alone: what libraries print goes to standard error from here on."""
    target = os.fdopen(os.dup(1), "wb")
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, target


if __name__ == "__main__":
    streams = protocol_streams()
    check_version("Python", sys.version.split()[0], OLDEST_PYTHON)
    load_package()
    if "--one-core" in sys.argv[1:]:
        importlib.import_module("threepoint.model_core.threads").compute_on_one_core()
    if "--check" in sys.argv[1:]:
        streams[1].write(json.dumps(open_session().hello()).encode())
        streams[1].flush()
    elif "--read" in sys.argv[1:]:
        reading = importlib.import_module("threepoint.model_core.worker.reading")
        streams[1].write(reading.answer(json.load(streams[0])))
        streams[1].flush()
    else:
        importlib.import_module("threepoint.model_core.worker.server").serve(streams[0], streams[1], open_session)
