"""Libraries in a process of their own: what a damaged file keeps busy for ever is ended, by the file's size."""

import signal

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import library_process
from threepoint.model_core.recordings.library_process import arrays_from

BUSY = """
import time
begin = time.process_time()
while time.process_time() < begin + {seconds}:
    pass
"""
DONE = "\narrays['found'] = np.arange(3)\n"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "small.bin").write_bytes(b"x")
    return tmp_path / "small.bin"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system bounds no process by its own CPU time")
def test_a_library_that_is_busy_for_ever_is_ended(file, monkeypatch):
    monkeypatch.setattr(library_process, "LEAST_SECONDS", 0.05)
    with pytest.raises(InputError, match="small.bin: json cannot read it; the file is damaged"):
        arrays_from(file, "json", BUSY.format(seconds=600))


def test_a_larger_file_has_more_time(file, monkeypatch):
    monkeypatch.setattr(library_process, "LEAST_SECONDS", 0.05)
    file.write_bytes(bytes(1 << 20))
    np.testing.assert_array_equal(arrays_from(file, "json", BUSY.format(seconds=0.2) + DONE)["found"], [0, 1, 2])
