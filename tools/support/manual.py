"""The manual's pages as a browser shows them: what of Markdown the pages in ``docs`` use becomes HTML.

Headings, paragraphs, lists, tables, fenced code, pictures, links, emphasis. Links between pages lead to the pages.
"""

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from .checkout import ROOT

PAGES = ("blender", "recordings")
"""The pages of ``docs`` that users of the extension read."""
FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 52em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }}
img {{ max-width: 100% }} table {{ border-collapse: collapse }} td, th {{ border: 1px solid #bbb; padding: .3em .6em }}
th:empty {{ border: 0; padding: 0 }} code, pre {{ background: #eee }} pre {{ padding: .7em; overflow: auto }}
</style></head><body>
{body}
</body></html>
"""
ITEM = re.compile(r"( *)(?:-|\d+\.) (.*)")
PLACEHOLDER = "\x00{}\x00"


def write_manual(folder: Path) -> None:
    """Write the pages with their pictures into a new ``folder``."""
    folder.mkdir()
    for name in PAGES:
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        (folder / f"{name}.html").write_text(page(text), encoding="utf-8")
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
            (folder / picture).parent.mkdir(exist_ok=True)
            shutil.copy2(ROOT / "docs" / picture, folder / picture)


def page(text: str) -> str:
    """A page of Markdown as HTML."""
    lines = text.splitlines()
    title = next((line[2:] for line in lines if line.startswith("# ")), "Threepoint")
    return FRAME.format(title=html.escape(title), body="\n".join(blocks(lines)))


def blocks(lines: list[str]) -> list[str]:
    """Paragraphs, lists, tables and the like, one after the other."""
    done, place = [], 0
    while place < len(lines):
        line, end = lines[place], place + 1
        if not line.strip():
            pass
        elif line.startswith("```"):
            end = next(i for i in range(place + 1, len(lines)) if lines[i].startswith("```")) + 1
            code = html.escape("\n".join(lines[place + 1 : end - 1]))
            done.append(f"<pre>{code}</pre>")
        elif heading := re.match(r"(#+) (.*)", line):
            level, words = len(heading[1]), inline(heading[2])
            done.append(f'<h{level} id="{anchor(heading[2])}">{words}</h{level}>')
        elif line.startswith("|"):
            end = _while(lines, place, lambda other: other.startswith("|"))
            done.append(table(lines[place:end]))
        elif ITEM.match(line):
            end = _while(lines, place, lambda other: bool(ITEM.match(other)) or other[:1] in ("", " "))
            done.append(listing(lines[place:end]))
        else:
            end = _while(
                lines, place, lambda other: bool(other.strip()) and other[:1] not in "#|`" and not ITEM.match(other)
            )
            done.append(f"<p>{inline(' '.join(lines[place:end]))}</p>")
        place = end
    return done


def listing(lines: list[str]) -> str:
    """A list; what is indented below an item belongs to it."""
    kind = "ol" if lines[0].lstrip()[0].isdigit() else "ul"
    items: list[list[str]] = []
    for line in lines:
        found = ITEM.match(line)
        if found and not found[1]:
            items.append([found[2]])
        else:
            items[-1].append(line.removeprefix("  ") if kind == "ul" else line.lstrip())
    return f"<{kind}>" + "".join(f"<li>{''.join(blocks(item))}</li>" for item in items) + f"</{kind}>"


def table(lines: list[str]) -> str:
    """A table whose second line is a rule."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head, *body = [rows[0], *rows[2:]]
    parts = ["".join(f"<th>{inline(cell)}</th>" for cell in head)]
    parts += ["".join(f"<td>{inline(cell)}</td>" for cell in row) for row in body]
    return "<table>" + "".join(f"<tr>{part}</tr>" for part in parts) + "</table>"


def inline(text: str) -> str:
    """A line's emphasis, code, pictures and links."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(f"<code>{html.escape(found[1])}</code>")
        return PLACEHOLDER.format(len(kept) - 1)

    text = html.escape(re.sub(r"`([^`]+)`", keep, text), quote=False)
    text = re.sub(r"!\[([^]]*)\]\(([^)]+)\)", r'<img alt="\1" src="\2">', text)
    text = re.sub(r"\[([^]]+)\]\(([^)]+)\)", link, text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"(?<![\w*])\*(\S(?:.*?\S)?)\*(?!\w)", r"<i>\1</i>", text)
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], text)


def link(found: re.Match[str]) -> str:
    """A link, matched with its words and its target: from page to page; to what is not there only its words."""
    words, target = found[1], found[2]
    name, dot, rest = target.partition(".md")
    if dot and name not in PAGES:
        return words
    return f'<a href="{name}.html{rest}">{words}</a>' if dot else f'<a href="{target}">{words}</a>'


def anchor(heading: str) -> str:
    """A heading's name in links, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _is_text(line: str) -> bool:
    """Whether a line goes on with the paragraph above it."""
    return bool(line.strip()) and not line.startswith(("#", "|", "```")) and not ITEM.match(line)


def _while(lines: list[str], begin: int, holds: Callable[[str], bool]) -> int:
    """The first place after ``begin`` whose line does not belong to it."""
    return next((i for i in range(begin + 1, len(lines)) if not holds(lines[i])), len(lines))
