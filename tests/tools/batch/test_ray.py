"""``batch`` by Ray Data: every recording one row, the same as alone, whatever is killed when, on one node or on two."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray", reason="needs the extra 'batch'")

from threepoint.model_core.batches import read_batch, shards
from threepoint.model_core.calibration import save
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.pipeline import Options, animate, calibrate, load_networks, model_frame
from threepoint.model_core.recordings import read
from threepoint.tools.batching.sources import find_sources, opened
from threepoint.tools.simulation.recordings import write_recordings

pytestmark = pytest.mark.slow

COUNT, BROKEN = 30, 3
MARK = "THREEPOINT_TEST_RUN"
"""An environment variable that every process of a run inherits."""


@pytest.fixture(scope="module")
def takes(tmp_path_factory, make_recording):
    """Recordings, some in an archive, the last ones broken; and a calibration, so that none has to be fitted."""
    folder = tmp_path_factory.mktemp("batch")
    recording = make_recording(4.0)
    write_recordings(folder / "takes", [recording], COUNT, BROKEN, (0.4, 1.2), 1, lambda fraction, stage: None)
    save(folder / "kept.json", calibrate(model_frame(recording), Options(stature=1.75), load_networks("cpu")))
    return folder


def begin(takes, out, *words, mark=None):
    command = [sys.executable, "-P", "-m", "threepoint.tools", "batch", "takes", "-o", str(out), "--device", "cpu",
               "--calibration", "kept.json", "--together", "4", "--workers", "2", *words]  # fmt: skip
    environment = os.environ | {MARK: mark or uuid.uuid4().hex, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=takes, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True)  # fmt: skip


def finish(process):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def processes(mark):
    """(pid, command line) of the living processes of a run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except OSError:
                continue
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def joints(motion, body):
    rotations = quaternion_to_matrix(motion.rotations.astype(float))
    return forward_kinematics(rotations, motion.translation.astype(float), body.rest_joints(motion.betas)[:22])[1]


def assert_whole(out, expected):
    """Every recording has one row, and no half-written file lies about."""
    assert sorted(shards.stored_ids(out)) == sorted(expected)
    statuses = [row["status"] for path in shards.shards_of(out) for row in shards.said(path).to_pylist()]
    assert statuses.count("error") == BROKEN
    assert not [path for path in out.rglob(".threepoint-*")]


@pytest.fixture(scope="module")
def expected(takes):
    before = Path.cwd()
    os.chdir(takes)
    try:
        return [source.id for source in find_sources(["takes"]).sources]
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def whole(takes, expected):
    """What a run makes that nobody disturbs."""
    said = finish(begin(takes, takes / "whole"))
    assert f"{COUNT - BROKEN} motions" in said and f"{BROKEN} with errors" in said
    assert_whole(takes / "whole", expected)
    return takes / "whole"


def test_motions_are_those_of_the_plain_road(takes, whole, body, monkeypatch):
    monkeypatch.chdir(takes)
    from threepoint.model_core.calibration import load

    networks = load_networks("cpu")
    options = Options(body=body, calibration=load("kept.json"), uncertainty=False, device="cpu")
    rows = {row.id: row for row in read_batch(whole)}
    good = [source for source in find_sources(["takes"]).sources if rows[source.id].status == "ok"]
    for source in good[::5]:
        with opened(source) as path:
            alone = animate(read(path), options, networks=networks)
        assert np.abs(joints(alone, body) - joints(rows[source.id].motion, body)).max() < 1e-4, source.id
    assert all(row.error for row in rows.values() if row.status == "error")


def test_called_again_it_leaves_what_is_there(takes, whole):
    before = {path: path.stat().st_mtime_ns for path in shards.shards_of(whole)}
    assert f"{COUNT} rows are there already" in finish(begin(takes, whole))
    assert {path: path.stat().st_mtime_ns for path in shards.shards_of(whole)} == before


@pytest.mark.parametrize("number", range(10))
def test_killed_at_any_moment_and_taken_up_again_it_is_the_same(takes, expected, number, tmp_path):
    kind, mark, out = ("worker", "driver", "tree")[number % 3], uuid.uuid4().hex, tmp_path / "out"
    process = begin(takes, out, "--no-refine", mark=mark)
    while not list((out / shards.SHARD_FOLDER).glob("*.parquet")) and process.poll() is None:
        time.sleep(0.05)  # Until the first rows are there; from then on it is killed any time.
    time.sleep(random.Random(number).uniform(0, 1.5))
    running = processes(mark)
    if kind == "worker":
        kill([pid for pid, command in running if "MapWorker" in command][:1])
        finish(process)
    else:
        kill([process.pid] if kind == "driver" else [pid for pid, _ in running])
        process.wait()
        finish(begin(takes, out, "--no-refine"))
    assert_whole(out, expected)
    kill([pid for pid, _ in processes(mark)])


def test_two_nodes_share_the_work(takes, expected, whole, body, tmp_path):
    from ray.cluster_utils import Cluster

    memory = dict(num_cpus=1, object_store_memory=80 << 20)
    cluster = Cluster(initialize_head=True, head_node_args={**memory, "include_dashboard": False})
    try:
        cluster.add_node(**memory)
        said = finish(begin(takes, tmp_path / "out", "--address", cluster.address))
    finally:
        cluster.shutdown()
    assert "on 2 machines" in said
    assert_whole(tmp_path / "out", expected)
    alone = {row.id: row for row in read_batch(whole)}
    for row in read_batch(tmp_path / "out"):
        assert row.status == alone[row.id].status
        if row.motion is not None:
            assert np.abs(joints(row.motion, body) - joints(alone[row.id].motion, body)).max() < 1e-4


def test_a_recording_at_which_every_worker_dies_is_a_row(takes, expected, tmp_path, monkeypatch):
    deadly = expected[0]
    (tmp_path / "sitecustomize.py").write_text(
        "import builtins, io, os, sys\n"
        "before = io.open\n"
        "def deadly(file, *words, **named):\n"
        f"    named_so = os.path.basename(str(file)) == {Path(deadly).name!r}\n"
        "    if named_so and any('default_worker' in word for word in sys.argv):\n"
        "        os._exit(1)\n"
        "    return before(file, *words, **named)\n"
        "builtins.open = io.open = deadly\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = finish(begin(takes, tmp_path / "out", "--no-refine"))
    assert f"{deadly}: its worker died 3 times at it" in said
    assert sorted(shards.stored_ids(tmp_path / "out")) == sorted(expected)
