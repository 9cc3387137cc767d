"""Makes the test bodies importable: these tests run by ``run.py``, under Blender's Python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
