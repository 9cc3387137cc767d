"""``python3 tools docs``: an environment made once, a site that appears whole and checked or not at all."""

import pytest

from threepoint.model_core.errors import InputError
from threepoint.tools import docs
from threepoint.tools.support import environment


@pytest.fixture
def made(monkeypatch):
    """MkDocs as a function that writes pages: ``made`` is what the next call writes, and its exit status."""
    wanted = {"pages": {"index.html": "<a href='b.html'>b</a>", "b.html": "b"}, "status": 0}

    def mkdocs(temporary, *words):
        folder = temporary / "site"
        assert words[:2] == ("build", "--strict") and words[-1] == str(folder)
        folder.mkdir()
        for name, text in wanted["pages"].items():
            (folder / name).write_text(text, encoding="utf-8")
        return wanted["status"]

    monkeypatch.setattr(docs, "_mkdocs", mkdocs)
    return wanted


def test_a_whole_site_takes_the_place_of_the_one_before(made, tmp_path, capsys):
    site = tmp_path / "site"
    for _ in range(2):
        assert docs.run(["-o", str(site)]) == 0
        assert capsys.readouterr().out.strip() == str(site / "index.html")
        (site / "old.html").touch()
    docs.build(site)
    assert {path.name for path in site.iterdir()} == {"index.html", "b.html"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": 1}, "MkDocs refuses the pages"),
        ({"pages": {"index.html": "<img src='gone.png'>"}}, "1 broken links or pictures"),
        ({"pages": {}}, "1 broken links or pictures"),
    ],
)
def test_a_site_that_is_not_whole_leaves_the_one_before(made, tmp_path, change, message):
    docs.build(tmp_path / "site")
    made.update(change)
    with pytest.raises(InputError, match=message):
        docs.build(tmp_path / "site")
    assert (tmp_path / "site" / "b.html").is_file()


def test_a_folder_with_something_else_in_it_is_not_replaced(made, tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(InputError, match="holds something else than a site"):
        docs.build(tmp_path)
    assert (tmp_path / "mine.txt").is_file()


@pytest.mark.parametrize("ready", [True, False])
def test_the_environment_is_made_once_from_its_lock(monkeypatch, ready):
    calls = []
    monkeypatch.setattr(environment, "is_ready", lambda folder, requirements: ready)
    monkeypatch.setattr(environment, "make_environment", lambda *arguments: calls.append(arguments))
    assert docs.docs_python().is_relative_to(environment.DOCS_VENV)
    lock = environment.DOCS_REQUIREMENTS.read_text(encoding="utf-8")
    assert calls == ([] if ready else [(environment.DOCS_VENV, lock)])


def test_an_environment_that_cannot_be_made_is_one_line(monkeypatch):
    def fail(*_):
        raise environment.EnvironmentProblem("pip says no")

    monkeypatch.setattr(environment, "is_ready", lambda folder, requirements: False)
    monkeypatch.setattr(environment, "make_environment", fail)
    with pytest.raises(InputError, match="pip says no"):
        docs.docs_python()


def test_the_lock_is_written_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(docs, "write_docs_lock", lambda: calls.append("lock"))
    monkeypatch.setattr(docs, "build", lambda folder: calls.append("build"))
    assert docs.run(["--lock"]) == 0 and calls == ["lock"]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    lock = environment.DOCS_REQUIREMENTS.read_text(encoding="utf-8")
    if not environment.is_ready(environment.DOCS_VENV, lock):
        pytest.skip("python3 tools docs was never called here, which makes what builds the site")
    docs.build(tmp_path / "site")
    method = (tmp_path / "site" / "method.html").read_text(encoding="utf-8")
    assert "<math" in method and "arithmatex" not in method
    assert 'href="weights/sage.html"' in method
    assert (tmp_path / "site" / "search" / "search_index.js").is_file()
