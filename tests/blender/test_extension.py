"""The installed extension as a whole: comes, goes, installs its engine, and works without a window."""

import functools
import sys
import time
from pathlib import Path

import bpy
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.engine import installation
from threepoint.blender_addon.engine.worker_client import WorkerClient
from threepoint.blender_addon.operators import command_line as commands
from threepoint.blender_addon.operators import engine_environment
from threepoint.blender_addon.state import engine_choice
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.ui import preferences
from threepoint.model_core.recordings.formats import bsor

ENGINE = Path(__file__).resolve().parent.parent / "fake_engine.py"


def wait_for(condition):
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it takes too long")


def traces():
    """What an extension may leave in Blender."""
    handlers = [handler for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)
                for handler in getattr(bpy.app.handlers, name)]  # fmt: skip
    return {
        "types": [name for name in dir(bpy.types) if name.lower().startswith("threepoint")],
        "operators": dir(bpy.ops.threepoint),
        "properties": [kind for kind in (bpy.types.Scene, bpy.types.WindowManager) if hasattr(kind, "threepoint")],
        "handlers": [handler for handler in handlers if "threepoint" in handler.__module__],
    }


def test_disabling_leaves_nothing_and_enabling_brings_all_back(extension):
    before = traces()
    assert len(before["operators"]) > 8 and before["handlers"]
    for _ in range(2):
        bpy.ops.preferences.addon_disable(module=extension)
        assert not any(traces().values())
        bpy.ops.preferences.addon_enable(module=extension)
        after = traces()
        assert {name: len(found) for name, found in after.items()} == {name: len(f) for name, f in before.items()}


def test_what_is_tested_is_what_was_installed(extension):
    root = Path(sys.modules[extension].__file__).parent
    assert root != Path(__file__).resolve().parent.parent.parent and (root / "blender_manifest.toml").is_file()
    addon = [module for name, module in sys.modules.items() if name.startswith("threepoint.blender_addon")]
    kinds = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("THREEPOINT_")]
    assert len(addon) > 60 and len(kinds) > 40
    assert all(module.__name__.startswith(extension) for module in addon)
    assert all(Path(module.__file__).is_relative_to(root) for module in addon if module.__file__)
    assert all(kind.__module__.startswith(extension) for kind in kinds)


def test_every_button_explains_itself():
    for name in dir(bpy.ops.threepoint):
        words = getattr(bpy.ops.threepoint, name).get_rna_type()
        assert len(words.description) > 20 and not words.description.endswith("."), name


def test_no_property_hides_what_blender_gives_its_class():
    """An operator with a property named ``layout`` has no layout to draw its dialog into."""
    hidden = []
    for kind in [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("THREEPOINT_")]:
        (base,) = [one for one in kind.__bases__ if one.__module__ == "bpy_types" or one.__module__ == "_bpy_types"][:1]
        own = {name for one in kind.__mro__ if one.__module__ == kind.__module__
               for name in getattr(one, "__annotations__", {})}  # fmt: skip
        given = {*dir(base), *base.bl_rna.properties.keys(), *base.bl_rna.functions.keys()}
        hidden += [f"{kind.__name__}.{name}" for name in sorted(own & given) if name != "name"]
    assert not hidden


def test_without_an_engine_the_message_says_what_to_do():
    with pytest.raises(engine.EngineError, match="press Install Engine"):
        engine_choice.engine_python()
    engine_choice.preferences().source = "OWN"
    with pytest.raises(engine.EngineError, match="choose one in the preferences"):
        engine_choice.engine_python()
    engine_choice.preferences().python = sys.executable
    assert engine_choice.engine_python() == Path(sys.executable)
    engine_choice.preferences().source = "INSTALLED"


def program(path, words):
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("echo 'No module named torch' >&2; exit 1", "cannot be used: No module named torch"),
        ("echo 'Usage: cp FILE FILE'", "cannot be used: it is no Python"),
        (
            """echo '{"torch": "2.9.1", "python": "3.11.9", "device_name": "NVIDIA L4", "memory": 24e9}'""",
            "is fine: torch 2.9.1, Python 3.11.9, on NVIDIA L4 with 24 GB",
        ),
    ],
)
def test_a_python_is_checked_with_a_clear_verdict(tmp_path, words, verdict):
    found = engine_environment.check_python(program(tmp_path / "python", words))
    assert str(found.said).endswith(f"python {verdict}") and found.fine == verdict.startswith("is fine")


def test_what_is_no_program_gets_a_verdict_too(tmp_path):
    nothing = str(engine_environment.check_python(tmp_path / "nothing").said)
    assert nothing.endswith("nothing does not run: No such file or directory")
    (tmp_path / "text").write_text("hello")
    text = str(engine_environment.check_python(tmp_path / "text").said)
    assert text.endswith("text does not run: Permission denied")


def test_a_check_in_the_background_shows_its_verdict_when_it_is_there(tmp_path):
    chosen = engine_choice.preferences()
    engine_environment.begin_check(program(tmp_path / "python", "sleep 0.2; echo no >&2; exit 1"))
    assert engine_environment._show_verdict() == engine_environment.POLL_SECONDS
    assert list(map(str, preferences.engine_state(chosen))) == ["Checking ..."]
    wait_for(lambda: engine_environment._show_verdict() is None)
    assert str(preferences.engine_state(chosen)[-1]).endswith("cannot be used: no")
    engine_environment.forget_verdict()


def test_a_verdict_is_shown_beside_a_running_engine_until_another_python_is_chosen(monkeypatch):
    about = {"torch": "2.9.1", "python": "3.11.9", "device_name": "cpu", "memory": None}
    monkeypatch.setattr(engine, "about", lambda: about)
    chosen = engine_choice.preferences()
    monkeypatch.setattr(engine_environment, "_verdict", engine_environment.Verdict(False, "it cannot be used"))
    state = list(map(str, preferences.engine_state(chosen)))
    assert state[0] == "Running: torch 2.9.1, Python 3.11.9, on cpu" and state[-1] == "it cannot be used"
    chosen.python = "another"
    assert engine_environment.verdict() is None
    chosen.python = ""


def make_python(target, code):
    """Commands that make the environment's interpreter, then run ``code``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    link = f"import os; os.symlink({sys.executable!r}, {str(target)!r})"
    return lambda self, environment: iter([[sys.executable, "-c", link], [sys.executable, "-c", code]])


def test_the_engine_is_installed_in_the_background_and_removed(monkeypatch):
    commands_of = make_python(installation.python(), "print('Collecting torch')")
    monkeypatch.setattr(installation.Installation, "_commands", commands_of)
    work = installation.start()
    wait_for(lambda: not work.running)
    assert work.fraction == 1 and not work.error and installation.is_ready()
    assert engine_choice.engine_python() == installation.python()
    assert "Collecting torch" in (installation.folder() / "log.txt").read_text()
    installation.remove()
    assert not installation.is_ready() and not any(installation.folder().iterdir())
    wait_for(lambda: not [path for path in installation.folder().parent.iterdir() if path.name.startswith("removed")])


def test_an_installation_can_be_cancelled_and_says_what_failed(monkeypatch):
    command = [sys.executable, "-u", "-c", "import time; print('downloading'); time.sleep(60)"]
    monkeypatch.setattr(installation.Installation, "_commands", lambda self, environment: iter([command]))
    work = installation.start()
    wait_for(lambda: str(work.line) == "downloading")
    work.cancel()
    wait_for(lambda: not work.running)
    assert str(work.error) == "Cancelled" and not installation.is_ready()
    broken = [sys.executable, "-c", "print('no such package'); raise SystemExit(1)"]
    monkeypatch.setattr(installation.Installation, "_commands", lambda self, environment: iter([broken]))
    work = installation.start()
    wait_for(lambda: not work.running)
    assert str(work.error).startswith("no such package (log:")


def test_the_bar_follows_a_large_download(monkeypatch):
    words = "Downloading torch.whl", "Progress 0 of 800000000", "Progress 400000000 of 800000000"
    command = [sys.executable, "-u", "-c", f"import time\nfor word in {words!r}: print(word)\ntime.sleep(60)"]
    monkeypatch.setattr(installation.Installation, "_commands", lambda self, environment: iter([command]))
    work = installation.start()
    wait_for(lambda: str(work.line) == "Downloading torch.whl: 50%")
    assert 0.3 < work.fraction < 0.5
    log = installation.folder() / "log.txt"
    assert list(map(str, preferences.engine_state(engine_choice.preferences()))) == ["Installing", f"Log: {log}"]
    work.cancel()
    wait_for(lambda: not work.running)


def test_the_command_does_the_main_job(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(engine, "WorkerClient", functools.partial(WorkerClient, script=ENGINE))
    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    output, picture = tmp_path / "out.blend", tmp_path / "out.png"
    words = [str(tmp_path / "walk.bsor"), "-o", str(output), "--preview", str(picture), "--fps", "30", "--takes", "2"]
    assert commands.run(["animate", *words, "--python", sys.executable]) == 0
    assert picture.stat().st_size > 10_000
    bpy.ops.wm.open_mainfile(filepath=str(output))
    person = people_of(bpy.context.scene)[0]
    assert bpy.context.scene.render.fps == 30 and len(person.takes) == 2
    assert person.armature.animation_data.action == person.takes[0].action


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["animate"], "the following arguments are required"),
        (["animate", "nothing.bsor", "-o", "x.blend", "--python", sys.executable], "nothing.bsor: no such file"),
        (["animate", "nothing.bsor", "-o", "/no/where.blend"], "does not exist; make it first"),
        (["animate", "nothing.bsor", "-o", "x.txt"], "ends in .blend"),
    ],
)
def test_the_command_refuses_bad_input_in_a_line(words, message, capsys):
    assert commands.run(words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("threepoint: error: ") and message in lines[0]
