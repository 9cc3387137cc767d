"""Whether a built site is whole: every link, anchor and picture is there, and nothing is loaded from elsewhere."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "img": ("src",), "script": ("src",), "video": ("src", "poster"), "source": ("src",), "audio": ("src",),
    "iframe": ("src",), "object": ("data",), "embed": ("src",),
}  # fmt: skip
"""Attributes by which a page loads another file."""
LOADED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "manifest", "modulepreload"}

STYLE_TARGET = re.compile(r"""(?:url\(|@import )\s*["']?([^"')\s]+)""")


class Page(HTMLParser):
    """What a page of HTML links to, what it loads, and the names that links into it may use."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down a tag's targets and names."""
        given = {name: value for name, value in attrs if value}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        self.loaded += [given[name] for name in LOADED.get(tag, ()) if name in given]
        if tag in ("a", "area") and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and "href" in given:
            loads = LOADED_LINKS & set(given.get("rel", "").split())
            (self.loaded if loads else self.links).append(given["href"])


def problems(site: Path) -> list[str]:
    """A line for each thing that is wrong with the site in a folder; none where all is well."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        return [f"{site}: no page was built"]
    found = []
    for path, page in pages.items():
        found += _loaded_from_elsewhere(site, path, page.loaded)
        for target in [*page.links, *page.loaded]:
            problem = _problem(site, path, target, pages)
            if problem:
                found.append(f"{path.relative_to(site)}: {target}: {problem}")
    for path in sorted(site.rglob("*.css")):
        found += _loaded_from_elsewhere(site, path, STYLE_TARGET.findall(path.read_text(encoding="utf-8")))
    return found


def _loaded_from_elsewhere(site: Path, path: Path, targets: Iterable[str]) -> list[str]:
    """A line for each target that a browser would ask another server for."""
    return [
        f"{path.relative_to(site)}: loads {target}, which is not of the site"
        for target in targets
        if urlsplit(target).netloc or urlsplit(target).scheme not in ("", "data")
    ]


def _problem(site: Path, path: Path, target: str, pages: dict[Path, Page]) -> str | None:
    """What is wrong with one target of the page at ``path``; None where it is there, or is not of the site."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "an absolute path, which a site in a folder does not have"
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not file.is_relative_to(site.resolve()) and file != path:
        return "lies outside of the site"
    if not file.is_file():
        return "is not there"
    page = pages.get(site / file.relative_to(site.resolve()) if parts.path else path)
    name = unquote(parts.fragment)
    if name and page is not None and name not in page.names:
        return f"no heading or name '{name}' there"
    return None
