"""The documents are whole: every page is in the site's navigation, every link, anchor and picture is there."""

import functools
import re

import pytest

from threepoint.tools.support.checkout import ROOT
from threepoint.tools.website.links import Page, problems
from threepoint.tools.website.lists import for_python_markdown
from threepoint.tools.website.pages import (
    for_the_site,
    heading_anchors,
    is_elsewhere,
    pages,
    pages_in_nav,
    repository_path,
    resolved,
    targets,
    without_code,
)

DOCUMENTS = sorted({repository_path(page) for page in pages()} | {"README.md"})


@functools.cache
def anchors_of(path):
    return heading_anchors(text_of(path))


@functools.cache
def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation_once():
    named = pages_in_nav()
    assert sorted(named) == sorted(pages()), "mkdocs.yml: nav"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(document):
    broken = []
    for target in targets(text_of(document)):
        if is_elsewhere(target):
            continue
        path, anchor = resolved(document, target), target.partition("#")[2]
        if not (ROOT / path).exists():
            broken.append(target)
        elif anchor and path.endswith(".md") and anchor not in anchors_of(path):
            broken.append(f"{target}: no such heading")
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_page_has_one_title(document):
    assert len(re.findall(r"^# .", without_code(text_of(document)), re.MULTILINE)) == 1


def test_no_picture_is_left_over():
    shown = {
        resolved(document, target)
        for document in DOCUMENTS
        for target in targets(text_of(document))
        if not is_elsewhere(target)
    }
    lying = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "pictures").iterdir()}
    # The icon is the site's and the extension platform's.
    assert lying - shown - {"docs/pictures/icon.png"} == set()


def test_broken_links_are_found_and_code_is_left_alone():
    text = "[a](b.md) ![c](d/e.png) `[f](g)`\n```\n[h](i)\n```\n[![j](k.png)](l.md#m) <img src='n.png'>\n"
    assert set(targets(text)) == {"b.md", "d/e.png", "k.png", "l.md#m", "n.png"}
    assert resolved("docs/x.md", "../weights/y.md#z") == "weights/y.md"
    assert resolved("docs/x.md", "#z") == "docs/x.md" and resolved("x.md", "../y") == "../y"
    assert heading_anchors("# A `b.py`, c's\n```\n# no\n```\n") == {"a-bpy-cs"}


def test_links_lead_to_the_sites_pages():
    text = "[a](../weights/sage.md#b) `[c](../LICENSE)` [d](../LICENSE) [e](https://f) [g](gone.md) [h](#i)"
    assert for_the_site(text, "docs/training.md") == (
        "[a](weights/sage.md#b) `[c](../LICENSE)` d (`LICENSE` in the repository) [e](https://f) [g](gone.md) [h](#i)"
    )
    assert for_the_site("![a](../docs/pictures/icon.png)", "weights/flag.md") == "![a](../pictures/icon.png)"
    assert for_the_site("[`CITATION.cff`](CITATION.cff), [b](README.md)", "CONTRIBUTING.md") == (
        "`CITATION.cff` (`CITATION.cff` in the repository), [b](index.md)"
    )
    named = for_the_site("[weights/flag.md](../weights/flag.md)", "docs/training.md")
    assert named == "[FLAG's weights](weights/flag.md)"


def test_lists_are_indented_as_python_markdown_has_them():
    text = "Here:\n- one\nlazy\n\n  ![p](q)\n- two\n  1. in\n     ```\n     code\n       deep\n     ```\nafter\n"
    assert for_python_markdown(text) == (
        "Here:\n\n- one\n    lazy\n\n    ![p](q)\n\n- two\n    1. in\n        ```\n        code\n          deep\n"
        "        ```\n\nafter\n"
    )
    indented = "Text:\n\n    python3 tools demo\n\n| a | b |\n| - | - |\n"
    assert for_python_markdown(indented) == indented


def site_of(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def test_a_whole_site_has_no_problems(tmp_path):
    (tmp_path / "p.png").touch()
    whole = site_of(
        tmp_path,
        a="<a href='b.html#here'>b</a><img src='p.png'><a href='https://elsewhere'>c</a>",
        b="<h2 id=here>d</h2><a href='#here'>e</a>",
    )
    assert problems(whole) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<a href='gone.html'>", "gone.html: is not there"),
        ("<a href='#gone'>", "no heading or name 'gone' there"),
        ("<img src='gone.png'>", "gone.png: is not there"),
        ("<video poster='gone.png'>", "gone.png: is not there"),
        ("<script src='https://elsewhere/x.js'>", "loads https://elsewhere/x.js"),
        ("<link rel='stylesheet' href='//elsewhere/x.css'>", "loads //elsewhere/x.css"),
        ("<a href='/a.html'>", "an absolute path"),
        ("<a href='../a.html'>", "lies outside"),
    ],
)
def test_what_is_broken_in_a_site_is_named(tmp_path, text, problem):
    (found,) = problems(site_of(tmp_path, page=text))
    assert found.startswith("page.html: ") and problem in found


def test_a_style_that_loads_from_elsewhere_is_named(tmp_path):
    (tmp_path / "a.css").write_text("b { background: url('c.png') } d { src: url(data:font/woff2;base64,AA) }")
    assert problems(site_of(tmp_path, page="")) == []
    (tmp_path / "a.css").write_text('@import "https://elsewhere/b.css"; c { src: url(//elsewhere/d.woff) }')
    assert [line.split(",")[0] for line in problems(tmp_path)] == [
        "a.css: loads https://elsewhere/b.css", "a.css: loads //elsewhere/d.woff",
    ]  # fmt: skip


def test_a_site_without_pages_is_none(tmp_path):
    assert "no page" in problems(tmp_path)[0]


def test_names_and_targets_of_a_page_are_read():
    page = Page("<a name=x href=y.html><link rel='shortcut icon' href=z.png><link rel=next href=w.html>")
    assert page.names == {"x"} and page.links == ["y.html", "w.html"] and page.loaded == ["z.png"]


def test_the_site_has_a_lock_of_its_own():
    from threepoint.tools.packaging.lock import DOCS_LOCK, DOCS_SOURCE, read_lock

    locked = read_lock(DOCS_LOCK.read_text(encoding="utf-8"))
    wanted = re.findall(r"^([\w.-]+)==(\S+)", DOCS_SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted and all(locked[name][0] == version for name, version in wanted), "run python3 tools docs --lock"
    assert all(version and hashes for version, hashes in locked.values())


def test_the_first_pages_call_buttons_as_they_are_labelled():
    """What stands in italics and begins with a capital is a text of the interface; menus and the tab are Blender's."""
    labels = {
        label
        for path in (ROOT / "blender_addon" / "i18n").glob("zh_hans*.py")
        for label in re.findall(r'^    "(.+?)": ', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert "Predict" in labels
    unknown = {
        name
        for page in ("index", "getting-started", "devices", "glossary")
        for name in re.findall(r"(?<!\*)\*([A-Z][^*>]+)\*(?!\*)", without_code(text_of(f"docs/{page}.md")))
    }
    assert unknown - labels - {"Threepoint"} == set()
