"""Where this checkout lies, if there is one (standard library only)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
"""The package's folder: the checkout's root, or where ``pip install`` put it."""
IS_CHECKOUT = (ROOT / "pyproject.toml").is_file()
PROGRAM = "python3 tools" if IS_CHECKOUT else "threepoint"
"""How the command line is called."""
WORK = ROOT if IS_CHECKOUT else Path.cwd()
"""Where commands keep ``demo/``, ``data/`` and ``runs/``: in the checkout, or in the current folder."""
SHARED = WORK.parent / "shared"
"""Motion capture and recordings that stay outside the repository, where they are at hand."""
