"""What is shipped, as Blender takes it: installed and updated from an index, with the engine that it carries."""

import os
import subprocess
import sys
import zipfile

import pytest
import stand_in_wheels

from threepoint.tools import build
from threepoint.tools.packaging import engine_wheels, repository
from threepoint.tools.support.checkout import ROOT

TIME_LIMIT = 180
OLDER = "0.0.9"
STEPS = """
import importlib, os, subprocess, sys, time, traceback
from pathlib import Path

import bpy

fake_engine, address, log = sys.argv[1:]
EXTENSION = "bl_ext.shipped.threepoint"


def command(*words):
    import bl_pkg
    assert bl_pkg.cli_extension(list(words)) == 0, words


def installed():
    return Path(bpy.utils.user_resource("EXTENSIONS")) / "shipped" / "threepoint"


def version():
    import tomllib
    return tomllib.loads((installed() / "blender_manifest.toml").read_text())["version"]


def part(name):
    return importlib.import_module(EXTENSION + ".blender_addon." + name)


def steps():
    repositories = bpy.context.preferences.extensions.repos
    for other in [each for each in repositories if each.use_remote_url]:  # Nobody else is asked.
        repositories.remove(other)
    bpy.context.preferences.system.use_online_access = True
    command("repo-add", "--name", "Shipped", "--url", address, "shipped")
    command("sync")
    command("install", "--enable", "shipped.threepoint")
    assert EXTENSION in bpy.context.preferences.addons
    assert version() == "OLDER", version()
    os.rename(address.removeprefix("file://") + ".newer", address.removeprefix("file://"))
    command("sync")
    command("update")
    assert version() != "OLDER"
    assert part("engine.bundled").is_there()
    engine_runs_in_blenders_python()
    exports_leave_the_wheels_alone()
    wheels_that_another_blender_deleted_come_back()
    bpy.ops.preferences.addon_disable(module=EXTENSION)


def engine_runs_in_blenders_python():
    python = part("state.engine_choice").engine_python()
    assert python == part("engine.bundled").python()
    asked = "import sys, torch, numpy; " \\
            "print(*sys.version_info[:2], torch.__version__, numpy.__version__, torch.__file__)"
    said = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    import numpy
    assert said[:4] == [*map(str, sys.version_info[:2]), "2.13.0+standin", numpy.__version__], said
    assert Path(said[4]).is_relative_to(bpy.utils.user_resource("EXTENSIONS"))
    client = part("engine.worker_client").WorkerClient(python, log, fake_engine)
    begun = time.monotonic()
    while client.about is None:
        assert client.alive and time.monotonic() - begun < 60, client.last_line()
        client.poll()
        time.sleep(0.02)
    client.stop()


def exports_leave_the_wheels_alone():
    folder = Path(log).with_name("export")
    folder.mkdir()
    (folder / "job.json").write_text("{}")
    part("export.process").start_blender(folder).wait()
    answer = (folder / "answer.json").read_text()
    assert "path" in answer, answer  # It came as far as to what it should write.
    assert (part("engine.bundled").packages() / "torch").is_dir(), (folder / "log.txt").read_text()


def wheels_that_another_blender_deleted_come_back():
    bundled = part("engine.bundled")
    without_preferences = "import os, bpy, addon_utils; addon_utils.extensions_refresh(); os._exit(0)"
    subprocess.run([sys.executable, "-c", without_preferences], check=True)
    assert not (bundled.packages() / "torch").is_dir()
    subprocess.run([bundled.python(), "-I", "-c", "import torch"], check=True)


try:
    steps()
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)  # Blender's module hangs where Python ends with an extension enabled.
os._exit(0)
"""


@pytest.fixture(scope="module")
def zips(tmp_path_factory):
    """The plain zip and those with an engine of stand-ins, without weights."""
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "PACKED", tuple(name for name in build.PACKED if name != "weights"))
        patch.setattr(engine_wheels, "_download", stand_in_wheels.download)
        patch.setattr("builtins.print", lambda *words, **how: None)
        build.run(["--engine", "linux-x64", "-o", str(folder)])
    return sorted(folder.glob("*.zip"))


def older(path, folder):
    """The same zip under an older version."""
    name = folder / f"older-{path.name}"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(name, "w") as copy:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == "blender_manifest.toml":
                text = content.decode()
                begin = text.index('\nversion = "')
                content = (text[:begin] + f'\nversion = "{OLDER}"' + text[text.index("\n", begin + 1) :]).encode()
            copy.writestr(entry, content)


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are Linux's")
@pytest.mark.slow
def test_blender_installs_and_updates_from_the_index_and_runs_the_engine_that_came_with_it(tmp_path, zips):
    folder = tmp_path / "repository"
    folder.mkdir()
    for path in zips:
        older(path, folder)
    index = repository.write_index(folder, build.blender_extension)
    before = index.read_bytes()
    for path in zips:
        (folder / path.name).write_bytes(path.read_bytes())
    repository.write_index(folder, build.blender_extension).rename(f"{index}.newer")
    index.write_bytes(before)
    resources = tmp_path / "resources"
    resources.mkdir()
    words = [str(ROOT / "tests" / "fake_engine.py"), index.as_uri(), str(tmp_path / "engine.log")]
    result = subprocess.run(
        [sys.executable, "-c", STEPS.replace("OLDER", OLDER), *words], capture_output=True, text=True,
        timeout=TIME_LIMIT, env={**os.environ, "BLENDER_USER_RESOURCES": str(resources)},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
