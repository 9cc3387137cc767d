"""The recording that *Try a Sample* and the command ``demo`` show: a real one, free to give away (``NOTICE.md``)."""

from pathlib import Path

SAMPLE = Path(__file__).with_name("sample.json")
"""Cut by ``tools.packaging.sample``."""
