"""The command line: ``python3 tools COMMAND`` in a checkout, ``threepoint COMMAND`` where the package is installed.

Readable by any Python 3 without packages: ``start`` is what the first call of a checkout runs.
"""

import ast
import importlib
import os
import signal
import sys
from pathlib import Path

from .support import environment

COMMANDS = (
    "demo", "animate", "prepare", "train", "evaluate", "simulate_devices", "simulate_trackers", "ablations", "compare",
    "bench", "fuzz", "build", "test",
)  # fmt: skip
BAD_INPUT = 2
INTERRUPTED = 130
interruptions = []
"""Signals that asked this process to stop."""


def interrupt(signal_number, _):
    """Stop what is being done, and remember why: libraries turn the exception into others on its way."""
    interruptions.append(signal_number)
    raise KeyboardInterrupt


def help_text():
    """The table of commands; each line is the first line of that command's file."""
    lines = ["usage: python3 tools COMMAND ...   (COMMAND --help shows its options)", ""]
    for command in COMMANDS:
        source = (Path(__file__).parent / (command + ".py")).read_text(encoding="utf-8")
        lines.append(f"  {command:<17} {ast.get_docstring(ast.parse(source)).splitlines()[0]}")
    return "\n".join(lines)


def complain(message):
    """Write the one line that a failing command leaves on standard error."""
    print("threepoint: error: " + " ".join(str(message).split()), file=sys.stderr)
    return BAD_INPUT


def run_command(command, arguments):
    """Run one command in this Python; its exit status, with errors that a user can mend turned into a line."""
    from ..model_core.errors import InputError
    from ..model_core.threads import wait_politely

    wait_politely()
    try:
        return importlib.import_module("." + command, __package__).run(arguments)
    except InputError as error:
        return complain(error)
    except ImportError as error:
        hint = environment.library_hint(str(error))
        if hint is None:
            raise
        return complain(hint)


def refusal(arguments):
    """The exit status of a call that names no command: after the table, or after the line that says what is wrong."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    if arguments[0] not in COMMANDS:
        return complain("unknown command '{}'; there are: {}".format(arguments[0], ", ".join(COMMANDS)))
    return None


def run(arguments):
    """Do what the arguments say in this Python; the exit status."""
    if (status := refusal(arguments)) is not None:
        return status
    try:
        return run_command(arguments[0], arguments[1:])
    except (KeyboardInterrupt, Exception):
        if not interruptions:
            raise
        print("threepoint: interrupted", file=sys.stderr)
        return INTERRUPTED


def start(arguments):
    """Do what the arguments say in the checkout's environment, which the first call makes; the exit status."""
    if (status := refusal(arguments)) is not None:
        return status
    try:
        return environment.enter(arguments)
    except environment.EnvironmentProblem as error:
        return complain(error)
    except KeyboardInterrupt:
        print("threepoint: interrupted", file=sys.stderr)
        return INTERRUPTED


def leave(status):
    """End the process. Blender's module hangs or crashes in Python's own shutdown, so that is left out after it."""
    sys.stdout.flush()
    sys.stderr.flush()
    if "bpy" in sys.modules:
        os._exit(status)
    sys.exit(status)


def main(do=run):
    """Run this process's arguments, with ``run`` or ``start``, and end with their status."""
    # A polite kill ends like Ctrl-C: what was being written is removed on the way out.
    for stop in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(stop) is not signal.SIG_IGN:  # A shell's background jobs are not meant to hear Ctrl-C.
            signal.signal(stop, interrupt)
    leave(do(sys.argv[1:]))
