"""Whatever Python is started runs nothing that lies in the current folder or that variables point to."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from threepoint.model_core.child_python import clean_environment, command, run_bounded
from threepoint.model_core.recordings import read
from threepoint.tests.recordings.formats.test_xror import xror_document
from threepoint.tools.support.imports import source_files

ROOT = Path(__file__).resolve().parent.parent
STARTERS = {"run", "Popen", "call", "check_call", "check_output", "execv"}
SPRUNG = "import pathlib; pathlib.Path({trap!r}).write_text('sprung')\n"


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A file that appears where a module of the current folder, or of one that a variable names, is run."""
    folder, trap = tmp_path / "here", tmp_path / "trap.txt"
    folder.mkdir()
    for name in ("fpzip", "numpy", "resource", "json", "sitecustomize", "usercustomize", "encodings", "h5py"):
        (folder / f"{name}.py").write_text(SPRUNG.format(trap=str(trap)))
    monkeypatch.chdir(folder)
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONUSERBASE"):
        monkeypatch.setenv(name, str(folder))
    return trap


def test_the_current_folder_is_not_run_by_a_reader(trap, make_recording, tmp_path):
    (tmp_path / "session.xror").write_bytes(xror_document(make_recording(1.0)))
    assert len(read(tmp_path / "session.xror").time) > 1
    assert not trap.exists()


def test_a_child_has_a_folder_of_its_own_and_no_strange_variables(trap, monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", "")
    program = "import os, numpy; print(os.listdir(), [n for n in os.environ if n.startswith(('PYTHON', 'LD_'))])"
    done = run_bounded(sys.executable, program, [], b"", 20, 1 << 31)
    assert (done.status, done.output) == (0, b"[] []\n") and not trap.exists()


def test_a_child_has_its_limits_and_ends_at_them(trap):
    limits = "import resource as r; print(r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_AS))"
    assert run_bounded(sys.executable, limits, [], b"", 7, 1 << 30).output == b"(7, 7) (1073741824, 1073741824)\n"
    assert run_bounded(sys.executable, "bytes(1 << 32)", [], b"", 20, 1 << 30).status == 1
    over = "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)"  # What the system sends at the limit.
    assert run_bounded(sys.executable, over, [], b"", 20, 1 << 30).status == -signal.SIGXCPU


def test_a_child_that_waits_for_ever_is_broken_off(trap):
    with pytest.raises(subprocess.TimeoutExpired):
        run_bounded(sys.executable, "import time; time.sleep(60)", [], b"", 1, 1 << 30)


def test_the_engine_is_started_like_that(trap):
    child = subprocess.run(
        command(sys.executable, "-c", "import numpy, sys; print(sys.flags.isolated)"), env=clean_environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert child.stdout == "1\n" and not trap.exists()


def test_every_python_is_started_by_the_one_helper():
    """Where a process is started, what is run is made by ``command``, or it is no Python."""
    offenders = []
    for path in source_files(ROOT):
        source = path.read_text(encoding="utf-8")
        if "sys.executable" not in source and "python" not in source.lower():
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.List) or len(node.elts) < 2 or ast.unparse(node.elts[1]) == "'-I'":
                continue  # One word is no command, and this one is isolated.
            if "python" in ast.unparse(node.elts[0]).lower() or ast.unparse(node.elts[0]) == "sys.executable":
                offenders.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}")
    assert {line.split()[0].split(":")[0] for line in offenders} <= {
        "tools/support/environment.py",  # restart(): this very process becomes another.
        "blender_addon/engine/bundled.py",  # What a stamp is made of, no command.
    }, offenders
