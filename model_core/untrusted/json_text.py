"""JSON from outside: parsed whole or refused in one line (standard library only)."""

import json
from typing import Any

from ..errors import InputError


def parse_json(text: str, name: str, expected: str = "whole JSON") -> Any:
    """The value in ``text``. Raises ``InputError`` that begins with ``name`` and says where it stops being JSON.

    Numbers of thousands of digits, and brackets nested by thousands, are what nobody writes: these are refused, too.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InputError(f"{name}: is not {expected} ({place})") from None
    except (RecursionError, ValueError, MemoryError):
        raise InputError(f"{name}: is not {expected}: it is nested too deeply, or a number in it is too long") from None
