"""The checks before the tests: ruff's rules, ruff's format and pyright's types, as pyproject.toml configures them."""

from functools import partial
from pathlib import Path

from . import environment
from .test_suites import Job


class Check(Job):
    """A program whose exit status is all that counts."""

    def variables(self, folder: Path) -> dict[str, str]:
        return {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}  # It would ask the network for newer versions.


PYTHON = partial(environment.python_of, environment.VENV)
CHECKS = (
    Check("ruff check", PYTHON, ("ruff", "check", ".")),
    Check("ruff format", PYTHON, ("ruff", "format", "--check", ".")),
    Check("pyright", PYTHON, ("pyright", "--warnings")),
)
