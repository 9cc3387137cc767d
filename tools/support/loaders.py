"""What other programs read exports with, for tests: npm's packages and PyPI's, in ignored folders of the checkout."""

import shutil
import subprocess

from ...model_core.errors import InputError
from . import environment
from .checkout import ROOT

FOLDER = ROOT / "tests" / "loaders"
JAVASCRIPT = FOLDER / "node_modules"
VENV = ROOT / ".venv-loaders"
PYTHON = environment.python_of(VENV)


def install() -> None:
    """Install them as the lock files say. Raises ``InputError`` where that fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise InputError("test: --loaders needs Node.js with npm (Debian: apt-get install nodejs npm)")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    if subprocess.run(command, cwd=FOLDER, check=False).returncode:
        raise InputError(f"test: {' '.join(command[1:])} failed in {FOLDER}")
    environment.make_environment(VENV, (FOLDER / "requirements.txt").read_text(encoding="utf-8"))
