"""Runs inside a Blender with a window: clicks through the extension and takes a picture of every state.

``blender --enable-event-simulate --python drive.py -- FOLDER``: the folder holds ``threepoint.zip``, ``walk.bsor`` and
the checkout's ``model_core`` and ``tests``; pictures and ``report.json`` appear in it. See ``run.py``.
"""

import functools
import importlib
import itertools
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
EXTENSION = "bl_ext.user_default.threepoint"
ANSWER, WORK_LONG = 0, 3
"""Seeds by which tests/fake_engine.py behaves."""
LONGEST_WAIT = 60.0

bpy.context.preferences.view.show_splash = False

report = {"blender": bpy.app.version_string, "checks": {}, "pictures": []}
ticks = []


def check(name, holds):
    report["checks"][name] = bool(holds)
    print(f"{'ok  ' if holds else 'FAIL'} {name}", flush=True)


def picture(name):
    """The whole screen; Blender's own screenshot is black from a timer."""
    path = FOLDER / f"{name}.png"
    subprocess.run(["import", "-window", "root", str(path)], check=True)
    report["pictures"].append(path.name)


def view():
    """Window, 3D view and its main region, for an operator's context."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    return {"window": window, "area": area, "region": next(r for r in area.regions if r.type == "WINDOW")}


def click(operator, **options):
    with bpy.context.temp_override(**view()):
        return operator("INVOKE_DEFAULT", True, **options)  # True: with an undo step, as a click has.


def person():
    return bpy.context.scene.threepoint.people[0]


def running():
    return bpy.context.window_manager.threepoint.running


def until(condition):
    """Steps of a fifth of a second until the condition holds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > LONGEST_WAIT:
            raise TimeoutError(condition)
        yield 0.2


def install():
    begun = time.perf_counter()
    bpy.ops.extensions.package_install_files(
        filepath=str(FOLDER / "threepoint.zip"), repo="user_default", enable_on_install=True
    )
    report["install_seconds"] = time.perf_counter() - begun
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    for name in [name for name in sys.modules if name.startswith(EXTENSION)]:
        del sys.modules[name]
    begun = time.perf_counter()
    bpy.ops.preferences.addon_enable(module=EXTENSION)
    report["enable_seconds"] = time.perf_counter() - begun
    part = functools.partial(importlib.import_module, package=EXTENSION)
    engine, client = part(".blender_addon.engine"), part(".blender_addon.worker_client")
    engine.WorkerClient = functools.partial(client.WorkerClient, script=FOLDER / "tests" / "fake_engine.py")
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.source, preferences.python = "OWN", "/usr/bin/python3"


def show_sidebar():
    area = view()["area"]
    area.spaces[0].show_region_ui = True
    area.spaces[0].shading.color_type = "VERTEX"
    yield 1.0
    next(region for region in area.regions if region.type == "UI").active_panel_category = "Threepoint"
    yield 1.0


def steps():
    """The whole way of a user; yields seconds to let Blender draw."""
    install()
    yield from show_sidebar()
    picture("1_empty")
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    click(bpy.ops.threepoint.import_recording, directory=str(FOLDER), files=[{"name": "walk.bsor"}])
    yield 1.0
    check("a dropped recording makes three trackers", len(bpy.data.objects) == 3)
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_all()
    yield 1.0
    picture("2_imported")
    click(bpy.ops.threepoint.calibrate)
    yield 1.0
    check("calibration tells the stature", "tall" in person().calibration)
    picture("3_calibrated")
    yield from cancel_one()
    yield from predict_one()
    yield from look_at_colours()
    yield from save_and_show_preferences()


def cancel_one():
    person().seed = WORK_LONG
    click(bpy.ops.threepoint.predict)
    ticks.clear()
    yield from until(lambda: bpy.context.window_manager.threepoint.fraction > 0.1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(ticks)]
    report["ticks"], report["latest_tick_seconds"] = len(gaps), max(gaps, default=None)
    picture("4_predicting")
    pressed = time.monotonic()
    view()["window"].event_simulate(type="ESC", value="PRESS")
    view()["window"].event_simulate(type="ESC", value="RELEASE")
    while running() and time.monotonic() - pressed < 5:
        yield 0.01
    report["escape_seconds"] = time.monotonic() - pressed
    check("Esc stops a prediction", not running() and len(bpy.data.objects) == 3)
    yield 1.0


def predict_one():
    person().seed = ANSWER
    click(bpy.ops.threepoint.predict)
    yield from until(lambda: not running() and person().armature is not None)
    click(bpy.ops.threepoint.predict, kind="TAKE")
    yield from until(lambda: not running() and len(person().takes) == 2)
    bpy.context.scene.frame_set(60)
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield 1.5
    picture("5_predicted")
    bpy.ops.ed.undo()
    yield 1.0
    check("one undo takes a take back", len(person().takes) == 1)
    bpy.ops.ed.undo()
    yield 1.0
    check("another undo takes the avatar back", person().armature is None)
    bpy.ops.ed.redo()
    bpy.ops.ed.redo()
    yield 1.0
    check("redo brings both back", len(person().takes) == 2 and person().armature is not None)


def look_at_colours():
    person().low, person().high = 0.0, 8.0
    click(bpy.ops.threepoint.show_uncertain)
    yield 1.0
    check("the most uncertain frame is the last", bpy.context.scene.frame_current > 60)
    picture("6_uncertain")
    view()["area"].spaces[0].shading.type = "MATERIAL"
    yield 8.0
    picture("7_material")
    view()["area"].spaces[0].shading.type = "SOLID"
    click(bpy.ops.threepoint.push_takes)
    yield 0.5


def save_and_show_preferences():
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "window.blend"))
    bpy.ops.screen.userpref_show("INVOKE_DEFAULT", section="EXTENSIONS" if bpy.app.version >= (4, 2) else "ADDONS")
    yield 1.0
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Threepoint"
    bpy.ops.preferences.addon_expand(module=EXTENSION)
    yield 2.0
    picture("8_preferences")


walk = steps()


def tick():
    """The window's clock: one step of the walk whenever its pause is over."""
    try:
        return next(walk)
    except StopIteration:
        pass
    except Exception:
        report["error"] = traceback.format_exc()
        print(report["error"], flush=True)
        picture("error")
    (FOLDER / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    bpy.ops.wm.quit_blender()


def beat():
    """Notes when the window's timers are served."""
    ticks.append(time.monotonic())
    return 0.02


bpy.app.timers.register(beat, persistent=True)
bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
