"""The parser of a command, under the name that the command is called by."""

import argparse
import os
from collections.abc import Sequence

from ...model_core.command_line.parser import CommandParser
from ...model_core.errors import InputError
from .checkout import PROGRAM


def command_parser(command: str, description: str | None, epilog: str | None = None) -> CommandParser:
    """A parser for ``python3 tools COMMAND``, or ``threepoint COMMAND`` where the package is installed."""
    return CommandParser(prog=f"{PROGRAM} {command}", description=description, epilog=epilog)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """``--threads``, by default as many as OpenMP is told to have, else two: figures of different machines compare."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    default = int(told) if told.isdecimal() and int(told) > 0 else 2
    parser.add_argument("--threads", type=int, default=default, help=f"of torch, {default} unless given")


def choose_subcommand(
    command: str, names: Sequence[str], arguments: Sequence[str], help_text: str | None
) -> str | None:
    """The first argument where it is one of ``names``; None after ``--help``. Raises ``InputError`` otherwise."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(help_text)
        return None
    if not arguments or arguments[0] not in names:
        given = f"not '{arguments[0]}'" if arguments else "nothing was named"
        raise InputError(f"{command}: choose {', '.join(names[:-1])} or {names[-1]} ({given})")
    return arguments[0]
