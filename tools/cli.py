"""The command line: ``python3 tools COMMAND`` in a checkout, ``threepoint COMMAND`` where the package is installed.

Readable by any Python 3 without packages: ``start`` is what the first call of a checkout runs.
"""

from __future__ import annotations

import ast
import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from .support import environment
from .support.checkout import IS_CHECKOUT, PROGRAM

COMMANDS = (
    "demo", "animate", "batch", "live", "prepare", "train", "evaluate", "simulate", "ablations", "compare", "bench",
    "fuzz", "build", "test", "architecture", "pictures", "docs",
)  # fmt: skip
CHECKOUT_COMMANDS = ("build", "test", "architecture", "pictures", "docs")
"""Commands about the sources, which an installed package does not have."""
ONE_CORE_COMMANDS = ("live",)
"""Commands that compute a single frame at a time."""
BAD_INPUT = 2
INTERRUPTED = 130
interruptions: list[int] = []
"""Signals that asked this process to stop."""


def interrupt(signal_number: int, _: object) -> None:
    """Stop what is being done, and remember why: libraries turn the exception into others on its way."""
    interruptions.append(signal_number)
    raise KeyboardInterrupt


def help_text() -> str:
    """The table of commands; each line is the first line of that command's file."""
    lines = [f"usage: {PROGRAM} COMMAND ...   (COMMAND --help shows its options)", ""]
    for command in COMMANDS if IS_CHECKOUT else [name for name in COMMANDS if name not in CHECKOUT_COMMANDS]:
        source = (Path(__file__).parent / (command + ".py")).read_text(encoding="utf-8")
        lines.append(f"  {command:<13} {(ast.get_docstring(ast.parse(source)) or '').splitlines()[0]}")
    return "\n".join(lines)


def complain(message: object) -> int:
    """Write the one line that a failing command leaves on standard error."""
    print("threepoint: error: " + " ".join(str(message).split()), file=sys.stderr)
    return BAD_INPUT


def run_command(command: str, arguments: list[str]) -> int:
    """Run one command in this Python; its exit status, with errors that a user can correct turned into a line."""
    from ..model_core.errors import InputError
    from ..model_core.threads import compute_on_one_core, keep_freed_memory, wait_politely

    wait_politely()
    keep_freed_memory()
    if command in ONE_CORE_COMMANDS:
        compute_on_one_core()
    try:
        return importlib.import_module("." + command, __package__).run(arguments)
    except InputError as error:
        return complain(error)
    except ImportError as error:
        hint = environment.library_hint(str(error)) or environment.extra_hint(error.name)
        if hint is None:
            raise
        return complain(hint)


def refusal(arguments: list[str]) -> int | None:
    """The exit status of a call that names no command: after the table, or after the line that says what is wrong."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    if arguments[0] not in COMMANDS:
        return complain("unknown command '{}'; there are: {}".format(arguments[0], ", ".join(COMMANDS)))
    if arguments[0] in CHECKOUT_COMMANDS and not IS_CHECKOUT:
        return complain(
            f"{arguments[0]} works on Threepoint's sources: run it in a checkout, python3 tools {arguments[0]}"
        )
    return None


def run(arguments: list[str]) -> int:
    """Do what the arguments say in this Python; the exit status."""
    if (status := refusal(arguments)) is not None:
        return status
    try:
        return run_command(arguments[0], arguments[1:])
    except (KeyboardInterrupt, Exception) as error:
        if not interruptions:
            raise
        said = f"; {error}" if isinstance(error, KeyboardInterrupt) and error.args else ""
        print(f"threepoint: interrupted{said}", file=sys.stderr)
        return INTERRUPTED


def start(arguments: list[str]) -> int:
    """Do what the arguments say in the checkout's environment, which the first call makes; the exit status."""
    if (status := refusal(arguments)) is not None:
        return status
    try:
        environment.enter(arguments)
    except environment.EnvironmentProblem as error:
        return complain(error)
    except KeyboardInterrupt:
        print("threepoint: interrupted", file=sys.stderr)
        return INTERRUPTED


def leave(status: int) -> None:
    """End the process. Blender's module hangs or crashes in Python's own shutdown, so that is left out after it."""
    sys.stdout.flush()
    sys.stderr.flush()
    if "bpy" in sys.modules:
        os._exit(status)
    sys.exit(status)


def main(do: Callable[[list[str]], int] = run) -> None:
    """Run this process's arguments, with ``run`` or ``start``, and end with their status."""
    # SIGTERM ends like Ctrl-C: what was being written is removed on the way out.
    for stop in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(stop) is not signal.SIG_IGN:  # A shell's background jobs are not meant to hear Ctrl-C.
            signal.signal(stop, interrupt)
    leave(do(sys.argv[1:]))
