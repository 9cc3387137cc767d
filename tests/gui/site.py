"""Open every page of the built site in Chromium, from its files: ``python tests/gui/site.py SITE FOLDER``.

``FOLDER/PAGE-light.png`` and ``PAGE-dark.png`` show a page at a desktop's width and at a phone's. The status is 1 where
a page is wider than either, or where the search finds nothing. ``--only PAGE`` opens one page. Needs ``chromium``.
"""

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = {"desktop": 1280, "phone": 390}
HEIGHT = 3000
SCHEMES = {"dark": 0, "light": 1}
"""Chromium's numbers of the colours that a user prefers."""
MILLISECONDS = 6000
"""Of the page's own time: as long as its scripts take at most."""
SEARCHED = "uncertainty"
TOO_WIDE = """
<script>addEventListener("load", () => setTimeout(() => {
  const wide = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument.documentElement;
    return [frame.title, page.scrollWidth - page.clientWidth];
  });
  document.body.append(Object.assign(document.createElement("pre"), { id: "wide", textContent: JSON.stringify(wide) }));
}, 2000));</script>
"""


def chromium(address: str, *options: str) -> str:
    """Open an address without a window; what Chromium prints."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    words = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--allow-file-access-from-files", f"--virtual-time-budget={MILLISECONDS}", *options, address]  # fmt: skip
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout


def frames(pages: list[Path], height: int) -> str:
    """Pages in frames as wide as the screens; a frame's title says which page it shows, and how wide."""
    return "".join(
        f'<iframe src="{html.escape(page.as_uri())}" title="{html.escape(page.name)} {name}" width="{width}" '
        f'height="{height}" style="border: 0; margin-right: 20px; vertical-align: top"></iframe>'
        for page in pages
        for name, width in WIDTHS.items()
    )


def photograph(page: Path, target: Path, scheme: str, temporary: Path) -> None:
    """A picture of a page at every width, side by side."""
    sheet = temporary / "sheet.html"
    sheet.write_text(f'<body style="margin: 0; background: #888; white-space: nowrap">{frames([page], HEIGHT)}')
    size = f"--window-size={sum(WIDTHS.values()) + 20 * len(WIDTHS)},{HEIGHT}"
    preferred = f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    chromium(sheet.as_uri(), size, preferred, f"--screenshot={target}")


def too_wide(pages: list[Path], temporary: Path) -> list[str]:
    """The pages, with the width, of which a part lies beyond the screen."""
    found = []
    for page in pages:
        sheet = temporary / "wide.html"
        sheet.write_text(f"<body>{frames([page], 800)}{TOO_WIDE}")
        measured = re.search(r'<pre id="wide">(.*?)</pre>', chromium(sheet.as_uri(), "--dump-dom"), re.DOTALL)
        if measured is None:
            sys.exit(f"{page}: was not shown in {MILLISECONDS / 1000:g} s")
        found += [f"{name}: {beyond} px" for name, beyond in json.loads(html.unescape(measured[1])) if beyond > 0]
    return found


def main() -> int:
    """Take the pictures and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="PAGE", action="append", help="such as weights/sage.html")
    options = parser.parse_args()
    site = options.site.resolve()
    pages = [site / name for name in options.only or ()] or sorted(site.rglob("*.html"))
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for page in pages:
            for scheme in SCHEMES:
                photograph(page, options.folder.resolve() / f"{page.stem}-{scheme}.png", scheme, Path(temporary))
        problems = [f"{line} too wide" for line in too_wide(pages, Path(temporary))]
    results = chromium(f"{(site / 'index.html').as_uri()}?q={SEARCHED}", "--dump-dom")
    if "md-search-result__link" not in results:
        problems.append(f"the search finds nothing for '{SEARCHED}'")
    print("\n".join([*problems, f"{len(pages)} pages, {len(problems)} problems"]))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
