"""Pickles of numpy, chumpy and scipy arrays, read without running anything that they contain (numpy only).

The unpickler knows a dozen names and puts an inert object in place of each; any other name is refused.
"""

import pickle
from typing import Any, BinaryIO

import numpy as np

LARGEST_FILE = 2 << 30
"""Bytes, packed or unpacked: several times the largest published model."""


class _Inert:
    """Stands in for an object of a pickle: remembers what it was made of and does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Inert):
    """numpy.ndarray; its state is (version, shape, dtype, column order, bytes)."""


class _Dtype(_Inert):
    """numpy.dtype; its first argument names kind and size, its state's second entry the byte order."""


class _Chumpy(_Inert):
    """chumpy.ch.Ch, an array under the key x."""


class _ChumpySelect(_Inert):
    """chumpy.reordering.Select: entries ``idxs`` of ``a``."""


class _SparseColumns(_Inert):
    """scipy.sparse.csc_matrix."""


class _SparseRows(_Inert):
    """scipy.sparse.csr_matrix."""


def _reconstruct_array(*_: Any) -> _Array:
    return _Array()


def _array_from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.state = (None, shape, dtype, order == "F", content)
    return array


def _reconstruct_object(kind: Any, *_: Any) -> _Inert:
    if not (isinstance(kind, type) and issubclass(kind, _Inert)):
        raise pickle.UnpicklingError("an object of an unknown kind")
    return kind()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding}")
    return text.encode("latin1")


_ALLOWED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct_array,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct_array,
    ("numpy.core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy.core.multiarray", "scalar"): _Inert,
    ("numpy._core.multiarray", "scalar"): _Inert,
    ("copy_reg", "_reconstructor"): _reconstruct_object,
    ("copyreg", "_reconstructor"): _reconstruct_object,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "object"): _Inert,
    ("builtins", "object"): _Inert,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _ChumpySelect,
    ("scipy.sparse.csc", "csc_matrix"): _SparseColumns,
    ("scipy.sparse._csc", "csc_matrix"): _SparseColumns,
    ("scipy.sparse.csr", "csr_matrix"): _SparseRows,
    ("scipy.sparse._csr", "csr_matrix"): _SparseRows,
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"refused: it asks for {module}.{name}") from None


def load_inert(file: BinaryIO) -> Any:
    """The content of a pickle, with an inert object for each array. Raises ``UnpicklingError`` for any other object."""
    return _RestrictedUnpickler(file, encoding="latin1").load()


def to_array(value: Any) -> np.ndarray:
    """The array that an inert object stands for."""
    if isinstance(value, _Array):
        _, shape, dtype, column_order, content = value.state
        if isinstance(content, str):  # Python 2's strings, read as latin1.
            content = content.encode("latin1")
        return np.frombuffer(content, _to_dtype(dtype)).reshape(shape, order="F" if column_order else "C")
    if isinstance(value, _Chumpy):
        return to_array(value.state["x"])
    if isinstance(value, _ChumpySelect):
        chosen = to_array(value.state["a"]).ravel()[to_array(value.state["idxs"])]
        return chosen.reshape(value.state.get("preferred_shape", chosen.shape))
    if isinstance(value, _SparseColumns | _SparseRows):
        return _to_dense(value)
    raise pickle.UnpicklingError(f"a {type(value).__name__} where an array was expected")


def _to_dtype(value: Any) -> np.dtype:
    name = value.arguments[0]
    order = value.state[1] if value.state else "|"
    dtype = np.dtype(("" if order == "|" else order) + name)
    if dtype.kind not in "fiub":
        raise pickle.UnpicklingError(f"an array of {dtype}, expected numbers")
    return dtype


def _to_dense(matrix: Any) -> np.ndarray:
    shape = matrix.state.get("_shape", matrix.state.get("shape"))
    starts, indices, values = (to_array(matrix.state[key]) for key in ("indptr", "indices", "data"))
    if np.prod(shape, dtype=np.float64) * 8 > LARGEST_FILE:
        raise pickle.UnpicklingError(f"a matrix of {shape}")
    lines = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    dense = np.zeros(shape)
    dense[(indices, lines) if isinstance(matrix, _SparseColumns) else (lines, indices)] = values
    return dense
