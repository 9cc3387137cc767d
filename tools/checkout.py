"""Where this checkout lies, and its registration as the package ``threepoint`` (standard library only).

The folder may have any name (a clone, Blender's extension folder), so it is registered rather than found on the path.
"""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
"""Motion capture and recordings that stay outside the repository, where they are at hand."""


def load_package():
    """Make ``import threepoint`` mean this checkout."""
    if "threepoint" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        "threepoint", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["threepoint"] = module
    spec.loader.exec_module(module)
