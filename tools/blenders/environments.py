"""An environment for the module of each Blender, in the Python that this Blender has, made on first use."""

from dataclasses import dataclass
from pathlib import Path

from ..support import environment
from ..support.checkout import ROOT
from . import debian_root

SHARED_PINS = ("setuptools", "pytest", "hypothesis")
"""Packages that a Blender's environment takes over from the requirements: nothing that the add-on must not import."""


@dataclass(frozen=True)
class Blender:
    """A series of Blender: its ``bpy`` on PyPI, its Python, and the numpy that Blender itself comes with."""

    bpy: str
    python: tuple[int, int]
    numpy: str


BLENDERS = {
    # 4.2 is the oldest that has extensions, and its numpy the oldest that the add-on meets.
    "4.2": Blender("4.2.23", (3, 11), "1.24.3"),
    # .venv has this one: the newest long-term release whose Python is also that of torch's build for CPUs.
    "4.5": Blender("4.5.15", (3, 11), "1.26.4"),
    # The last with Python 3.11.
    "5.0": Blender("5.0.1", (3, 11), "1.26.4"),
    # From here on Python 3.13, for which there is no numpy 1; 2.3.4 is what Blender 5.1 is built with.
    "5.1": Blender("5.1.2", (3, 13), "2.3.4"),
    "5.2": Blender("5.2.3", (3, 13), "2.3.4"),
    "5.3": Blender("5.3.0", (3, 13), "2.3.4"),
}
"""The newest release of each series that is tested; of other series (4.3, 4.4) PyPI keeps no current one."""
IN_VENV = "4.5"
"""The one whose ``bpy`` the requirements name, beside torch and all else."""
BY_DEFAULT = ("4.5", "4.2", "5.0")
"""Those of ``python3 tools test``, which has twelve minutes and may find no Python but 3.11; the longest first."""


def blender_python(version: str) -> Path:
    """The interpreter of an environment with a version's ``bpy``, made on first use.

    Where this system has not the Python that it takes, in a Debian that has.
    """
    if version == IN_VENV:
        return environment.python_of(environment.VENV)
    blender, folder = BLENDERS[version], ROOT / f".venv-bpy-{version}"
    requirements = requirements_of(blender)
    if not environment.is_ready(folder, requirements):
        try:
            python = environment.find_python(blender.python)
        except environment.EnvironmentProblem:
            if blender.python != debian_root.SUITE_PYTHON:
                raise
            return debian_root.python_in_root(f"bpy-{version}", requirements)
        environment.say(f"making {folder} for the tests in Blender {version} (about 1 GB)")
        environment.make_environment(folder, requirements, python, blender.python)
    return environment.python_of(folder)


def requirements_of(blender: Blender) -> str:
    """The text of the requirements for a Blender's environment."""
    pins = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    shared = [pin for pin in pins if pin.split("==")[0] in SHARED_PINS]
    return "\n".join([f"bpy=={blender.bpy}", f"numpy=={blender.numpy}", *shared]) + "\n"
