"""Files that appear whole or not at all."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from ...model_core.errors import InputError


class Outputs:
    """A context in which files are written under temporary names and renamed together at its end.

    If the work fails or is interrupted, the temporary files are removed and whatever lay at the targets before is as it
    was.
    """

    def __init__(self) -> None:
        self.pending = {}

    def __enter__(self) -> Self:
        return self

    def path_for(self, target: Path | str) -> Path:
        """Where to write what is to become ``target``: beside it, with its suffix."""
        target = Path(target)
        self.pending[target] = target.with_name(f".{target.stem}.part-{os.getpid()}{target.suffix}")
        return self.pending[target]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for target, temporary in self.pending.items():
            if kind is None:
                os.replace(temporary, target)
            else:
                temporary.unlink(missing_ok=True)


def check_target(path: Path | str, suffixes: Sequence[str]) -> Path:
    """An output path, refused before any work is done if it cannot be written."""
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: an output here ends in {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: cannot be written; choose a file in a folder that is yours")
    return path


def say_sizes(paths: Iterable[Path]) -> None:
    """Print each file with its size."""
    for path in paths:
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
