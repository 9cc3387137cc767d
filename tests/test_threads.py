"""How many threads compute: one for live tracking, unless the user's environment says otherwise."""

import subprocess
import sys

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
