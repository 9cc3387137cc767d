"""Runs inside a Blender with a window: *Live* with a recording that is played, recorded, stopped and predicted.

``blender --enable-event-simulate --python live.py -- FOLDER``: as ``drive.py``, but a new user's. With a Python that
was lent (``engine.txt``) the body is the networks', else it turns about and about.
"""

import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
import inside  # noqa: E402
import trials  # noqa: E402
from drive import open_closed_panels  # noqa: E402
from inside import (  # noqa: E402
    EXTENSION,
    FOLDER,
    PANELS_SETTLE,
    check,
    check_work,
    click,
    importing,
    longest_pause,
    people,
    picture,
    play,
    report,
    running,
    sidebar,
    until,
    view,
    watch,
)

RECORDED_SECONDS = 3.0


def live():
    """From the zip to the avatar of a take."""
    bpy.ops.extensions.package_install_files(
        filepath=str(FOLDER / "threepoint.zip"), repo="user_default", enable_on_install=True
    )
    watch(EXTENSION)
    module = trials.part(".blender_addon.operators.live")
    module._tick = inside._timed(module._tick, "live's timer", report["longest_work_seconds"])
    use_engine()
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    area = view()["area"]
    area.spaces[0].show_region_ui = True
    yield 2.0
    sidebar().active_panel_category = "Threepoint"
    yield 1.0
    settings = bpy.context.window_manager.threepoint_live
    settings.source, settings.path = "replay", str(FOLDER / "minute.csv")
    yield PANELS_SETTLE
    open_closed_panels()
    yield PANELS_SETTLE
    picture("31_before_live")
    steps, began = len(bpy.context.window_manager.operators), time.monotonic()
    check("Live can be started", click(bpy.ops.threepoint.live_start))
    yield from until(lambda: bpy.data.objects.get(module.AVATAR) is not None and moves(module))
    report["seconds from Start Live to the body"] = time.monotonic() - began
    check("Record can be pressed", click(bpy.ops.threepoint.live_record))
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    begun = time.monotonic()
    while time.monotonic() - begun < RECORDED_SECONDS:
        yield 0.2
    report["longest_pauses_seconds"]["live"] = longest_pause(begun)
    armature = bpy.data.objects[module.AVATAR]
    check("the body has no keyframes", armature.animation_data is None)
    check("the panel says how it goes", getattr(module.live_state(), "code", "") in ("live_running", "live_behind"))
    report["state"] = str(module.live_state())
    picture("32_live")
    added = bpy.ops.mesh.primitive_cube_add(size=0.3, location=(1, 0, 0.15))
    check("other work goes on meanwhile", added == {"FINISHED"})
    yield 0.2
    check("Stop can be pressed", click(bpy.ops.threepoint.live_stop))
    yield from until(lambda: bpy.data.objects.get(module.AVATAR) is None and people() and not importing())
    yield PANELS_SETTLE
    check("nothing of the body stays", not [item for item in bpy.data.objects if item.name.startswith(module.AVATAR)])
    check("what came is a person", len(people()) == 1 and people()[0].head is not None)
    check("no undo step was made of a pose", len(bpy.context.window_manager.operators) - steps < 10)
    picture("33_live_recorded")
    check("Predict can be pressed", click(bpy.ops.threepoint.predict))
    yield from until(lambda: not running())
    yield PANELS_SETTLE
    armature = people()[0].armature
    check("the take has an avatar with keyframes", armature is not None and armature.animation_data.action is not None)
    bpy.context.scene.frame_set((bpy.context.scene.frame_start + bpy.context.scene.frame_end) // 2)
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield PANELS_SETTLE
    picture("34_live_predicted")
    check_work()


def use_engine():
    """The one with networks where a Python was lent, else the one without."""
    lent = FOLDER / "engine.txt"
    trials.use_fake_engine()
    if lent.is_file():
        trials.engine().WorkerClient = trials.part(".blender_addon.engine.worker_client").WorkerClient
        preferences = bpy.context.preferences.addons[EXTENSION].preferences
        preferences.python = lent.read_text().strip()
    report["with networks"] = lent.is_file()


def moves(module):
    """Whether the body has left its rest."""
    bones = bpy.data.objects[module.AVATAR].pose.bones
    return any(abs(bone.rotation_quaternion.w) < 0.999 for bone in bones if bone.rotation_mode == "QUATERNION")


if __name__ == "__main__":
    report["longest_pauses_seconds"] = {}
    play(live(), "live.json")
