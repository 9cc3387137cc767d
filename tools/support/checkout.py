"""Where this checkout lies (standard library only)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared"
"""Motion capture and recordings that stay outside the repository, where they are at hand."""
