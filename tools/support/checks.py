"""The checks before the tests: ruff's rules, ruff's format and pyright's types, as pyproject.toml configures them."""

import subprocess

from ...model_core.child_python import clean_environment, command
from . import environment
from .checkout import ROOT
from .test_suites import Result

CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "pyright": ("pyright", "--warnings"),
}
"""Each check's module and arguments."""


def run_checks() -> list[Result]:
    """Run every check, one after the other; each counts as one test."""
    return [run_check(title, arguments) for title, arguments in CHECKS.items()]


def run_check(title: str, arguments: tuple[str, ...]) -> Result:
    """Run one check with its output as it comes."""
    print(f"== {title}", flush=True)
    checking = command(environment.python_of(environment.VENV), "-m", *arguments)
    quiet = {
        **clean_environment(),
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }  # It would ask the network for newer versions.
    status = subprocess.run(checking, cwd=ROOT, env=quiet, check=False).returncode
    return Result(title, {"passed": int(status == 0), "failed": int(status != 0), "skipped": 0}, status)
