"""What every test needs: the package under its name, and the material outside the repository where it is at hand."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from checkout import SHARED, load_package  # noqa: E402

load_package()


@pytest.fixture(scope="session")
def shared():
    """Folder of mocap and recordings beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the folder {SHARED.name} beside the checkout")
    return SHARED
