"""Pickles that harm whoever unpickles them: refused in little memory, and nothing of them is run."""

import os
import pickle
import resource
import struct
import sys
import traceback

import numpy as np
import pytest

from threepoint.model_core.untrusted.inert_pickle import load_inert, only_item, to_array


def text(words):
    return b"\x8c" + bytes([len(words)]) + words.encode()


HOSTILE = {
    "a tuple nested three million deep as a key": b"\x80\x02}" + b")" + b"\x85" * 3_000_000 + b"Ns.",
    "one 300,000 deep in a set": b"\x80\x04\x8f(" + b")" + b"\x85" * 300_000 + b"\x90.",
    "one 300,000 deep in a frozen set": b"\x80\x04(" + b")" + b"\x85" * 300_000 + b"\x91.",
    "lists nested 300,000 deep": b"\x80\x02}X\x01\x00\x00\x00a" + b"]" * 300_000 + b"a" * 299_999 + b"s.",
    "a place in the memo of gigabytes": b"\x80\x02}r" + struct.pack("<I", 0x7FFFFFFF) + b"0.",
    "bytes of a terabyte": b"\x80\x04}(\x8c\x01a\x8e" + struct.pack("<Q", 1 << 40) + b"xu.",
    "a number of two billion bytes": b"\x80\x02}X\x01\x00\x00\x00a\x8b" + struct.pack("<i", 0x7FFFFFFF) + b"s.",
    "a number of a million digits": b"(S'a'\nI" + b"9" * 1_000_000 + b"\nd.",
    "a dictionary as a key": b"\x80\x02}}Ns.",
    "an extension": b"(S'a'\n\x82\x01d.",
    "something persistent": b"(S'a'\nPos.system\nd.",
    "a buffer from outside": b"\x80\x05}(\x8c\x01a\x97u.",
    "os.system": b"cos\nsystem\n(S'true'\ntR.",
    "builtins.eval from the stack": b"\x80\x04" + text("builtins") + text("eval") + b"\x93" + text("1") + b"\x85R.",
    "getattr of an inert object": b"\x80\x04" + text("builtins") + text("getattr") + b"\x93)R.",
    "attributes by dots": b"\x80\x04" + text("numpy") + text("ndarray.tofile") + b"\x93)R.",
    "one text encoded again and again": b"\x80\x02c_codecs\nencode\nq\x00X" + struct.pack("<I", 10**6) + b"a" * 10**6
    + b"q\x01" + b"h\x00h\x01\x85R0" * 100_000 + b".",
    "no end": b"}" * 1000,
    "nothing on the stack": b"\x80\x02R.",
    "nothing at all": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_in_little_memory(name):
    """In a process of its own: the first of them ended Blender."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            load_inert(HOSTILE[name])
            status = 1 if name != "a place in the memo of gigabytes" and "lists" not in name else 0
        except Exception:
            status = 0
        except BaseException:
            traceback.print_exc()
            status = 2
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os._exit(status if grown < 500_000 else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_come_back(protocol):
    values = {
        "text": "ä", "bytes": b"\x00\xff", "number": -(2**70), "small": 3, "float": 1.5, "none": None, "truth": True,
        "list": [1, [2, (3, 4, 5, 6)]], "empty": [(), {}, []], "lie": False,
    }  # fmt: skip
    again = load_inert(pickle.dumps(values, protocol=protocol))
    if protocol < 3:  # Bytes are made of text there, and of what Python 2 had.
        again["bytes"] = values["bytes"]
    assert again == values


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_come_back(protocol):
    array = np.arange(12, dtype=">f4").reshape(3, 4)
    again = load_inert(pickle.dumps({"a": array, "b": [np.float64(2)]}, protocol=protocol))
    np.testing.assert_array_equal(to_array(again["a"]), array)
    inside = load_inert(pickle.dumps(np.array({"a": array}, dtype=object), protocol=protocol))
    np.testing.assert_array_equal(to_array(only_item(inside)["a"]), array)


@pytest.mark.parametrize("starts", [[0, 400_000_000], [0, -5], [1, 1], [0, 3]])
def test_sparse_matrices_whose_parts_do_not_agree_are_refused(starts):
    import scipy.sparse

    matrix = scipy.sparse.csc_matrix(np.ones((3, 1)))
    matrix.indptr = np.array(starts)
    if starts == [0, 3]:
        matrix.indices = np.array([0, 1])
    with pytest.raises(pickle.UnpicklingError, match="parts do not agree"):
        to_array(load_inert(pickle.dumps(matrix, protocol=2)))
    assert sys.getrecursionlimit() <= 1000
