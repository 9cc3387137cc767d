"""glTF 2 in its binary form, .glb: one JSON document and one buffer (numpy only).

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
FLOAT = 5126
ARRAY_BUFFER = 34962
COMPONENTS = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
FLOAT_BYTES = 4


class Glb:
    """A glTF document that is being made or changed: ``document`` as JSON has it, ``binary`` its one buffer."""

    def __init__(self, document: dict[str, Any], binary: bytes = b"") -> None:
        self.document = document
        self.binary = bytearray(binary)

    @classmethod
    def read(cls, path: Path | str) -> "Glb":
        """The file at ``path``. Raises ``InputError`` where it is no .glb."""
        content = Path(path).read_bytes()
        chunks: dict[int, bytes] = {}
        if content[:4] == MAGIC and len(content) >= 12 and struct.unpack_from("<II", content, 4)[1] == len(content):
            offset = 12
            while offset + 8 <= len(content):
                length, kind = struct.unpack_from("<II", content, offset)
                chunks[kind] = content[offset + 8 : offset + 8 + length]
                offset += 8 + length
        if JSON_CHUNK not in chunks:
            raise InputError(f"{path}: is no whole glTF binary")
        return cls(json.loads(chunks[JSON_CHUNK]), chunks.get(BINARY_CHUNK, b""))

    def write(self, path: Path | str) -> None:
        """Write the file to ``path``."""
        self._align()
        if self.binary:
            self.document["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
        if self.binary:
            chunks += struct.pack("<II", len(self.binary), BINARY_CHUNK) + self.binary
        Path(path).write_bytes(MAGIC + struct.pack("<II", VERSION, 12 + len(chunks)) + chunks)

    def add(self, values: np.ndarray, is_vertices: bool = False) -> int:
        """Keep ``values`` (n,) or (n, k) as floats; the number of their accessor.

        ``is_vertices``: they belong to a mesh's vertices.
        """
        values = np.ascontiguousarray(values, "<f4")
        self._align()
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": values.nbytes}
        if is_vertices:
            view["target"] = ARRAY_BUFFER
        self.binary += values.tobytes()
        self._list("bufferViews").append(view)
        rows = values.reshape(len(values), -1)
        self._list("accessors").append({
            "bufferView": len(self._list("bufferViews")) - 1, "componentType": FLOAT, "count": len(rows),
            "type": COMPONENTS[rows.shape[1]],
            "min": [float(value) for value in rows.min(0)], "max": [float(value) for value in rows.max(0)],
        })  # fmt: skip
        return len(self._list("accessors")) - 1

    def floats(self, accessor: int) -> np.ndarray:
        """The float values (n, k) of an accessor: a view into ``binary``'s copy."""
        start, count, width = self._place(accessor)
        return np.frombuffer(bytes(self.binary), "<f4", count * width, start).reshape(count, width)

    def replace(self, accessor: int, values: np.ndarray) -> None:
        """Write other floats (n,) or (n, k) in place of an accessor's, of which there are as many."""
        start, count, width = self._place(accessor)
        rows = np.ascontiguousarray(values, "<f4").reshape(count, width)
        self.binary[start : start + rows.nbytes] = rows.tobytes()
        entry = self.document["accessors"][accessor]
        if "min" in entry:
            entry["min"], entry["max"] = ([float(value) for value in part] for part in (rows.min(0), rows.max(0)))

    def _place(self, accessor: int) -> tuple[int, int, int]:
        """Where an accessor's packed floats begin, how many there are, and of how many numbers each."""
        entry = self.document["accessors"][accessor]
        view = self.document["bufferViews"][entry["bufferView"]]
        width = {name: size for size, name in COMPONENTS.items()}.get(entry["type"])
        if (
            entry["componentType"] != FLOAT
            or width is None
            or view.get("byteStride", width * FLOAT_BYTES) != (width * FLOAT_BYTES)
        ):
            raise InputError(f"glTF: accessor {accessor} is not made of packed floats")
        return view.get("byteOffset", 0) + entry.get("byteOffset", 0), entry["count"], width

    def _list(self, name: str) -> list[Any]:
        return self.document.setdefault(name, [])

    def _align(self) -> None:
        self.binary += bytes(-len(self.binary) % FLOAT_BYTES)
