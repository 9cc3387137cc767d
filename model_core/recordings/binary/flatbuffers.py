"""FlatBuffers (flatbuffers.dev), read by the binary schema that travels with them; every offset is checked.

``parse_schema`` reads a ``.bfbs`` (itself a FlatBuffer, of the published ``reflection.fbs``), ``decode`` a message by
it.
"""

import struct
from dataclasses import dataclass
from typing import Any

SCALARS = {1: "B", 2: "?", 3: "b", 4: "B", 5: "h", 6: "H", 7: "i", 8: "I", 9: "q", 10: "Q", 11: "f", 12: "d"}
"""Base types that are numbers: their struct codes."""
STRING, VECTOR, OBJECT, UNION, ARRAY = 13, 14, 15, 16, 17
DEEPEST, LONGEST = 24, 4096
LEAST_READS, READS_PER_BYTE = 1000, 8
"""Values that are read of any message, and of each of its bytes."""


@dataclass(frozen=True)
class Field:
    """A field: its base type, that of its elements, the number of its object, and where it is."""

    name: str
    kind: int
    element: int
    index: int
    offset: int
    fixed: int


@dataclass(frozen=True)
class Kind:
    """A table or struct: its name, its fields, and how many bytes a struct takes."""

    name: str
    fields: tuple[Field, ...]
    is_struct: bool
    size: int


class _Bytes:
    """Bytes that are never read beyond their end."""

    def __init__(self, data: bytes):
        self.data = data
        self.left = LEAST_READS + READS_PER_BYTE * len(data)

    def get(self, code: str, offset: int) -> Any:
        size = struct.calcsize("<" + code)
        self.left -= 1
        if self.left < 0:  # Tables that share their parts, and these again, are as many as one likes.
            raise ValueError("more values than its bytes hold")
        if offset < 0 or offset + size > len(self.data):
            raise ValueError(f"byte {offset} of {len(self.data)}")
        return struct.unpack_from("<" + code, self.data, offset)[0]

    def follow(self, offset: int) -> int:
        return offset + self.get("I", offset)

    def text(self, offset: int) -> str:
        length = self.get("I", offset)
        if offset + 4 + length > len(self.data):
            raise ValueError(f"a text of {length} bytes")
        return self.data[offset + 4 : offset + 4 + length].decode("utf-8", "replace")

    def slot(self, table: int, place: int) -> int:
        """Where a table's field is, by its place in the vtable; 0 where it is absent."""
        vtable = table - self.get("i", table)
        if place >= self.get("H", vtable):
            return 0
        inside = self.get("H", vtable + place)
        return table + inside if inside else 0

    def vector(self, offset: int) -> list[int]:
        """Where the elements of a vector of tables are."""
        count = self.get("I", offset)
        if count > LONGEST:
            raise ValueError(f"a vector of {count}")
        return [self.follow(offset + 4 + 4 * i) for i in range(count)]


def _field(number: int) -> int:
    return 4 + 2 * number


def parse_schema(data: bytes) -> dict[str, Kind]:
    """Tables and structs of a binary schema by name, and its root under an empty name. Raises ``ValueError``."""
    view = _Bytes(data)
    schema = view.follow(0)
    places = view.vector(view.follow(view.slot(schema, _field(0))))
    kinds = [_kind(view, place) for place in places]
    found = {kind.name: kind for kind in kinds} | {str(number): kind for number, kind in enumerate(kinds)}
    root = view.slot(schema, _field(4))
    if root:
        found[""] = _kind(view, view.follow(root))
    return found


def _kind(view: _Bytes, place: int) -> Kind:
    name = view.text(view.follow(view.slot(place, _field(0))))
    struct_slot, size_slot = view.slot(place, _field(2)), view.slot(place, _field(4))
    fields = []
    slot = view.slot(place, _field(1))
    for at in view.vector(view.follow(slot)) if slot else []:
        label = view.text(view.follow(view.slot(at, _field(0))))
        kind = view.follow(view.slot(at, _field(1)))
        numbers = [view.slot(kind, _field(number)) for number in range(4)]
        base, element = (view.get("b", where) if where else 0 for where in numbers[:2])
        index = view.get("i", numbers[2]) if numbers[2] else -1
        fixed = view.get("H", numbers[3]) if numbers[3] else 0
        offset = view.slot(at, _field(3))
        fields.append(Field(label, base, element, index, view.get("H", offset) if offset else 0, fixed))
    return Kind(
        name,
        tuple(fields),
        bool(struct_slot and view.get("?", struct_slot)),
        view.get("i", size_slot) if size_slot else 0,
    )


def decode(schema: dict[str, Kind], name: str, data: bytes) -> dict[str, Any]:
    """A message of the table ``name`` as a dict; absent fields are left out. Raises ``ValueError``."""
    view = _Bytes(data)
    return _object(view, schema, schema[name], view.follow(0), 0)


def _object(view, schema, kind, place, depth):
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    found = {}
    for field in kind.fields:
        where = place + field.offset if kind.is_struct else view.slot(place, field.offset)
        if where:
            found[field.name] = _value(view, schema, field, where, depth)
    return found


def _value(view, schema, field, where, depth):
    if field.kind in SCALARS:
        return view.get(SCALARS[field.kind], where)
    if field.kind == STRING:
        return view.text(view.follow(where))
    if field.kind == OBJECT:
        kind = schema[str(field.index)]
        return _object(view, schema, kind, where if kind.is_struct else view.follow(where), depth + 1)
    if field.kind in (VECTOR, ARRAY):
        return _elements(view, schema, field, where, depth)
    return None


def _elements(view, schema, field, where, depth):
    start, count = where, field.fixed
    if field.kind == VECTOR:
        start = view.follow(where)
        count, start = view.get("I", start), start + 4
    if count > LONGEST:
        raise ValueError(f"a vector of {count}")
    if field.element in SCALARS:
        code = SCALARS[field.element]
        return [view.get(code, start + struct.calcsize(code) * i) for i in range(count)]
    if field.element == OBJECT:
        kind = schema[str(field.index)]
        step = kind.size if kind.is_struct else 4
        places = [start + step * i if kind.is_struct else view.follow(start + 4 * i) for i in range(count)]
        return [_object(view, schema, kind, place, depth + 1) for place in places]
    return []
