"""Runs inside a Blender with a window and a new user's profile: from the zip to an avatar, every click counted.

``blender --enable-event-simulate --python clicks.py -- FOLDER``: ``clicks.json`` and pictures appear in the folder. The
mouse is moved and pressed at places of the window; what is dropped goes through the operators that Blender itself calls
then. The engine that is installed downloads nothing: it is the system's own Python, and has no networks.
"""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
import trials  # noqa: E402
from inside import (  # noqa: E402
    EXTENSION,
    FOLDER,
    PANELS_SETTLE,
    check,
    drop,
    importing,
    person,
    picture,
    play,
    report,
    running,
    until,
    view,
)

MOST_CLICKS = 5
MIDDLE = (600, 600)
"""Where files are dropped: in the 3D view. Places are pixels from the lower left corner of the window."""
TAB = (1299, 865) if bpy.app.version >= (5, 0) else (1309, 940)
"""Blender 5 has one tab more above it."""
INSTALL, ACCESS, ENGINE, PREDICT = (540, 508), (1165, 428), (1165, 428), (1165, 399)
"""Buttons, in a window of 1600 x 1200: the dialog's *OK*, and those of the panel *Predict*, one after the other. They
move when the panels above them change: a picture of each state is kept to measure them in."""
STILL, HELD = 0.3, 0.1
"""Seconds that the mouse rests before and while it is pressed."""


def steps():
    """The whole way; every ``click_at`` is one of the clicks that the manual counts."""
    report["clicks"] = []
    point_at(*MIDDLE)
    with bpy.context.temp_override(**view()):
        bpy.ops.extensions.package_install_files("INVOKE_DEFAULT", url=str(FOLDER / "threepoint.zip"))
    yield 1.0
    picture("21_zip_dropped")
    yield from click_at("confirm the zip", *INSTALL)
    yield from until(lambda: EXTENSION in bpy.context.preferences.addons)
    let_the_engine_be_small()
    drop("walk.bsor")
    yield from until(lambda: not importing())
    yield 1.0
    press("N", *MIDDLE)
    yield PANELS_SETTLE
    yield from click_at("the tab Threepoint", *TAB)
    yield PANELS_SETTLE
    picture("22_before_the_engine")
    yield from click_at("Allow Online Access", *ACCESS)
    check("a click allows online access", bpy.app.online_access)
    yield PANELS_SETTLE
    picture("23_online")
    yield from click_at("Install Engine", *ENGINE)
    yield from until(trials.part(".blender_addon.engine.installation").is_ready)
    yield PANELS_SETTLE
    picture("24_engine_installed")
    yield from click_at("Predict", *PREDICT)
    yield from until(lambda: not running() and person().armature is not None)
    yield PANELS_SETTLE
    picture("25_animated")
    check("the avatar is animated", person().armature.animation_data.action is not None)
    check("from the zip to an avatar it takes at most five clicks", len(report["clicks"]) <= MOST_CLICKS)


def point_at(x, y):
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)


def press(key, x, y):
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(type=key, value=value, x=x, y=y)


def click_at(what, x, y):
    """Move the mouse there, press and let go."""
    report["clicks"].append(what)
    point_at(x, y)
    yield STILL
    window().event_simulate(type="LEFTMOUSE", value="PRESS", x=x, y=y)
    yield HELD
    window().event_simulate(type="LEFTMOUSE", value="RELEASE", x=x, y=y)
    yield STILL


def window():
    return bpy.context.window_manager.windows[0]


def let_the_engine_be_small():
    """Install the system's own Python as the engine's, and run the engine without networks in it."""
    installation = trials.part(".blender_addon.engine.installation")
    link = f"import os; os.makedirs({str(installation.python().parent)!r}); " \
           f"os.symlink('/usr/bin/python3', {str(installation.python())!r})"  # fmt: skip
    installation.Installation._commands = lambda self, environment: iter([[sys.executable, "-c", link]])
    trials.use_engine_without_networks()


play(steps(), "clicks.json")
