"""Blender tests run against the extension as users get it: the zip is built, installed and enabled first."""

import functools
import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
EXTENSION = "bl_ext.user_default.threepoint"
ENGINE = Path(__file__).resolve().parent.parent / "fake_engine.py"


def pytest_configure(config):
    """What the next Blender, Python or numpy removes, this one warns of: that is an error."""
    for warning in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"):
        config.addinivalue_line("filterwarnings", f"error::{warning}")
    config.addinivalue_line("markers", "any_blender: the same in every Blender, so run in 4.5 alone")


def install():
    """Build the zip, install it into this process's Blender and let ``threepoint`` mean what was installed."""
    import tempfile

    import bpy

    from threepoint.tools.build import build

    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder))
        bpy.ops.extensions.package_install_files(filepath=str(path), repo="user_default", enable_on_install=True)
    for name in [name for name in sys.modules if name.split(".")[0] == "threepoint" and ".tools" not in name]:
        del sys.modules[name]
    root = Path(importlib.import_module(EXTENSION).__file__).parent
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if belongs_to_blender(parts):
            sys.modules[f"threepoint.{name}".rstrip(".")] = importlib.import_module(f"{EXTENSION}.{name}".rstrip("."))


def belongs_to_blender(parts):
    """Whether a file of the extension is one that Blender's process uses: what the engine alone has needs torch."""
    if parts[0] in ("__init__", "blender_addon"):
        return True
    needs_torch = ("sage", "flag", "refinement", "pipeline", "live")
    alone = parts[1:2] == ("worker",) and parts[2:] not in (("__init__",), ("messages",))
    return parts[0] == "model_core" and parts[1] not in needs_torch and not alone


install()


@pytest.fixture(scope="session")
def extension():
    """The installed extension's package name."""
    return EXTENSION


@functools.cache
def counting_client():
    """A client of ``fake_engine.py`` that knows the jobs that are not over."""
    from threepoint.blender_addon.engine.client import ENDINGS
    from threepoint.blender_addon.engine.worker_client import WorkerClient

    class CountingClient(WorkerClient):
        def __init__(self, python, log, arguments=()):
            super().__init__(python, log, ENGINE, arguments)
            self.open_jobs = set()

        def ask(self, *request):
            self.open_jobs.add(job := super().ask(*request))
            return job

        def poll(self):
            received = super().poll()
            self.open_jobs -= {header.get("job") for header, _ in received if header["type"] in ENDINGS}
            return received

    return CountingClient


warm_engines = []
"""The engine of the test before, at most, where it is alive and has nothing to do: starting one takes a second."""


@pytest.fixture
def cold_engine():
    """The test's own engine is started in it."""
    while warm_engines:
        warm_engines.pop().stop()


@pytest.fixture
def scene(monkeypatch):
    """An empty file at 30 frames a second, whose engine has no networks (``fake_engine.py``)."""
    from threepoint.blender_addon.engine import client as engine
    from threepoint.blender_addon.state import engine_choice
    from threepoint.blender_addon.state.new_file import empty_file

    monkeypatch.setattr(engine, "WorkerClient", counting_client())
    monkeypatch.setattr(engine_choice, "engine_python", lambda: Path(sys.executable))
    scene = empty_file(30)
    if warm_engines:
        engine._client = warm_engines.pop()
    yield scene
    client = engine._client
    if client is not None and client.alive and not client.open_jobs and client.python == Path(sys.executable):
        engine._client = None
        warm_engines.append(client)
    engine.stop()


@pytest.fixture
def person(scene, tmp_path):
    """A person of ``scene``, imported from a recording that wobbles."""
    import bpy
    from bodies import wobbly_recording

    from threepoint.blender_addon.state.people import people_of
    from threepoint.model_core.recordings.formats import bsor

    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "walk.bsor"))
    return people_of(scene)[0]
