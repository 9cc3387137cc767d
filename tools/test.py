"""Run ruff, pyright and the tests: in .venv and in Blender 4.2, 4.5 and 5.0; other arguments go to pytest.

Blender tests that are slow, or the same in every version, are run in 4.5 alone. ``--blender all`` runs every Blender
test in every version that is supported, ``--blender 5.3`` in one.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .blenders.environments import BLENDERS, BY_DEFAULT, IN_VENV, blender_python
from .support import environment, loaders
from .support.arguments import command_parser
from .support.checkout import ROOT
from .support.checks import CHECKS
from .support.test_suites import NOTHING_COLLECTED, Result, Suite, run_jobs

TESTS = ROOT / "tests"
BLENDER_TESTS = TESTS / "blender"
EXPORT_TESTS = BLENDER_TESTS / "export"
PARTS = (("evaluation", "pipeline", "training"), ("tools",))
"""Folders whose tests are a suite of their own, the shortest last: of short suites two cores have work to the end."""
THAT_DIFFER = ("-m", "not slow and not any_blender")
"""The tests that a second Blender runs too: not what takes long, and not what is the same in all."""


def run(arguments: list[str]) -> int:
    """Run the checks and the suites, two at a time; the exit status is the worst of all."""
    parser = command_parser("test", __doc__)
    parser.add_argument("--checks", action="store_true", help="run only ruff and pyright")
    parser.add_argument(
        "--blender", choices=[*BLENDERS, "all"], help="run only the Blender tests, in this version or in all six"
    )
    parser.add_argument(
        "--loaders", action="store_true",
        help="install other programs' readers (npm, PyPI) first, and run the tests of exports that need them",
    )  # fmt: skip
    options, remaining = parser.parse_known_args(arguments)
    if options.loaders:
        loaders.install()
        remaining = [str(EXPORT_TESTS), *remaining]
    begun = time.monotonic()
    chosen = [] if options.checks else suites(options.blender, remaining)
    everything = options.blender is None and not any(is_test_path(argument, TESTS) for argument in remaining)
    results = run_jobs([*(CHECKS if options.checks or everything else ()), *chosen])
    print(f"{', '.join(result.title for result in results)}: {time.monotonic() - begun:.0f} s")
    # Continuous integration reads this line, which therefore stands alone and last.
    print(", ".join(f"{sum(result.counts[name] for result in results)} {name}" for name in Result.OUTCOMES))
    return exit_status([result.status for result in results])


def suites(blender: str | None, arguments: list[str]) -> list[Suite]:
    """The runs of pytest, the longest first. Paths among the arguments choose the suites that hold them."""
    paths = [str(Path(argument).resolve()) for argument in arguments if is_test_path(argument, TESTS)]
    others = [argument for argument in arguments if not is_test_path(argument, TESTS)]
    in_blender = [path for path in paths if is_test_path(path, BLENDER_TESTS)]
    outside = [path for path in paths if path not in in_blender]
    with_blender = list(blender_suites(blender, in_blender, others)) if in_blender or not paths else []
    without = list(core_suites(outside, others)) if blender is None and (outside or not paths) else []
    return [*with_blender[:1], *without[:-1], *with_blender[1:], *without[-1:]]


def core_suites(paths: list[str], others: list[str]) -> Iterator[Suite]:
    """The runs in .venv without Blender: of some paths, or of what ``PARTS`` leave and of each of them."""
    parts = {", ".join(part): [str(TESTS / folder) for folder in part] for part in PARTS}
    apart = [folder for folders in parts.values() for folder in folders]
    rest = [str(TESTS), *(f"--ignore={folder}" for folder in (*apart, BLENDER_TESTS))]
    chosen = {"threepoint": paths} if paths else {"threepoint": rest, **parts}
    for title, tests in chosen.items():
        yield Suite(title, partial(environment.python_of, environment.VENV), (*tests, *others))


def blender_suites(blender: str | None, paths: list[str], others: list[str]) -> Iterator[Suite]:
    """The runs in each Blender; those that were not asked for by number leave to ``IN_VENV`` what it does for all."""
    everything = blender is not None or bool(paths)
    for version in {None: BY_DEFAULT, "all": BLENDERS}.get(blender, (blender,)):
        some = () if everything or version == IN_VENV else THAT_DIFFER
        tests = paths or [str(BLENDER_TESTS)]
        yield Suite(f"Blender {version}", partial(blender_python, version), (*tests, *some, *others))


def is_test_path(argument: str, folder: Path) -> bool:
    """Whether an argument names something that exists in a folder of tests; ``file::test`` counts as its file."""
    path = Path(argument.split("::")[0]).resolve()
    return path.exists() and path.is_relative_to(folder)


def exit_status(statuses: list[int]) -> int:
    """The worst of the statuses. A suite that the arguments leave empty is no failure beside one that is not."""
    counted = [status for status in statuses if status != NOTHING_COLLECTED]
    return max((abs(status) for status in counted), default=NOTHING_COLLECTED)
