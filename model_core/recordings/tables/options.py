"""What a user can say about a table of their own (numpy only)."""

from dataclasses import dataclass

from ...errors import InputError
from ...shown import printable
from ...untrusted.values import SAMPLE_RATE, choice, mapping, number, text
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
            if getattr(self, name) is not None:
                choice(getattr(self, name), name, tuple(allowed))
        if self.euler_order is not None:
            order = text(self.euler_order, "euler_order", 100)
            if sorted(order.upper()) != ["X", "Y", "Z"]:
                raise InputError(f"euler_order '{order}' should have X, Y and Z once each, such as YXZ")
        if self.fps is not None:
            number(self.fps, "fps", SAMPLE_RATE)
        text(self.device, "device", 100)
        if self.columns is not None:
            for role, names in mapping(self.columns, "columns").items():
                _check_names(role, names)
        return self


def _check_names(role: str, names: object) -> None:
    """Refuse what names no columns: one of the time, a list of them of a tracker."""
    if role == "time":
        text(names, "columns: time")
    elif not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(f"columns: {role} should be a list of names, is {printable(names, 60)}")
