"""Which files of the repository are the site's pages, and where a link of one of them leads.

Standard library only: the tests of links and MkDocs's own environment read it alike.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from ..support.checkout import ROOT

DOCS = "docs"
"""The folder whose pages and pictures are the site's, below its top."""
OTHER_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "weights/sage.md", "weights/flag.md", "weights/NOTICE.md")
"""Files elsewhere in the repository that are pages as well, under their own paths."""
HOME = "index.md"
INSTEAD = {"README.md": HOME}
"""What leads to a file that is no page itself leads to this page."""
CODE = re.compile(r"^( *)(```|~~~).*?^\1\2[ \t]*$|(?<!`)(`+)(?!`).+?(?<!`)\3(?!`)", re.MULTILINE | re.DOTALL)
"""Fenced blocks and code within a line, in which nothing is a link."""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|!?\[[^\[\]]*\]\([^()\s]*\))*)\]\(([^()\s]+)\)")
"""A link or a picture: its mark, words and target; the words may hold a picture."""
HTML_TARGET = re.compile(r"""\b(?:src|href|poster)=["']([^"']+)["']""")
HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
NAV_PAGE = re.compile(r"^ *- +(?:.*: +)?([\w./-]+\.md)[ \t]*$", re.MULTILINE)


def site_path(path: str) -> str | None:
    """The page or picture of the site that a file of the repository is; None where it is none.

    ``path`` is relative to the repository's root, with slashes; so is what is returned, to the site's.
    """
    inside = PurePosixPath(path)
    if inside.parts[:1] == (DOCS,):
        return str(inside.relative_to(DOCS))
    return INSTEAD.get(path, path if path in OTHER_PAGES else None)


def repository_path(page: str) -> str:
    """The repository's file of a page of the site: the reverse of ``site_path``."""
    return page if page in OTHER_PAGES else f"{DOCS}/{page}"


def pages() -> set[str]:
    """Every page that there is, by its path in the site."""
    own = {path.relative_to(ROOT / DOCS).as_posix() for path in (ROOT / DOCS).rglob("*.md")}
    return own | set(OTHER_PAGES)


def pages_in_nav() -> list[str]:
    """The pages that ``nav`` of ``mkdocs.yml`` names, in its order."""
    _, _, nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    return NAV_PAGE.findall(nav.partition("\n\n")[0])


def without_code(text: str) -> str:
    """Markdown with its code replaced by as many spaces; lines stay lines."""
    return CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def targets(text: str) -> Iterator[str]:
    """What the links and pictures of a page of Markdown lead to."""
    plain = without_code(text)
    for found in LINK.finditer(plain):
        yield found[3]
        yield from (inner[3] for inner in LINK.finditer(found[2]))
    yield from HTML_TARGET.findall(plain)


def is_elsewhere(target: str) -> bool:
    """Whether a link leads out of the repository: it has a scheme."""
    return re.match(r"[a-zA-Z][a-zA-Z+.-]*:", target) is not None


def resolved(source: str, target: str) -> str:
    """The repository's path that a link in the file ``source`` leads to, without what follows a ``#``.

    A path out of the repository keeps its ``..``.
    """
    parts: list[str] = [] if target.startswith("#") else list(PurePosixPath(source).parent.parts)
    for part in source.split("/") if target.startswith("#") else target.partition("#")[0].split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def heading_anchors(text: str) -> set[str]:
    """The names by which links reach a page's headings, as code hosts and the site make them alike."""
    plain = CODE.sub(lambda found: found[0] if found[3] else "", text)
    return {slug(heading) for heading in HEADING.findall(plain)}


def title(text: str) -> str:
    """The first heading of a page of Markdown."""
    return next(iter(HEADING.findall(text)), "")


def slug(heading: str) -> str:
    """A heading's name in links."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower())
    return words.strip().replace(" ", "-")


def for_the_site(text: str, source: str) -> str:
    """A page of the repository with its links led to the site's pages, which are called by their titles.

    A link to a file that the site does not have becomes the file's name; one to nothing at all stays, for MkDocs to
    refuse.
    """
    page = site_path(source)
    if page is None:
        raise ValueError(f"{source} is no page of the site")
    above = len(PurePosixPath(page).parts) - 1

    def lead(found: re.Match[str]) -> str:
        mark, words, target = found[1], LINK.sub(lead, found[2]), found[3]
        if target.startswith("#") or is_elsewhere(target):
            return f"{mark}[{words}]({target})"
        path = resolved(source, target)
        there = site_path(path)
        if there is not None:
            anchor = "#" + target.partition("#")[2] if "#" in target else ""
            if words.endswith(".md") and (ROOT / path).is_file():
                words = title((ROOT / path).read_text(encoding="utf-8"))
            return f"{mark}[{words}]({'../' * above}{there}{anchor})"
        if (ROOT / path).exists():
            return words if path in words else f"{words} (`{path}` in the repository)"
        return found[0]

    return outside_code(text, lambda part: LINK.sub(lead, part))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Markdown whose parts that are no code are changed; a code span within a link's words belongs to the link."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\x00{len(kept) - 1}\x00"

    changed = change(CODE.sub(keep, text))
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], changed)
