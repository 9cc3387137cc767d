"""How many threads compute, one for live tracking, and what memory they keep, unless the user's environment says
otherwise."""

import os
import platform
import subprocess
import sys

import pytest

from threepoint.model_core import threads
from threepoint.model_core.worker import worker


def test_what_the_user_says_of_threads_goes_first(monkeypatch):
    for name in threads.THREAD_COUNTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    threads.compute_on_one_core()
    found = {name: threads.os.environ.pop(name) for name in threads.THREAD_COUNTS}
    assert found.pop("OMP_NUM_THREADS") == "3" and set(found.values()) == {"1"}


def test_an_engine_for_live_tracking_computes_on_one_core(tmp_path):
    """As its libraries would see it."""
    (tmp_path / "torch.py").write_text("import os, sys\nsys.exit(os.environ['OPENBLAS_NUM_THREADS'])")
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['worker', '--one-core', '--check']"
    code = f"{path}; import runpy; runpy.run_path({worker.__file__!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip().splitlines()[-1] == "1", done.stderr


FAULTS = """
import resource, sys, threading
sys.path.insert(0, sys.argv[1])
import threads
threads.keep_freed_memory()
found = []
def work():
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [bytearray(1 << 20) for _ in range(40)]
        del blocks
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(max(found[1:]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone gives memory back so soon")
@pytest.mark.parametrize("user", [None, "131072"])
def test_memory_that_a_thread_frees_is_there_for_the_next_step(user):
    """In pages that the system has to bring: 10,000 of them are 40 MB."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment |= {} if user is None else {"MALLOC_TRIM_THRESHOLD_": user}
    folder = os.path.dirname(threads.__file__)
    code = [sys.executable, "-c", FAULTS, folder]
    pages = int(subprocess.run(code, env=environment, capture_output=True, text=True, check=True).stdout)
    assert pages < 1000 if user is None else pages > 5000
