"""The folder that a run writes to: taken up again by the same options, by one run at a time."""

import argparse
import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

from ...model_core.batches import shards
from ...model_core.errors import InputError
from ...model_core.recordings.text import decode
from ...model_core.untrusted.budgets import read_bytes
from ...model_core.untrusted.json_text import parse_json
from ...model_core.whole_files import Outputs, write_whole
from .options import said_in_rows

RUN, LOCK = "batch.json", "batch.lock"
FORMAT = "threepoint batch 1"
LARGEST = 1 << 20


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator[str]:
    """The folder made, or taken up again, and kept from other runs; gives the run's own name, which workers must find
    in ``RUN`` when they write: what a killed run has left running writes nothing any more.

    Raises ``InputError`` where another run writes there, or one with other options has.
    """
    folder: Path = options.output
    try:
        (folder / shards.SHARD_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
    with Outputs() as place:
        place.claim(folder / LOCK)
        said, before = said_in_rows(options), _before(folder / RUN)
        if before is not None and before != said:
            name = next(name for name in sorted({*said, *before}) if said.get(name) != before.get(name))
            raise InputError(f"{folder}: was begun with {_flag(name, before)}, and this is {_flag(name, said)}: "
                             "use the same options, or another folder")  # fmt: skip
        run = uuid.uuid4().hex
        write_whole(folder / RUN, json.dumps({"format": FORMAT, "run": run, "options": said}, indent=1) + "\n")
        shards.remove_replaced(folder)
        yield run


def current_run(folder: Path) -> str:
    """The name of the run that may write to the folder."""
    return _content(folder / RUN)["run"]


def _before(path: Path) -> dict[str, str] | None:
    """What the options were of the run that began it; None where there was none."""
    return _content(path)["options"] if path.exists() else None


def _content(path: Path) -> dict:
    content = parse_json(decode(read_bytes(path, largest=LARGEST), path.name), path.name)
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("options"), dict):
        raise InputError(f"{path}: is not of `python3 tools batch`; name another folder")
    return content


def _flag(name: str, said: dict[str, str]) -> str:
    """An option as a user writes it."""
    return f"--{name.replace('_', '-')} {said.get(name)}"
