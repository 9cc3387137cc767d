"""What a user can say about a table of their own (numpy only)."""

from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ..conventions import CONVENTIONS
from ..guessing import LENGTH_SCALES, TIME_SCALES


@dataclass(frozen=True)
class TableOptions:
    """What a user knows of a table; None means: guess.

    ``time_unit`` s, ms, us, ns, ticks (100 ns), min or day; ``fps`` in place of a time column; ``length_unit`` m, cm,
    mm, ft or in;
    ``convention`` a name of ``conventions.CONVENTIONS``; ``euler_order`` such as ``YXZ``; ``quaternion_order`` wxyz or
    xyzw, of columns that are numbered only; ``angle_unit`` degrees or
    radians; ``columns`` role -> names of its columns (position x, y, z, then rotation w, x, y, z or Euler x, y, z) and
    ``time`` -> the name of the time column; ``device`` the offset preset of the hands.
    """

    time_unit: str | None = None
    fps: float | None = None
    length_unit: str | None = None
    convention: str | None = None
    euler_order: str | None = None
    quaternion_order: str | None = None
    angle_unit: str | None = None
    columns: dict | None = None
    device: str = ""

    def validate(self) -> "TableOptions":
        """Return self, or raise ``InputError`` naming what cannot be."""
        choices = {
            "time_unit": TIME_SCALES,
            "length_unit": LENGTH_SCALES,
            "convention": CONVENTIONS,
            "angle_unit": ("degrees", "radians"),
            "quaternion_order": ("wxyz", "xyzw"),
        }
        for name, allowed in choices.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise InputError(f"{name} '{value}' is not known; it can be {', '.join(allowed)}")
        if self.euler_order is not None and sorted(self.euler_order.upper()) != ["X", "Y", "Z"]:
            raise InputError(f"euler_order '{self.euler_order}' should have X, Y and Z once each, such as YXZ")
        if self.fps is not None and not (np.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"fps is {self.fps}, should be positive")
        return self
