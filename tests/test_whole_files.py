"""Outputs: whole or not at all, whatever the disk, the names, other runs and a kill do to them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.child_python import clean_environment, command
from threepoint.model_core.errors import InputError
from threepoint.model_core.whole_files import PREFIX, Outputs, check_distinct, check_target, write_whole

WRITER = """
import sys, time
from pathlib import Path
from threepoint.model_core.whole_files import Outputs
with Outputs() as outputs:
    for name in sys.argv[2:]:
        outputs.claim(Path(sys.argv[1]) / name)
    print("begun", flush=True)
    for step in range(40):
        for name in sys.argv[2:]:
            with open(outputs.path_for(Path(sys.argv[1]) / name), "ab") as file:
                file.write(bytes([65 + step]) * 10_000)
        time.sleep(0.005)
"""


def left_behind(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(PREFIX)]


def writer(folder, *names):
    words = command(sys.executable, "-c", WRITER, folder, *names)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, env=clean_environment())
    assert process.stdout.readline() == b"begun\n"
    return process


def test_kills_at_random_moments_leave_old_files_whole_and_nothing_after_the_next_run(tmp_path):
    rng = np.random.default_rng(1)
    for name in ("a.npz", "b.blend"):
        (tmp_path / name).write_text("precious")
    for _ in range(6):
        process = writer(tmp_path, "a.npz", "b.blend")
        time.sleep(rng.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert (tmp_path / "a.npz").read_text() == (tmp_path / "b.blend").read_text() == "precious"
    assert left_behind(tmp_path)
    write_whole(tmp_path / "c.json", "new")
    assert not left_behind(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.blend", "c.json"]


def test_two_runs_do_not_write_one_file(tmp_path):
    process = writer(tmp_path, "a.npz")
    with pytest.raises(InputError, match="another run is writing it"), Outputs() as outputs:
        outputs.claim(tmp_path / "a.npz")
    write_whole(tmp_path / "b.json", "another file is no matter")
    assert process.wait() == 0 and len((tmp_path / "a.npz").read_bytes()) == 400_000
    process.stdout.close()
    write_whole(tmp_path / "a.npz", "later")
    assert (tmp_path / "a.npz").read_text() == "later" and not left_behind(tmp_path)


def test_nobody_can_lay_a_link_where_it_writes(tmp_path):
    (tmp_path / "victim.txt").write_text("precious")
    with Outputs() as outputs:
        place = outputs.path_for(tmp_path / "a.npz")
        assert place.parent.stat().st_mode & 0o077 == 0
        assert str(os.getpid()) not in place.name and place.parent != outputs.path_for(tmp_path / "b.npz").parent
        for path in (place, outputs.path_for(tmp_path / "b.npz")):
            path.write_text("mine")
    assert (tmp_path / "victim.txt").read_text() == "precious"


def test_through_a_link_the_file_that_it_leads_to_is_written(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "a.json")
    write_whole(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink() and (tmp_path / "real" / "a.json").read_text() == "new"


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "gone.npz").symlink_to(tmp_path / "nowhere" / "a.npz")
    (tmp_path / "loop.npz").symlink_to(tmp_path / "loop.npz")
    (tmp_path / "in.npz").write_text("a recording")
    (tmp_path / "hard.npz").hardlink_to(tmp_path / "in.npz")
    (tmp_path / "soft.npz").symlink_to(tmp_path / "in.npz")
    names = ["b" * 300 + ".npz", "pipe.npz", "folder.npz", "gone.npz", "in.npz", "hard.npz",
             "soft.npz", "no/such.npz", "a.txt", "nul\0.npz"]  # fmt: skip
    for name in names:
        with pytest.raises(InputError) as error:
            check_target(tmp_path / name, (".npz",), [tmp_path / "in.npz", None])
        assert str(error.value).isprintable() and len(str(error.value)) < 400, name
    write_whole(check_target(tmp_path / ("b" * 251 + ".npz"), (".npz",)), "as long as a name may be")
    with pytest.raises(InputError, match="is named for two outputs"):
        check_distinct([tmp_path / "a.png", tmp_path / "." / "a.png"])
    assert not left_behind(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    (tmp_path / "locked").mkdir(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        check_target(tmp_path / "locked" / "a.npz", (".npz",))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of some hundred kilobytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disks_of_random_sizes_leave_old_files_and_one_line(small_disk):
    rng = np.random.default_rng(2)
    (small_disk / "a.npz").write_text("precious")
    for size in rng.integers(0, 290_000, 12):
        (small_disk / "fill").write_bytes(bytes(int(size)))
        before = sorted(path.name for path in small_disk.iterdir())
        try:
            with Outputs() as outputs:
                np.savez(outputs.path_for(small_disk / "a.npz"), values=rng.random(60_000))
        except InputError as error:
            assert "the disk is full" in str(error) or "No space left" in str(error)
        assert (small_disk / "a.npz").read_text() == "precious"
        assert sorted(path.name for path in small_disk.iterdir()) == before
        (small_disk / "fill").unlink()
    with pytest.raises(InputError, match="No space left|the disk is full"):
        (small_disk / "fill").write_bytes(bytes(280_000))
        write_whole(small_disk / "b.json", "x" * 100_000)


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(ZeroDivisionError), Outputs() as outputs:
        outputs.path_for(tmp_path / "a.npz").write_text("half")
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        Path(tmp_path / "elsewhere").read_text()
    assert list(tmp_path.iterdir()) == []
