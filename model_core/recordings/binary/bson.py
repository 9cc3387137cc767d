"""BSON (bsonspec.org, version 1.1), read far enough for XROR; every length is checked before it is believed."""

import struct
from typing import Any

DEEPEST = 32


def parse_bson(data: bytes) -> Any:
    """The document in the bytes ``data`` as a dict. Raises ``ValueError`` where it is damaged."""
    try:
        document, end = _document(data, 0, False, 0)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(str(error)) from None
    if end != len(data):
        raise ValueError(f"says that it is {end} bytes long, is {len(data)}")
    return document


def _document(data, offset, is_list, depth):
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    (length,) = struct.unpack_from("<i", data, offset)
    end = offset + length
    if length < 5 or end > len(data):
        raise ValueError(f"a document of {length} bytes at byte {offset}")
    offset += 4
    fields = {}
    while offset < end - 1:
        kind = data[offset]
        stop = data.index(b"\0", offset + 1, end)
        key = data[offset + 1 : stop].decode("utf-8")
        fields[key], offset = _value(data, stop + 1, kind, depth)
    return (list(fields.values()) if is_list else fields), end


def _value(data, offset, kind, depth):
    """The value of a kind at ``offset``, and where the next field begins."""
    if kind in (3, 4):
        return _document(data, offset, kind == 4, depth + 1)
    if kind == 2:
        start, size = offset + 4, struct.unpack_from("<i", data, offset)[0]
        return _bytes(data, start, size)[:-1].decode("utf-8"), start + size
    if kind == 5:
        start, size = offset + 5, struct.unpack_from("<i", data, offset)[0]
        return _bytes(data, start, size), start + size
    if kind == 8:
        return data[offset] != 0, offset + 1
    if kind in (6, 10):
        return None, offset
    simple = {1: "<d", 9: "<q", 16: "<i", 17: "<Q", 18: "<q"}.get(kind)
    if simple is None:
        raise ValueError(f"a field of kind {kind} at byte {offset}")
    return struct.unpack_from(simple, data, offset)[0], offset + struct.calcsize(simple)


def _bytes(data, start, size):
    if size < 0 or start + size > len(data):
        raise ValueError(f"{size} bytes at byte {start}")
    return data[start : start + size]
