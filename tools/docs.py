"""Build the site from docs/ and the repository's other pages into site/, and check it; --serve to write it.

The site works from its files alone, without a server or a network. MkDocs and what it needs lie in an environment of
their own, ``.venv-docs``, made on the first call. A warning, a link or a picture that leads nowhere ends it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..model_core.child_python import clean_environment, command
from ..model_core.errors import InputError
from .packaging.lock import write_docs_lock
from .support import environment
from .support.arguments import command_parser
from .support.checkout import ROOT
from .website.links import problems

CONFIGURATION = ROOT / "mkdocs.yml"
SITE = ROOT / "site"
SOURCES = "THREEPOINT_SOURCES"
"""The variable by which ``mkdocs.yml`` is told where the package lies whose docstrings are shown."""


def run(arguments: list[str]) -> int:
    """Build the site, or serve it while its pages are written, or make the lock of its packages."""
    parser = command_parser("docs", __doc__)
    parser.add_argument("-o", "--output", type=Path, default=SITE, metavar="FOLDER", help="where to put it")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--serve", action="store_true", help="instead: show it at http://127.0.0.1:8000 as it is written")
    one.add_argument("--lock", action="store_true", help="instead: make requirements-docs.txt of requirements-docs.in")
    options = parser.parse_args(arguments)
    if options.lock:
        write_docs_lock()
    elif options.serve:
        serve()
    else:
        build(options.output)
        print(f"{options.output / 'index.html'}")
    return 0


def docs_python() -> Path:
    """The interpreter of the environment that builds the site, made on first use."""
    requirements = environment.DOCS_REQUIREMENTS.read_text(encoding="utf-8")
    if not environment.is_ready(environment.DOCS_VENV, requirements):
        environment.say(f"making {environment.DOCS_VENV} for the site (about 150 MB)")
        try:
            environment.make_environment(environment.DOCS_VENV, requirements)
        except environment.EnvironmentProblem as problem:
            raise InputError(str(problem)) from None
    return environment.python_of(environment.DOCS_VENV)


def build(folder: Path) -> None:
    """Build the site and put it into ``folder``, whole and checked, or leave what is there. Raises ``InputError``."""
    if folder.exists() and not (folder / "index.html").is_file() and any(folder.iterdir()):
        raise InputError(f"docs: {folder} holds something else than a site; name another folder with -o")
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "site"
        if _mkdocs(Path(temporary), "build", "--strict", "--site-dir", str(made)) != 0:
            raise InputError("docs: MkDocs refuses the pages, and says why above")
        if found := problems(made):
            print("\n".join(found), file=sys.stderr)
            raise InputError(f"docs: the site has {len(found)} broken links or pictures, listed above")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(made, folder)


def serve() -> None:
    """Show the site, built anew whenever a page changes, until it is interrupted."""
    with tempfile.TemporaryDirectory() as temporary:
        if _mkdocs(Path(temporary), "serve", "--no-strict") != 0:
            raise InputError("docs: MkDocs ended, and says why above")


def _mkdocs(temporary: Path, *words: str) -> int:
    """Run MkDocs with its output as it comes; its exit status.

    Its reader of docstrings walks all of a package's folder, which in a checkout holds environments and much else:
    it is shown a copy of the part that the API is in.
    """
    package = temporary / "sources" / "threepoint"
    shutil.copytree(ROOT / "model_core", package / "model_core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "__init__.py", package)
    calling = command(docs_python(), "-m", "mkdocs", *words, "--config-file", str(CONFIGURATION))
    variables = {**clean_environment(), SOURCES: str(package.parent), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(calling, cwd=ROOT, env=variables, check=False, stdout=sys.stderr.fileno()).returncode
