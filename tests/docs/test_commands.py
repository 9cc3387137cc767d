"""What the documents tell people to run: each command exists and takes the options that it is given there."""

import ast
import contextlib
import importlib
import math
import re
import shlex
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import threepoint
from threepoint.model_core import batches, pipeline
from threepoint.model_core.batches.rows import BatchRow
from threepoint.model_core.command_line.animate_arguments import (
    add_calibration,
    add_outputs,
    add_prediction,
    add_reading,
)
from threepoint.model_core.command_line.parser import CommandParser
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import Motion
from threepoint.tools import animate
from threepoint.tools.cli import COMMANDS
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.website.pages import pages, repository_path

DOCUMENTS = sorted({repository_path(page) for page in pages() if page != "CHANGELOG.md"} | {"README.md"})
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
CALL = re.compile(
    r"(?:python3 tools|python3 -m threepoint\.tools|threepoint) (?=[a-z])|blender --background --command "
)


def text_of(document):
    return (ROOT / document).read_text(encoding="utf-8")


def commands_of(text):
    """The command lines of a page: in blocks of code, indented, and within lines of text."""
    lines = [line for _, block in BLOCK.findall(text) for line in block.splitlines()]
    plain = BLOCK.sub("", text)
    lines += INDENTED.findall(plain) + [" ".join(span.split()) for span in SPAN.findall(plain)]
    return [line.partition(" #")[0].strip() for line in lines if CALL.match(line.strip())]


class Parsed(Exception):
    """In place of what a command would do; its argument are the words that its own parser leaves to another."""


@pytest.fixture
def only_parsing(monkeypatch, tmp_path):
    """Every command ends where its arguments are known to be right, in a folder with the file that a page shows."""
    (layout,) = (
        span for span in SPAN.findall(BLOCK.sub("", text_of("docs/recordings.md"))) if span.startswith('{"columns"')
    )
    (tmp_path / "lab.json").write_text(layout)
    monkeypatch.chdir(tmp_path)
    parse, parse_known = CommandParser.parse_args, CommandParser.parse_known_args
    inside = []

    def parse_args(parser, words=None, namespace=None):
        inside.append(parser)
        try:
            parse(parser, words, namespace)
        finally:
            inside.pop()
        raise Parsed([])

    def parse_known_args(parser, words=None, namespace=None):
        found = parse_known(parser, words, namespace)
        if inside:
            return found
        raise Parsed(found[1])

    monkeypatch.setattr(CommandParser, "parse_args", parse_args)
    monkeypatch.setattr(CommandParser, "parse_known_args", parse_known_args)


def check(line):
    """Let a command line's own parser read it. Raises ``InputError`` where it is wrong."""
    words, in_blender = shlex.split(CALL.sub("", line, count=1)), line.startswith("blender")
    if in_blender:
        assert words.pop(0) == "threepoint", line
    command, *given = words
    if command not in (("animate",) if in_blender else COMMANDS):
        raise InputError(f"there is no command {command}")
    if not given:  # A page that names a command need not say what to do it to.
        return
    with contextlib.suppress(SystemExit):  # --help
        try:
            run_in_blender(given) if in_blender else importlib.import_module(f"threepoint.tools.{command}").run(given)
        except Parsed as parsed:
            paths = [word for word in parsed.args[0] if "/" in word]  # Of ``test``, whose other words are pytest's.
            assert all((ROOT / path).exists() for path in paths), line
        else:
            raise AssertionError(f"{line}: was run")


def run_in_blender(given):
    """What the command inside Blender does first, with the parser that ``blender_addon`` makes there."""
    parser = CommandParser(prog="animate")
    for add in (add_outputs, add_reading, add_calibration, add_prediction):
        add(parser)
    parser.parse_args(given)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_page_can_be_run(document, only_parsing):
    wrong = []
    for line in commands_of(text_of(document)):
        try:
            check(line)
        except InputError as error:
            if " ... " not in line or "arguments are required" not in str(error):  # What stands above is left out.
                wrong.append(f"{line}: {error}")
    assert wrong == []


def test_commands_are_found_where_they_stand_and_wrong_ones_are_refused(only_parsing):
    block = "```\nthreepoint demo  # this\npip install .\n```\n"
    text = f"Run `python3 tools fuzz\n--meaning` or\n{block}\n    python3 tools build --lok\n"
    assert commands_of(text) == ["threepoint demo", "python3 tools build --lok", "python3 tools fuzz --meaning"]
    check("python3 tools fuzz --meaning")
    for line in ("python3 tools build --lok", "threepoint walk", "python3 tools train sage --config fats"):
        with pytest.raises(InputError):
            check(line)


def test_every_command_is_in_the_documents():
    told = {CALL.sub("", line, count=1).split()[0] for document in DOCUMENTS for line in commands_of(text_of(document))}
    assert set(COMMANDS) - told == set()


# What the contributing guide shows are sketches, to be completed.
@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - {"CONTRIBUTING.md"}))
def test_python_in_a_page_is_python_and_names_what_there_is(document):
    for language, code in BLOCK.findall(text_of(document)):
        if language != "python":
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "threepoint":
                assert node.attr in threepoint._PUBLIC, f"{document}: threepoint.{node.attr}"


SHOWING_PYTHON = [page for page in DOCUMENTS if "```python" in text_of(page) and page != "CONTRIBUTING.md"]


@pytest.mark.parametrize("document", SHOWING_PYTHON)
def test_python_in_a_page_runs(document, tmp_path, monkeypatch):
    """With a motion in the place of the one that is predicted, and one of the reader's own recordings."""
    body, game = threepoint.load_body(), ROOT / "tests" / "data" / "bsor" / "game.bsor"
    recording = threepoint.read(game)
    still = Motion(60.0, np.tile([1.0, 0, 0, 0], (5, 22, 1)), np.tile([0.0, 0.9, 0], (5, 1)), body.betas_for(1.7))
    row = BatchRow("a.bsor", motion=still, calibration=SimpleNamespace(betas=still.betas), figures={"hovering": 0.0})
    given = []
    monkeypatch.setattr(pipeline, "animate", lambda recording, options=None, networks=None: given.append(1) or still)
    monkeypatch.setattr(pipeline, "load_networks", lambda device: None)
    monkeypatch.setattr(batches, "read_batch", lambda folder, ids=None: given.append(1) or iter([row]))
    for name in ("session.bsor", "my_session.bsor"):
        shutil.copy2(game, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    blocks = [code for language, code in BLOCK.findall(text_of(document)) if language == "python"]
    for code in blocks:
        exec(compile(code, document, "exec"), {"recording": recording, "threepoint": threepoint})
    assert blocks and (given or document == "docs/recordings.md")
    if any("write_amass" in code for code in blocks):
        assert np.load(tmp_path / "motion.npz")["poses"].shape == (5, 156)


def test_the_api_has_every_public_name():
    headings = re.findall(r"^ +heading: threepoint\.(\w+)$", text_of("docs/api.md"), re.MULTILINE)
    assert sorted(headings) == sorted(threepoint._PUBLIC)
    for path in re.findall(r"^::: threepoint\.([\w.]+)$", text_of("docs/api.md"), re.MULTILINE):
        module, _, name = path.rpartition(".")
        part = importlib.import_module(f"threepoint.{module}")
        assert hasattr(part, name), path


def test_the_refinement_is_told_as_it_is():
    from threepoint.model_core.observation import FPS
    from threepoint.model_core.pipeline.solve import UNCERTAINTY_SAMPLES
    from threepoint.model_core.refinement import refine, uncertainty, windows
    from threepoint.model_core.refinement.energy import TERMS

    units = {"cm": 0.01, "cm/s": 0.01, "degrees": math.pi / 180, "rad": 1.0, "m/s³": 1.0}
    text = " ".join(text_of("docs/refinement.md").split())
    told = []
    for row in text_of("docs/refinement.md").splitlines():
        if row.startswith("| `"):
            _, names, _, values, _ = row.replace(r"$\sqrt{10}$ times", f"{math.sqrt(10)} rad of").split("|")
            values = [float(number) * units[unit] for number, unit in re.findall(r"([\d.]+) ([\w/³]+)", values)]
            told += zip(SPAN.findall(names), values, strict=True)
    assert dict(told) == pytest.approx({term.name: term.sigma for term in TERMS})
    assert f"Windows of {windows.WINDOW} frames that overlap by {windows.OVERLAP} are" in text
    assert windows.KNOT_FRAMES == 4 and refine.ITERATIONS == 8 and "a knot every four frames" in text
    assert f"Eight iterations of L-BFGS ({refine.BODY_TRACKER_ITERATIONS} with body trackers)" in text
    assert f"$K = {UNCERTAINTY_SAMPLES}$ codes" in text and f"{FPS / uncertainty.EVERY:g} times a second" in text


@pytest.mark.parametrize(
    ("beginning", "source"),
    [("**How much it brings**", "README.md"), ("**How good the number is**", "weights/flag.md")],
)
def test_the_scores_told_on_the_way_are_those_of_the_tables(beginning, source):
    """A model card that is made anew makes them wrong."""
    (paragraph,) = (part for part in text_of("docs/refinement.md").split("\n\n") if part.startswith(beginning))
    told = set(re.findall(r"\d+\.\d+|\d+(?= %| cm/s)", paragraph)) - {"50", "90"}  # The intervals' names.
    rows = "\n".join(line for line in text_of(source).splitlines() if line.startswith("|"))
    assert told and told - set(re.findall(r"\d+(?:\.\d+)?", rows)) == set()


def test_what_the_documents_say_of_reports_works(capsys):
    """The one command that takes no more than a moment, with a sample in the place of the reader's own recording."""
    lines = [line for name in DOCUMENTS for line in commands_of(text_of(name)) if line.endswith("--report")]
    assert lines
    for line in lines:
        command, _, *options = shlex.split(CALL.sub("", line, count=1))
        assert (command, options) == ("animate", ["--report"])
    assert animate.run([str(ROOT / "tests" / "data" / "bsor" / "game.bsor"), "--report"]) == 0
    assert "head" in capsys.readouterr().out
