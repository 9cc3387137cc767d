"""Runs inside a Blender with a window: clicks through the extension and takes a picture of every state.

``blender --enable-event-simulate --python drive.py -- FOLDER WALK``: the folder holds ``threepoint.zip``,
``walk.bsor`` and the checkout's ``model_core`` and ``tests``; pictures and ``WALK.json`` appear in it. The walks are
listed at the end; each has a Blender of its own, and all begin with what ``predict`` has made. See ``run.py``.
"""

import sys
import time
from pathlib import Path

import bpy
from mathutils import Euler

sys.path.insert(0, str(Path(__file__).resolve().parent))
import trials  # noqa: E402
from inside import (  # noqa: E402
    EXTENSION,
    FOLDER,
    PANELS_SETTLE,
    check,
    check_work,
    click,
    drop,
    importing,
    longest_pause,
    people,
    person,
    picture,
    play,
    report,
    run,
    running,
    sidebar,
    until,
    view,
    watch,
)

FORMATS = {"FBX": ".fbx", "GLTF": ".glb", "BVH": ".bvh", "USD": ".usdc", "NPZ": ".npz"}
RANGE = (30, 60)
ENABLINGS = 3
DRAWN = 2.0
"""Seconds after which a file that was opened has been drawn."""
FROM_ABOVE, FROM_THE_SIDE = (1.0, 0.0, 0.5), (1.3, 0.0, 3.6)
"""Euler angles of views."""
STANDING_FRAME, WAVING_FRAME, WIDER = 4, 150, 1.5


def predict():
    """From the zip to two takes; Esc, *Cancel* and a dying engine on the way. The other walks begin with the result."""
    install()
    yield from show_sidebar()
    picture("01_empty")
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    yield from drop_recording()
    click(bpy.ops.threepoint.calibrate)
    yield from until(lambda: not running())
    yield 1.0
    calibration = trials.part(".blender_addon.state.predictions").last_calibration(person())
    check("calibration tells the stature", "tall" in str(calibration.notes[-1]))
    picture("03_calibrated")
    yield from trials.cancel_one()
    yield from trials.kill_at_every_stage()
    yield from trials.predict_one()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "predicted.blend"))


def look():
    """What the avatar and the panels look like; ``reopen.py`` opens what is saved in the end."""
    yield from open_predicted()
    yield from solve_range()
    yield from trials.predict_for_real()
    yield from look_at_colours()
    yield from look_at_feet()
    yield from in_another_language()
    yield from push_takes()
    yield from use_objects()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "window.blend"))
    yield from look_at_material()


def change():
    """Exports, other bones, a character: each in steps, each undone at once."""
    yield from open_predicted()
    yield from open_export_dialogs()
    yield from export_all()
    open_closed_panels()
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield PANELS_SETTLE
    scroll_sidebar(bpy.ops.view2d.scroll_down)
    yield from trials.convert_avatar()
    yield from trials.put_on_character()


def repeat():
    """The same, fifty times over."""
    yield from open_predicted()
    yield from trials.fifty_rounds()


def leave():
    """Preferences, scripts reloaded, the zip over itself, disabled; in the end the import dialog."""
    yield from open_predicted()
    yield from show_preferences()
    check_work()
    yield from trials.come_and_go()
    yield from look_at_import_dialog()


def open_predicted():
    """Another Blender, with the scene that ``predict`` has left."""
    bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "predicted.blend"), load_ui=False)
    yield DRAWN  # Blender ends where a sidebar is shown before that.
    watch(EXTENSION)
    trials.use_fake_engine()
    yield from show_sidebar()


def install():
    begun = time.perf_counter()
    bpy.ops.extensions.package_install_files(
        filepath=str(FOLDER / "threepoint.zip"), repo="user_default", enable_on_install=True
    )
    report["install_seconds"] = time.perf_counter() - begun
    seconds, busy = [], []
    for _ in range(ENABLINGS):
        bpy.ops.preferences.addon_disable(module=EXTENSION)
        for name in [name for name in sys.modules if name.startswith(EXTENSION)]:
            del sys.modules[name]
        begun, busy_before = time.perf_counter(), time.process_time()
        bpy.ops.preferences.addon_enable(module=EXTENSION)
        seconds.append(time.perf_counter() - begun)
        busy.append(time.process_time() - busy_before)
    report["enable_seconds"], report["enable_processor_seconds"] = min(seconds), min(busy)
    check("enabling takes under 0.15 s of the processor", min(busy) < 0.15)
    watch(EXTENSION)
    trials.use_fake_engine()


def show_sidebar():
    area = view()["area"]
    area.spaces[0].show_region_ui = True
    area.spaces[0].shading.color_type = "VERTEX"
    yield 1.0
    sidebar().active_panel_category = "Threepoint"
    yield 1.0


def drop_recording():
    yield from trials.views_settle()
    begun = time.monotonic()
    drop("walk.bsor")
    yield from until(lambda: not importing())
    report["longest_pauses_seconds"]["importing"] = longest_pause(begun)
    yield 1.0
    check("a dropped recording makes three trackers below a root", len(bpy.data.objects) == 4)
    yield PANELS_SETTLE
    picture("02_imported")


def solve_range():
    open_closed_panels()
    person().first, person().last = RANGE
    click(bpy.ops.threepoint.predict, kind="RANGE")
    yield from until(lambda: not running())
    yield 1.0
    check("a range is solved again in the same take", len(person().takes) == 2)


def open_closed_panels():
    """Panels that are closed at first cannot be opened from a script: they come back under another name, open."""
    for kind in trials.part(".blender_addon.ui.panel").CLASSES:
        if "DEFAULT_CLOSED" in getattr(kind, "bl_options", ()):
            bpy.utils.unregister_class(kind)
            kind.bl_options, kind.bl_idname = kind.bl_options - {"DEFAULT_CLOSED"}, f"{kind.bl_idname}_open"
            bpy.utils.register_class(kind)


def scroll_sidebar(page):
    """To the last panel, or back to the first."""
    with bpy.context.temp_override(**{**view(), "region": sidebar()}):
        page("EXEC_DEFAULT", page=True)


def look_at_colours():
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    scroll_sidebar(bpy.ops.view2d.scroll_down)
    yield PANELS_SETTLE
    picture("07_lower_panels")
    scroll_sidebar(bpy.ops.view2d.scroll_up)
    yield from look_at_one_panel("Uncertainty", "30_uncertainty")
    bpy.context.scene.frame_set(WAVING_FRAME)
    view()["area"].spaces[0].region_3d.view_rotation = Euler(FROM_THE_SIDE).to_quaternion()
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield PANELS_SETTLE
    picture("19_for_the_manual")
    person().low, person().high = 0.0, 8.0
    click(bpy.ops.threepoint.show_uncertain)
    yield 1.0
    check("the most uncertain frame is shown", bpy.context.scene.frame_current > 60)
    picture("08_uncertain")


def look_at_one_panel(label, name):
    """A panel alone at the top of the sidebar: its place below others changes with these."""
    panels = [kind for kind in trials.part(".blender_addon.ui.panel").CLASSES if issubclass(kind, bpy.types.Panel)]
    for kind in panels:
        if kind.bl_label != label:
            bpy.utils.unregister_class(kind)
    yield PANELS_SETTLE
    picture(name)
    for kind in panels:
        if kind.bl_label == label:
            bpy.utils.unregister_class(kind)  # So that all stand in their order again.
    for kind in panels:
        bpy.utils.register_class(kind)
    yield PANELS_SETTLE


def look_at_material():
    view()["area"].spaces[0].shading.type = "MATERIAL"
    yield 45.0
    picture("09_material")
    view()["area"].spaces[0].shading.type = "SOLID"


def export_all():
    for kind, suffix in FORMATS.items():
        if not trials.part(".blender_addon.operators.exporting").has_exporter(kind):
            report.setdefault("this Blender cannot write", []).append(kind)
            continue
        path = FOLDER / f"walk{suffix}"
        yield from trials.views_settle()
        begun = time.monotonic()
        run(bpy.ops.threepoint.export, kind=kind, filepath=str(path))
        yield from until(lambda: not running())
        report["longest_pauses_seconds"][f"exporting {kind}"] = longest_pause(begun)
        check(f"{kind} is written", path.is_file() and path.stat().st_size > 1000)


def open_export_dialogs():
    """Each format's window with its settings; what throws while it draws, ``run.py`` reads."""
    for kind in FORMATS:
        settings = yield from trials.export_dialog(kind, "30_export_dialog" if kind == "NPZ" else None)
        check(f"the window for {kind} shows its settings", settings.get("kind") == kind)


def in_another_language():
    chosen = bpy.context.preferences.view
    chosen.language = "ja_JP"
    chosen.use_translate_interface = chosen.use_translate_tooltips = True
    yield 2.0
    picture("10_japanese")
    chosen.language = "en_US"
    yield 1.0


def push_takes():
    click(bpy.ops.threepoint.push_takes)
    yield 0.5
    check("takes lie on tracks", len(person().armature.animation_data.nla_tracks) == 2)
    picture("11_takes_on_tracks")


def use_objects():
    """A second person from objects that are chosen, and out again."""
    for item in bpy.data.objects:
        item.select_set(item in trials.part(".blender_addon.state.people").trackers_of(person()).values())
    click(bpy.ops.threepoint.use_objects)
    yield from until(lambda: not importing())
    yield 1.0
    check("objects become a person", len(people()) == 2)
    picture("12_use_objects")
    trials.part(".blender_addon.state.selection").activate(
        next(one for one in people() if one.armature is None).root, bpy.context
    )
    click(bpy.ops.threepoint.remove_person)
    yield 0.5
    check("a person can be removed", [one.armature is not None for one in people()] == [True])


def show_preferences():
    """Every state of the engine that the preferences know."""
    chosen = bpy.context.preferences.addons[EXTENSION].preferences
    installation = trials.part(".blender_addon.engine.installation")
    bpy.context.preferences.system.use_online_access = False
    chosen.source = "INSTALLED"
    trials.engine().stop()  # What is said of a running one would be that of the one without networks.
    view()["area"].type = "PREFERENCES"  # In the main window: one of its own may lie off the screen.
    bpy.context.preferences.active_section = "ADDONS"
    yield 1.0
    bpy.context.window_manager.addon_search = "Threepoint"
    bpy.ops.preferences.addon_expand(module=EXTENSION)
    view()["area"].tag_redraw()
    yield 2.0
    check("offline nothing can be installed", not click(bpy.ops.threepoint.install_engine))
    picture("13_preferences_offline")
    bpy.context.preferences.system.use_online_access = True
    real = installation.Installation._commands
    slow = [sys.executable, "-c", "print('Downloading torch-2.13.0.whl (821.3 MB)', flush=True)\n"
            "print('Progress 353159000 of 821300000', flush=True)\nimport time\ntime.sleep(60)"]  # fmt: skip
    installation.Installation._commands = lambda self, environment: iter([slow])
    click(bpy.ops.threepoint.install_engine)
    yield from until(lambda: "43%" in str(installation.current().line))
    yield 1.0
    picture("14_preferences_installing")
    click(bpy.ops.threepoint.cancel_installation)
    yield from until(lambda: not installation.current().running)
    check("an installation can be cancelled", str(installation.current().error) == "Cancelled")
    installation.Installation._commands = real
    chosen.source = "OWN"
    click(bpy.ops.threepoint.check_engine)
    environment = trials.part(".blender_addon.operators.engine_environment")
    yield from until(lambda: not environment.is_checking())
    yield 1.0
    verdict = environment.verdict()
    check("a Python without torch is told so", not verdict.fine and "torch" in str(verdict.said))
    picture("15_preferences_checked")
    view()["area"].type = "VIEW_3D"
    yield 1.0


def look_at_import_dialog():
    """What is found of a table's columns, and fields for them, in the dialog's sidebar; it stays open in the end."""
    bpy.ops.preferences.addon_enable(module=EXTENSION)
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
    click(bpy.ops.threepoint.import_recording, filepath=str(FOLDER / "walk.csv"))
    yield 4.0
    picture("16_import_dialog")
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "FILE_BROWSER")
    area.spaces.active.active_operator.properties.own_columns = True
    area.tag_redraw()
    yield PANELS_SETTLE
    picture("20_columns_chosen")


def look_at_feet():
    """The rings below feet that both stand, where the motion knows of them."""
    rings = [item for item in bpy.data.objects if item.name.endswith("foot stands")]
    if not rings:
        return
    space = view()["area"].spaces[0]
    chosen = space.region_3d
    before = chosen.view_rotation.copy()
    space.show_region_ui = False
    person().colours = False
    for frame in range(STANDING_FRAME, bpy.context.scene.frame_end):
        bpy.context.scene.frame_set(frame)
        if all(ring.scale.x > 0.5 for ring in rings):
            break
    for item in bpy.data.objects:
        item.select_set(item in rings)
    chosen.view_rotation = Euler(FROM_ABOVE).to_quaternion()
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_selected()
    yield 1.0
    chosen.view_distance *= WIDER
    yield 1.5
    picture("17_feet")
    person().colours = True
    chosen.view_rotation = before
    space.show_region_ui = True
    for item in rings:
        item.select_set(False)
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()


def walk(steps):
    """One of the walks, and at its end what it has kept the window from drawing for."""
    yield from steps
    if "longest_work_seconds" in report and hasattr(bpy.types.Scene, "threepoint"):
        check_work()


WALKS = {steps.__name__: steps for steps in (predict, look, change, repeat, leave)}
if __name__ == "__main__":
    name = sys.argv[-1]
    report["longest_pauses_seconds"] = {}
    play(walk(WALKS[name]()), f"{name}.json")
