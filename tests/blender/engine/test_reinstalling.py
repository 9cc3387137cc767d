"""Scripts reloaded and the zip installed over itself while an engine runs, in a Blender process of its own."""

import os
import subprocess
import sys

import pytest
from bodies import wobbly_recording

from threepoint.model_core.recordings.formats import bsor
from threepoint.tools.support.checkout import ROOT

TIME_LIMIT = 180
STEPS = """
import functools, importlib, os, sys, traceback
from pathlib import Path

root, folder, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
import bpy
from threepoint.tools.build import build

EXTENSION = "bl_ext.user_default.threepoint"


def install():
    bpy.ops.extensions.package_install_files(
        filepath=str(path), repo="user_default", enable_on_install=True, overwrite=True
    )


def engine_without_networks():
    engine = importlib.import_module(EXTENSION + ".blender_addon.engine.client")
    client = importlib.import_module(EXTENSION + ".blender_addon.engine.worker_client").WorkerClient
    engine.WorkerClient = functools.partial(client, script=root / "tests" / "fake_engine.py")
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.source, preferences.python = "OWN", sys.executable
    return engine


def traces():
    lists = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)]
    ours = [handler for found in lists if isinstance(found, list) for handler in found
            if handler.__module__.startswith(EXTENSION)]
    menu = [draw for draw in bpy.types.TOPBAR_MT_file_import._dyn_ui_initialize()
            if draw.__module__.startswith(EXTENSION)]
    return ([name for name in dir(bpy.types) if name.startswith("THREEPOINT")], dir(bpy.ops.threepoint),
            sorted(handler.__name__ for handler in ours), len(menu))


HANDLERS = ["_stop_engine", "claim_active", "upgrade_file"]
path = build(folder)


def people():
    module = importlib.import_module(EXTENSION + ".blender_addon.state.people")
    return module.people_of(bpy.context.scene)


def steps():
    install()
    engine = engine_without_networks()
    bpy.ops.threepoint.import_recording(filepath=str(folder / "walk.bsor"))
    bpy.ops.threepoint.predict()
    process, before = engine._client.process, traces()
    assert process.poll() is None and len(before[0]) > 20 and before[2:] == (HANDLERS, 1), before
    bpy.utils.load_scripts(reload_scripts=True) if what == "reload" else install()  # The operator needs a window.
    assert process.poll() is not None, "the engine still runs"
    assert traces() == before, (traces(), before)
    person = people()[0]
    assert person.mesh is not None and len(person.takes) == 1
    engine_without_networks()
    bpy.ops.threepoint.predict(kind="TAKE")
    assert len(people()[0].takes) == 2
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    assert traces() == ([], [], [], 0), traces()


try:
    steps()
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)  # Blender's module hangs where Python ends with an extension enabled.
os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["reload", "install"])
def test_it_comes_back_once_without_its_engine_and_with_its_people(tmp_path, what):
    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    resources = tmp_path / "resources"
    resources.mkdir()
    result = subprocess.run(
        [sys.executable, "-c", STEPS, str(ROOT), str(tmp_path), what], capture_output=True, text=True,
        timeout=TIME_LIMIT, env={**os.environ, "BLENDER_USER_RESOURCES": str(resources)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
