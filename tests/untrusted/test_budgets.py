"""Memory is granted before it is taken, and in proportion to the file."""

import os
import zipfile

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.untrusted.budgets import Budget, file_size, is_folder, read_arrays, read_bytes


def test_what_is_claimed_adds_up():
    budget = Budget("a.bin", 10_000_000)
    budget.claim(150_000_000, "its poses")
    budget.claim(50_000_000, "its hands")
    with pytest.raises(InputError, match="a chunk unpacks to 1 MB, more than a file of 10 MB can rightly hold"):
        budget.claim(1_000_000, "a chunk")
    with pytest.raises(InputError):
        Budget("a.bin", 10).claim(-1, "nothing")


def test_only_plain_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a plain file"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a plain file"):
        read_bytes("/dev/zero")
    with pytest.raises(InputError, match="is a folder"):
        read_bytes(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_bytes(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in (tmp_path / "loop", "a" * 300, "nul\0name"):
        with pytest.raises(InputError, match="cannot be read") as caught:
            file_size(name)
        assert str(caught.value).isprintable() and len(str(caught.value)) < 400
    with pytest.raises(InputError, match="cannot be read"):
        is_folder("a" * 300)
    assert is_folder(tmp_path) and not is_folder(tmp_path / "gone")


def test_a_hole_of_gigabytes_is_refused_unread(tmp_path):
    with open(tmp_path / "sparse.bsor", "wb") as file:
        file.truncate(3 * 10**9)
    with pytest.raises(InputError, match="has 3 GB; more than 1.07 GB cannot be read"):
        read_bytes(tmp_path / "sparse.bsor")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"poses.npy": ("<f8", (2**62, 66))}, "do not hold"),
        ({"poses.npy": ("<f8", (-1, 66))}, "do not hold"),
        ({"poses.npy": ("|O", (1,))}, "holds objects"),
        ({"poses.npy": ("|u1", (100_000_000,))}, "unpacks to 800 MB"),
    ],
)
def test_headers_are_not_believed(tmp_path, member, message):
    ((name, (kind, shape)),) = member.items()
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(name, "w") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
            file.write(bytes(100_000_000 if kind == "|u1" else 1000))
    with pytest.raises(InputError, match=message):
        read_arrays(tmp_path / "a.npz", ("poses",))


def test_another_file_of_the_same_stem_hides_no_size(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("poses.npy", "w") as file:
            np.lib.format.write_array(file, np.zeros(100_000_000, np.uint8))
        archive.writestr("poses.txt", b"")
    with pytest.raises(InputError, match="unpacks to 800 MB"):
        read_arrays(tmp_path / "a.npz", ("poses",))


def test_arrays_come_back_as_they_are(tmp_path):
    arrays = {"a": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "b": np.array("words"), "c": np.array(3)}
    np.savez(tmp_path / "a.npz", **arrays)
    read = read_arrays(tmp_path / "a.npz", ("a", "b", "c", "d"))
    assert set(read) == {"a", "b", "c"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
