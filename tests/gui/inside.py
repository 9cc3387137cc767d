"""What the scripts that run inside a Blender with a window share: its clock, checks, pictures and clicks.

A walk is a generator that yields the seconds to let Blender draw; ``play`` takes it from step to step.
"""

import importlib
import itertools
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
"""Has what ``run.py`` brought; pictures and reports appear in it."""
EXTENSION = "bl_ext.user_default.threepoint"
LONGEST_WAIT = 60.0
BEAT_SECONDS = 0.02
PANELS_SETTLE = 4.0
"""Seconds in which panels below one that has grown move to their places, on a machine with other things to do."""

LONGEST_WORK = 0.3
"""Seconds of the processor for which a window may stand still, drawing aside."""
CALLED = ("execute", "invoke", "modal", "draw", "draw_header", "draw_header_preset")
"""What Blender calls of an operator or a panel."""

report = {"blender": bpy.app.version_string, "checks": {}, "pictures": []}
beats = []
"""When the window's timers were served."""


def check(name, holds):
    report["checks"][name] = bool(holds)
    print(f"{'ok  ' if holds else 'FAIL'} {name}", flush=True)


def keep_report():
    """Write what is known so far: Blender may be ended from outside."""
    (FOLDER / report["name"]).write_text(json.dumps(report, indent=1) + "\n")


def picture(name):
    """The whole screen; Blender's own screenshot is black from a timer."""
    path = FOLDER / f"{name}.png"
    subprocess.run(["import", "-window", "root", str(path)], check=True)
    report["pictures"].append(path.name)


def view():
    """Window, 3D view (or the preferences in its place) and its main region, for an operator's context."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type in ("VIEW_3D", "PREFERENCES"))
    return {"window": window, "area": area, "region": next(r for r in area.regions if r.type == "WINDOW")}


def sidebar():
    return next(region for region in view()["area"].regions if region.type == "UI")


def drop(name):
    """What Blender does with a file that is dropped into the view."""
    return click(bpy.ops.wm.drop_import_file, directory=str(FOLDER), files=[{"name": name}])


def click(operator, **options):
    """Press a button; whether it was there to be pressed."""
    with bpy.context.temp_override(**view()):
        if not operator.poll():
            return False
        operator("INVOKE_DEFAULT", True, **options)  # True: with an undo step, as a click has.
    return True


def run(operator, **options):
    """A button whose file window was filled in and confirmed."""
    with bpy.context.temp_override(**view()):
        operator("EXEC_DEFAULT", True, **options)


def press_escape():
    """Over the sidebar of the 3D view: elsewhere Esc belongs to what is done there."""
    press_at(sidebar().x + sidebar().width // 2, sidebar().y + sidebar().height // 2, "ESC")


def press_at(x, y, key):
    """A key, with the mouse at a place of the window."""
    window = bpy.context.window_manager.windows[0]
    window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
    for value in ("PRESS", "RELEASE"):
        window.event_simulate(type=key, value=value, x=x, y=y)


def people():
    """The people of the scene."""
    state = importlib.import_module(".blender_addon.state.people", EXTENSION)
    return state.people_of(bpy.context.scene)


def person():
    return people()[0]


def work():
    return bpy.context.window_manager.threepoint


def running():
    return work().running


def importing():
    return bpy.context.window_manager.threepoint_import.running


def until(condition):
    """Steps of a fifth of a second until the condition holds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > LONGEST_WAIT:
            raise TimeoutError(condition)
        yield 0.2


def content():
    """Names of all that a scene is made of, for telling whether anything has changed."""
    kinds = ("objects", "meshes", "armatures", "actions", "node_groups", "collections", "materials")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}


def memory():
    """Megabytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def children():
    """Ids of this process's children."""
    parents = {path.parent.name: path.read_text().rpartition(")")[2].split()[1]
               for path in Path("/proc").glob("[0-9]*/stat")}  # fmt: skip
    return sorted(child for child, parent in parents.items() if parent == str(os.getpid()))


def engines():
    """Ids of this process's children that are engines; Blender has children of its own, which compile shaders."""
    return [child for child in children() if "engine.py" in Path(f"/proc/{child}/cmdline").read_text()]


def names():
    """What the extension has registered."""
    return [name for name in dir(bpy.types) if name.startswith("THREEPOINT")]


def watch(extension):
    """From now on keep how long each function of the extension that Blender calls keeps the window's thread at most.

    Of the processor's time: what else the machine does adds nothing, and Blender's own drawing is not among it.
    """
    kinds = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("THREEPOINT")]
    called = [(kind, name) for kind in kinds for name in CALLED if hasattr(kind, name) and "PG" not in kind.__name__]
    exporting = importlib.import_module(".blender_addon.operators.exporting", extension)
    longest = report["longest_work_seconds"] = {}
    for owner, name in [*called, (exporting, "_poll")]:
        label = f"{owner.__name__.rpartition('.')[2]}.{name}"
        setattr(owner, name, _timed(getattr(owner, name), label, longest))


def _timed(function, label, longest):
    """The function, timed; with as many arguments, for Blender passes as many as a function says that it takes."""

    def run(*arguments):
        begun = time.thread_time()
        try:
            return function(*arguments)
        finally:
            longest[label] = max(longest.get(label, 0.0), time.thread_time() - begun)

    timed = {
        0: lambda: run(),
        2: lambda self, context: run(self, context),
        3: lambda self, context, event: run(self, context, event),
    }
    return timed[function.__code__.co_argcount]


def check_work():
    """That nothing of the extension kept the window's thread for too long since ``watch``."""
    longest = report["longest_work_seconds"]
    for label, seconds in longest.items():
        check(f"{label} takes under {LONGEST_WORK} s of the processor", seconds < LONGEST_WORK)
    report["longest_work_seconds"] = dict(sorted(longest.items(), key=lambda item: -item[1])[:20])


def longest_pause(begin, end=None):
    """Seconds between the two beats that lie furthest apart from one moment to another, which is now by default."""
    end = time.monotonic() if end is None else end
    heard = [begin, *(beat for beat in beats if begin < beat < end), end]
    return max(later - earlier for earlier, later in itertools.pairwise(heard))


def play(walk, name):
    """Go through a walk step by step, then write the report ``name`` and close Blender."""

    def tick():
        keep_report()
        try:
            return next(walk)
        except StopIteration:
            pass
        except Exception:
            report["error"] = traceback.format_exc()
            print(report["error"], flush=True)
            picture("error")
        report["ended"] = True
        keep_report()
        bpy.ops.wm.quit_blender()

    def beat():
        beats.append(time.monotonic())
        return BEAT_SECONDS

    report["name"] = name
    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(beat, persistent=True)
    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
