"""Pickles of numpy, chumpy and scipy arrays, read without running anything that they contain (numpy only).

A machine of our own goes through the pickle's instructions: a loop, in which nothing recurs and nothing is allocated
that the file's bytes do not hold. It knows a dozen names and puts an inert object in place of each; any other name is
refused. Keys and members of sets are plain values, for hashing others may go as deep as a file likes.
"""

import codecs
import pickle
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_INSTRUCTIONS = 2_000_000
"""Published models take some thousand."""
LARGEST_DENSE = 1 << 28
"""Bytes of a sparse matrix that is filled up with zeros."""
DEEPEST_SELECTION = 16


class Inert:
    """Stands in for an object of a pickle: remembers what it was made of and does nothing."""

    def __init__(self, kind: str, arguments: tuple[Any, ...] = ()) -> None:
        self.kind, self.arguments = kind, arguments
        self.state: Any = {}


ARRAY, DTYPE, CHUMPY, SELECTION, SPARSE_COLUMNS, SPARSE_ROWS, OTHER = (
    "array", "dtype", "chumpy array", "chumpy selection", "sparse columns", "sparse rows", "object",
)  # fmt: skip
"""Kinds of ``Inert``: an array's state is (version, shape, dtype, column order, bytes); a dtype's first argument names
kind and size, its state's second entry the byte order; chumpy's array is under ``x``, its selection takes entries
``idxs`` of ``a``; sparse matrices are scipy's."""

_KINDS = {
    ("numpy", "ndarray"): ARRAY,
    ("numpy", "dtype"): DTYPE,
    ("numpy.core.multiarray", "scalar"): OTHER,
    ("numpy._core.multiarray", "scalar"): OTHER,
    ("__builtin__", "object"): OTHER,
    ("builtins", "object"): OTHER,
    ("chumpy.ch", "Ch"): CHUMPY,
    ("chumpy", "Ch"): CHUMPY,
    ("chumpy.reordering", "Select"): SELECTION,
    ("scipy.sparse.csc", "csc_matrix"): SPARSE_COLUMNS,
    ("scipy.sparse._csc", "csc_matrix"): SPARSE_COLUMNS,
    ("scipy.sparse.csr", "csr_matrix"): SPARSE_ROWS,
    ("scipy.sparse._csr", "csr_matrix"): SPARSE_ROWS,
}


def _array_from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> Inert:
    array = Inert(ARRAY)
    array.state = (None, shape, dtype, order == "F", content)
    return array


def _reconstruct_object(kind: Any, *_: Any) -> Inert:
    if not isinstance(kind, _Name) or kind.kind is None:
        raise pickle.UnpicklingError("an object of an unknown kind")
    return Inert(kind.kind)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding}")
    return text.encode("latin1")


_FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: Inert(ARRAY),
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: Inert(ARRAY),
    ("numpy.core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_from_buffer,
    ("copy_reg", "_reconstructor"): _reconstruct_object,
    ("copyreg", "_reconstructor"): _reconstruct_object,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "set"): lambda *_: set(),
    ("builtins", "set"): lambda *_: set(),
    ("collections", "OrderedDict"): lambda: {},
}


class _Name:
    """A name that a pickle asks for: that of a ``kind`` of ``Inert``, or of a function that may be called."""

    def __init__(self, module: str, name: str) -> None:
        self.kind = _KINDS.get((module, name))
        self.function = _FUNCTIONS.get((module, name))
        if self.kind is None and self.function is None:
            raise pickle.UnpicklingError(f"refused: it asks for {module}.{name}")

    def call(self, arguments: Any) -> Any:
        if not isinstance(arguments, tuple):
            raise pickle.UnpicklingError("a call without arguments")
        return self.function(*arguments) if self.function else Inert(str(self.kind), arguments)


def _set_of(items: Any) -> set[Any]:
    return {_plain(item) for item in items}


def _plain(key: Any) -> Any:
    """A key of a dictionary, or a member of a set, whose hash goes no deeper."""
    if not isinstance(key, (str, bytes, int, float, type(None))):
        raise pickle.UnpicklingError(f"a {type(key).__name__} as a key")
    return key


_MARK = object()


class _Machine:
    """The stack, the memo and the place in the bytes of a pickle."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.given = 0

    def run(self) -> Any:
        for _ in range(MOST_INSTRUCTIONS):
            code = self.take(1)[0]
            if code == ord("."):
                return self.stack.pop()
            if code not in _INSTRUCTIONS:
                raise pickle.UnpicklingError(f"instruction {code} at byte {self.place - 1}")
            _INSTRUCTIONS[code](self)
        raise pickle.UnpicklingError(f"more than {MOST_INSTRUCTIONS} instructions")

    def take(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.data):
            raise pickle.UnpicklingError("cut short")
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, code: str) -> int:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.place)
        if end < 0:
            raise pickle.UnpicklingError("cut short")
        return self.take(end + 1 - self.place)[:-1]

    def marked(self) -> list[Any]:
        """What lies above the last mark, which goes with it."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                items = self.stack[place + 1 :]
                del self.stack[place:]
                return items
        raise pickle.UnpicklingError("no mark")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def remember(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def set_items(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise pickle.UnpicklingError("items of something that is no dictionary")
        self.stack[-1].update({_plain(key): value for key, value in zip(items[::2], items[1::2], strict=True)})

    def extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise pickle.UnpicklingError("items of something that is no list")
        self.stack[-1].extend(items)

    def add(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], set):
            raise pickle.UnpicklingError("members of something that is no set")
        self.stack[-1].update(_set_of(items))

    def call(self, arguments: Any, name: Any) -> None:
        if not isinstance(name, _Name):
            raise pickle.UnpicklingError("a call of something that is no name")
        self.given += sum(len(given) for given in arguments if isinstance(given, (str, bytes)))
        if self.given > 2 * len(self.data):  # One text that is encoded over and over again.
            raise pickle.UnpicklingError("calls with more than its bytes")
        self.push(name.call(arguments))

    def build(self, state: Any) -> None:
        if isinstance(self.stack[-1], Inert):
            self.stack[-1].state = state


def _text(line: bytes) -> str:
    """A quoted text of Python 2."""
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise pickle.UnpicklingError("a text without quotes")
    return codecs.escape_decode(line[1:-1])[0].decode("latin1")  # type: ignore[attr-defined]


def _integer(line: bytes) -> Any:
    return {b"00": False, b"01": True}.get(line, None) if line in (b"00", b"01") else int(line.rstrip(b"L"))


def _sorted_object(m: _Machine) -> None:
    name, *arguments = m.marked()
    m.call(tuple(arguments), name)


def _global_object(m: _Machine) -> None:
    name = _Name(m.line().decode(), m.line().decode())
    m.call(tuple(m.marked()), name)


def _reduce(m: _Machine) -> None:
    arguments = m.stack.pop()
    m.call(arguments, m.stack.pop())


def _from_stack(m: _Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.push(_Name(str(module), str(name)))


def _last(m: _Machine, count: int) -> list[Any]:
    items = m.stack[len(m.stack) - count :]
    if len(items) < count or any(item is _MARK for item in items):
        raise pickle.UnpicklingError("too little on the stack")
    del m.stack[len(m.stack) - count :]
    return items


_INSTRUCTIONS: dict[int, Callable[[_Machine], object]] = {
    ord(code): action
    for code, action in {
        "\x80": lambda m: m.take(1),
        "\x95": lambda m: m.take(8),
        "(": lambda m: m.push(_MARK),
        "0": lambda m: m.stack.pop(),
        "1": lambda m: m.marked(),
        "2": lambda m: m.push(m.stack[-1]),
        "N": lambda m: m.push(None),
        "\x88": lambda m: m.push(True),
        "\x89": lambda m: m.push(False),
        "I": lambda m: m.push(_integer(m.line())),
        "L": lambda m: m.push(_integer(m.line())),
        "J": lambda m: m.push(m.number("i")),
        "K": lambda m: m.push(m.number("B")),
        "M": lambda m: m.push(m.number("H")),
        "\x8a": lambda m: m.push(int.from_bytes(m.take(m.number("B")), "little", signed=True)),
        "F": lambda m: m.push(float(m.line())),
        "G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
        "S": lambda m: m.push(_text(m.line())),
        "T": lambda m: m.push(m.take(m.number("i")).decode("latin1")),
        "U": lambda m: m.push(m.take(m.number("B")).decode("latin1")),
        "V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
        "X": lambda m: m.push(m.take(m.number("I")).decode("utf-8", "surrogatepass")),
        "\x8c": lambda m: m.push(m.take(m.number("B")).decode("utf-8", "surrogatepass")),
        "\x8d": lambda m: m.push(m.take(m.number("Q")).decode("utf-8", "surrogatepass")),
        "B": lambda m: m.push(m.take(m.number("I"))),
        "C": lambda m: m.push(m.take(m.number("B"))),
        "\x8e": lambda m: m.push(m.take(m.number("Q"))),
        "\x96": lambda m: m.push(m.take(m.number("Q"))),
        ")": lambda m: m.push(()),
        "\x85": lambda m: m.push(tuple(_last(m, 1))),
        "\x86": lambda m: m.push(tuple(_last(m, 2))),
        "\x87": lambda m: m.push(tuple(_last(m, 3))),
        "t": lambda m: m.push(tuple(m.marked())),
        "]": lambda m: m.push([]),
        "l": lambda m: m.push(m.marked()),
        "a": lambda m: m.extend(_last(m, 1)),
        "e": lambda m: m.extend(m.marked()),
        "}": lambda m: m.push({}),
        "s": lambda m: m.set_items(_last(m, 2)),
        "u": lambda m: m.set_items(m.marked()),
        "\x8f": lambda m: m.push(set()),
        "\x90": lambda m: m.add(m.marked()),
        "\x91": lambda m: m.push(_set_of(m.marked())),
        "p": lambda m: m.remember(int(m.line())),
        "q": lambda m: m.remember(m.number("B")),
        "r": lambda m: m.remember(m.number("I")),
        "\x94": lambda m: m.remember(len(m.memo)),
        "g": lambda m: m.push(m.memo[int(m.line())]),
        "h": lambda m: m.push(m.memo[m.number("B")]),
        "j": lambda m: m.push(m.memo[m.number("I")]),
        "c": lambda m: m.push(_Name(m.line().decode(), m.line().decode())),
        "\x93": _from_stack,
        "R": _reduce,
        "\x81": _reduce,
        "i": _global_object,
        "o": _sorted_object,
        "b": lambda m: m.build(m.stack.pop()),
    }.items()
}
"""What each instruction of pickle's protocols 0 to 5 does, but for those that reach outside of the file."""


def _dict_of_marked(m: _Machine) -> None:
    items = m.marked()
    m.push({})
    m.set_items(items)


_INSTRUCTIONS[ord("d")] = _dict_of_marked


def load_inert(data: bytes) -> Any:
    """The content of a pickle, with an inert object for each array. Raises ``UnpicklingError`` for any other object,
    and whatever Python raises where it is damaged."""
    return _Machine(data).run()


def only_item(value: Any) -> Any:
    """What an array, or a list, of a single object holds; ``value`` itself where it is none."""
    while True:
        if isinstance(value, Inert) and value.kind == ARRAY and isinstance(value.state, tuple):
            inside = value.state[-1]
        else:
            inside = value
        if not isinstance(inside, list) or len(inside) != 1:
            return value
        value = inside[0]


def to_array(value: Any) -> Any:
    """The array that an inert object stands for; a list of numbers, or a number, as it is."""
    selections = []
    while isinstance(value, Inert) and value.kind in (CHUMPY, SELECTION):
        if value.kind == CHUMPY:
            value = value.state["x"]
            continue
        selections.append(value.state)
        if len(selections) > DEEPEST_SELECTION:
            raise pickle.UnpicklingError("selections of selections")
        value = value.state["a"]
    array = _to_plain(value)
    for state in reversed(selections):
        array = array.ravel()[_to_plain(state["idxs"])]
        array = array.reshape(state.get("preferred_shape", array.shape))
    return array


def _to_plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, list, int, float)):
        return np.asarray(value)
    if isinstance(value, Inert) and value.kind == ARRAY:
        _, shape, dtype, column_order, content = value.state
        if isinstance(content, str):  # Python 2's strings, read as latin1.
            content = content.encode("latin1")
        return np.frombuffer(content, _to_dtype(dtype)).reshape(shape, order="F" if column_order else "C")
    if isinstance(value, Inert) and value.kind in (SPARSE_COLUMNS, SPARSE_ROWS):
        return _to_dense(value)
    raise pickle.UnpicklingError(f"a {getattr(value, 'kind', type(value).__name__)} where an array was expected")


def _to_dtype(value: Any) -> np.dtype:
    name = value.arguments[0]
    order = value.state[1] if value.state else "|"
    dtype = np.dtype(("" if order == "|" else order) + name)
    if dtype.kind not in "fiub":
        raise pickle.UnpicklingError(f"an array of {dtype}, expected numbers")
    return dtype


def _to_dense(matrix: Inert) -> np.ndarray:
    rows, columns = (int(size) for size in matrix.state.get("_shape", matrix.state.get("shape")))
    starts, indices, values = (_to_plain(matrix.state[key]) for key in ("indptr", "indices", "data"))
    lines = columns if matrix.kind == SPARSE_COLUMNS else rows
    if min(rows, columns) < 0 or rows * columns * 8 > LARGEST_DENSE:
        raise pickle.UnpicklingError(f"a matrix of {rows} by {columns}")
    if len(starts) != lines + 1 or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] != len(indices):
        raise pickle.UnpicklingError("a sparse matrix whose parts do not agree")
    line = np.repeat(np.arange(lines), np.diff(starts))
    dense = np.zeros((rows, columns))
    dense[(indices, line) if matrix.kind == SPARSE_COLUMNS else (line, indices)] = values
    return dense
