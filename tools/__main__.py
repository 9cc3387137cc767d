"""The door: ``python3 tools COMMAND``. Stock Python is enough for the first call; see ``environment.py``."""

import ast
import importlib
import os
import signal
import sys

from checkout import ROOT, load_package

load_package()
sys.path.pop(0)  # The folder of this file, or else `import test` and `import build` anywhere would find commands.
from threepoint.tools import environment  # noqa: E402

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
        source = (ROOT / "tools" / (command + ".py")).read_text(encoding="utf-8")
        lines.append(f"  {command:<17} {ast.get_docstring(ast.parse(source)).splitlines()[0]}")
    return "\n".join(lines)


def complain(message):
    """Write the one line that a failing command leaves on standard error."""
    print("threepoint: error: " + " ".join(str(message).split()), file=sys.stderr)
    return BAD_INPUT


def run_command(command, arguments):
    """Run one command inside the environment; its exit status, with errors that a user can mend turned into a line."""
    from threepoint.model_core.errors import InputError
    from threepoint.model_core.threads import wait_politely

    wait_politely()
    try:
        return importlib.import_module("threepoint.tools." + command).run(arguments)
    except InputError as error:
        return complain(error)
    except ImportError as error:
        hint = environment.library_hint(str(error))
        if hint is None:
            raise
        return complain(hint)


def main(arguments):
    """Do what the words say; the exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    command = arguments[0]
    if command not in COMMANDS:
        return complain("unknown command '{}'; there are: {}".format(command, ", ".join(COMMANDS)))
    try:
        environment.enter(arguments)
        return run_command(command, arguments[1:])
    except environment.EnvironmentProblem as error:
        return complain(error)
    except (KeyboardInterrupt, Exception):
        if not interruptions:
            raise
        print("threepoint: interrupted", file=sys.stderr)
        return INTERRUPTED


def leave(status):
    """End the process. Blender's module hangs or crashes in Python's own shutdown, so that is left out after it."""
    sys.stdout.flush()
    sys.stderr.flush()
    if "bpy" in sys.modules:
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    # A polite kill ends like Ctrl-C: what was being written is removed on the way out.
    for stop in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(stop) is not signal.SIG_IGN:  # A shell's background jobs are not meant to hear Ctrl-C.
            signal.signal(stop, interrupt)
    leave(main(sys.argv[1:]))
