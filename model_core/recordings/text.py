"""Bytes of a text file -> ``str``, in whatever encoding a program or a spreadsheet chose."""

import codecs
from functools import lru_cache

from ..errors import InputError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL_CHARACTERS = dict.fromkeys(set(range(32)) - {9, 10, 11, 12, 13})
LARGEST_PART_OF_CONTROLS = 0.01


def decode(data: bytes, name: str) -> str:
    """The text in ``data``, or ``InputError`` where it is not text."""
    encoding = next((encoding for mark, encoding in BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise InputError(f"{name}: begins like {encoding} text but is not: the file is damaged") from None
        return data.decode("latin-1")


def looks_like_text(data: bytes) -> bool:
    """Whether bytes, from the beginning of a file, are text: no zeros and hardly a control character."""
    if any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return True
    controls = len(data) - len(data.decode("latin-1").translate(CONTROL_CHARACTERS))
    return 0 not in data and controls <= LARGEST_PART_OF_CONTROLS * len(data)


@lru_cache(maxsize=2)
def head_text(head: bytes) -> str:
    """The text that a file begins with, without a byte order mark; empty where the bytes ``head`` are no text."""
    if not head or not looks_like_text(head):
        return ""
    try:
        return decode(head, "").lstrip("\ufeff")
    except InputError:
        return ""
