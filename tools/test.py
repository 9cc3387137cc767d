"""Run ruff, pyright and the tests: in .venv and in Blender 4.2, 4.5 and 5.0; other arguments go to pytest."""

import time
from collections.abc import Iterator
from pathlib import Path

from .support import environment
from .support.arguments import command_parser
from .support.checkout import ROOT
from .support.checks import run_checks
from .support.test_suites import NOTHING_COLLECTED, Result, Suite, run_suites

TESTS = ROOT / "tests"
BLENDER_TESTS = TESTS / "blender"
BLENDERS = {"4.2": "4.2.23", "4.5": None, "5.0": "5.0.1"}
"""Blender's versions and the ``bpy`` of each; None is the one that ``.venv`` has."""
SHARED_PINS = ("setuptools", "numpy", "pytest", "hypothesis")
"""Packages that a Blender environment takes over from the requirements: nothing that the add-on must not import."""


def run(arguments: list[str]) -> int:
    """Run the checks, then the suites, two at a time; the exit status is the worst of all."""
    parser = command_parser("test", __doc__)
    parser.add_argument("--checks", action="store_true", help="run only ruff and pyright")
    parser.add_argument("--blender", choices=[*BLENDERS, "all"], help="run only the Blender tests, in this version")
    options, remaining = parser.parse_known_args(arguments)
    begun = time.monotonic()
    chosen = [] if options.checks else list(suites(options.blender, remaining))
    everything = options.blender is None and not any(is_test_path(argument, TESTS) for argument in remaining)
    results = run_checks() if options.checks or everything else []
    results += run_suites(chosen)
    print(f"{', '.join(result.title for result in results)}: {time.monotonic() - begun:.0f} s")
    # Continuous integration reads this line, which therefore stands alone and last.
    print(", ".join(f"{sum(result.counts[name] for result in results)} {name}" for name in Result.OUTCOMES))
    return exit_status([result.status for result in results])


def suites(blender: str | None, arguments: list[str]) -> Iterator[Suite]:
    """Each run of pytest. Paths among the arguments choose the suites that hold them."""
    paths = [str(Path(argument).resolve()) for argument in arguments if is_test_path(argument, TESTS)]
    others = [argument for argument in arguments if not is_test_path(argument, TESTS)]
    in_blender = [path for path in paths if is_test_path(path, BLENDER_TESTS)]
    outside = [path for path in paths if path not in in_blender]
    if blender is None and (outside or not paths):
        core = outside or [str(TESTS), f"--ignore={BLENDER_TESTS}"]
        yield Suite("threepoint", environment.python_of(environment.VENV), (*core, *others))
    if in_blender or not paths:
        for version in BLENDERS if blender in (None, "all") else (blender,):
            yield Suite(f"Blender {version}", blender_python(version), (*(in_blender or [str(BLENDER_TESTS)]), *others))


def is_test_path(argument: str, folder: Path) -> bool:
    """Whether an argument names something that exists in a folder of tests; ``file::test`` counts as its file."""
    path = Path(argument.split("::")[0]).resolve()
    return path.exists() and path.is_relative_to(folder)


def blender_python(version: str) -> Path:
    """The interpreter of an environment with a version's ``bpy``, made on first use."""
    if BLENDERS[version] is None:
        return environment.python_of(environment.VENV)
    folder = ROOT / f".venv-bpy-{version}"
    pins = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    shared = [pin for pin in pins if pin.split("==")[0] in SHARED_PINS]
    requirements = "\n".join([f"bpy=={BLENDERS[version]}", *shared]) + "\n"
    if not environment.is_ready(folder, requirements):
        environment.say(f"making {folder} for the tests in Blender {version} (about 1 GB)")
        environment.make_environment(folder, requirements)
    return environment.python_of(folder)


def exit_status(statuses: list[int]) -> int:
    """The worst of the statuses. A suite that the arguments leave empty is no failure beside one that is not."""
    counted = [status for status in statuses if status != NOTHING_COLLECTED]
    return max((abs(status) for status in counted), default=NOTHING_COLLECTED)
