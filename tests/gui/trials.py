"""Hard days in a real window: Esc, a kill at every stage, fifty cancelled predictions, the zip over itself."""

import functools
import importlib
import os
import signal
import time

import bpy
from inside import (
    BEAT_SECONDS,
    EXTENSION,
    FOLDER,
    PANELS_SETTLE,
    beats,
    check,
    children,
    click,
    content,
    engines,
    importing,
    longest_pause,
    memory,
    names,
    person,
    picture,
    press_at,
    press_escape,
    report,
    running,
    sidebar,
    until,
    view,
    work,
)

ANSWER, WORK_LONG, HANG_LOADING, HANG_PREDICTING, HANG_REFINING, HANG_SENDING = 0, 3, 6, 7, 8, 9
"""Seeds by which tests/fake_engine.py behaves."""
MEASURED_SECONDS, REDRAW_SECONDS, DRAWN_SECONDS, DIALOG_SETTLES = 4.0, 0.3, 2.0, 3.0
QUIET_SECONDS, QUIET_PAUSE = 1.5, 0.15
"""A window that has not stood still for longer within so many seconds draws nothing large any more."""
ROUNDS, WARM_ROUND = 50, 5
START_SECONDS = "FAKE_ENGINE_START_SECONDS"

part = functools.partial(importlib.import_module, package=EXTENSION)


def engine():
    return part(".blender_addon.engine.client")


def cancel_one():
    """Esc stops a prediction.

    Pauses of the window on the clock are noted, and what it draws anyway on this machine beside them: with drawing by
    software and other work on the machine they say little. What is checked is the extension's own work (``watch``).
    """
    yield from views_settle()
    pauses = report["longest_pauses_seconds"]
    pauses["sidebar drawn, no prediction"] = yield from drawn_again(sidebar())
    pauses["view drawn, no prediction"] = yield from drawn_again(view()["region"])
    yield from views_settle()
    person().seed = WORK_LONG
    before = content()
    begun = time.monotonic()
    click(bpy.ops.threepoint.predict)
    yield from until(lambda: work().fraction > 0)
    pauses["click"] = longest_pause(begun)
    begun = time.monotonic()
    yield from until(lambda: time.monotonic() - begun > MEASURED_SECONDS)
    pauses["predicting"] = longest_pause(begun)
    report["beats"] = sum(beat > begun for beat in beats)
    picture("04_predicting")
    region = view()["region"]
    press_at(region.x + region.width // 2, region.y + region.height // 2, "ESC")
    yield 1.0
    check("Esc over the view does not stop a prediction", running())
    pressed = time.monotonic()
    press_escape()
    while running() and time.monotonic() - pressed < 5:
        yield 0.01
    report["escape_seconds"] = time.monotonic() - pressed
    check("Esc stops a prediction and changes nothing", not running() and content() == before)
    click(bpy.ops.threepoint.predict)
    yield from until(lambda: work().fraction > 0)
    click(bpy.ops.threepoint.cancel)
    yield from until(lambda: not running())
    check("Cancel stops a prediction and changes nothing", content() == before)
    yield 1.0


def views_settle():
    """Until views that have changed are drawn, which Blender does eight times to smooth them."""
    yield QUIET_SECONDS
    yield from until(lambda: longest_pause(time.monotonic() - QUIET_SECONDS) < QUIET_PAUSE)


def drawn_again(region):
    """The longest pause while a region is drawn again and again."""
    begun = time.monotonic()
    while time.monotonic() - begun < MEASURED_SECONDS:
        region.tag_redraw()
        yield REDRAW_SECONDS
    return longest_pause(begun)


def watched_prediction(name, **options):
    """Predict; how long the window stood still at most from the click to the answer, and when that was first drawn.

    Drawing a view in which something has changed is Blender's own work.
    """
    yield from views_settle()
    clicked = time.monotonic()
    click(bpy.ops.threepoint.predict, **options)
    yield 0.0
    while running():
        yield BEAT_SECONDS
    answered = time.monotonic()
    yield DRAWN_SECONDS
    pauses = report["longest_pauses_seconds"]
    pauses[name], pauses[f"{name}, drawn in the end"] = longest_pause(clicked, answered), longest_pause(answered)
    return answered - clicked


def kill_at_every_stage():
    """The engine killed: the scene stays, the window says so, the next click works."""

    def half_sent():
        return "half is sent" in engine().log_path().read_text()

    stages = {
        "start": (ANSWER, lambda: "Starting the engine" in work().stage),
        "load": (HANG_LOADING, lambda: "Loading" in work().stage),
        "predict": (HANG_PREDICTING, lambda: "Predicting" in work().stage),
        "refine": (HANG_REFINING, lambda: "Refining" in work().stage),
        "send": (HANG_SENDING, half_sent),
    }
    for stage, (seed, reached) in stages.items():
        if stage == "start":
            engine().stop()
            os.environ[START_SECONDS] = "60"
        person().seed = seed
        before = content()
        click(bpy.ops.threepoint.predict)
        yield from until(reached)
        os.kill(engine()._client.process.pid, signal.SIGKILL)
        os.environ.pop(START_SECONDS, None)
        yield from until(lambda: not running())
        yield 1.0
        check(f"killed at the stage '{stage}': the scene is as it was", content() == before)
        if stage == "refine":
            picture("05_killed")
        press_escape()  # Closes the message.
        yield 0.5


def fifty_rounds():
    """Predict and Esc, again and again: nothing is left and nothing grows."""
    person().seed = WORK_LONG
    before, begun = content(), time.monotonic()
    for number in range(ROUNDS):
        check(f"round {number}", click(bpy.ops.threepoint.predict))
        yield from until(lambda: work().fraction > 0)
        press_escape()
        yield from until(lambda: not running())
        if number == WARM_ROUND:
            process = engine()._client.process.pid
            size, helpers = memory(), children()
    for number in range(ROUNDS):
        del report["checks"][f"round {number}"]
    report["fifty_rounds"] = {
        "seconds": round(time.monotonic() - begun, 1),
        "growth_megabytes": round(memory() - size, 1),
        "processes": len(children()),
    }
    window = view()["window"]
    modal = [operator.bl_idname for operator in getattr(window, "modal_operators", ())]
    check("fifty rounds leave the scene as it was", content() == before)
    check("fifty rounds leave one engine, the same", children() == helpers and engine()._client.process.pid == process)
    check("fifty rounds leave no operator and no timer", not modal and not running())
    check("fifty rounds grow by less than 50 MB", memory() - size < 50)


def predict_one():
    """Two takes, and what undo and redo make of them; how long the window stood still for each."""
    for kind, count in (("MEAN", 1), ("TAKE", 2)):
        person().seed = ANSWER
        yield from watched_prediction(f"predicting take {count}", kind=kind)
        check(f"there are takes: {count}", len(person().takes) == count)
    bpy.context.scene.frame_set(60)
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield PANELS_SETTLE
    picture("06_predicted")
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


def predict_for_real():
    """The take that is shown, by the networks, where a Python was lent to run them."""
    lent = FOLDER / "engine.txt"
    if not lent.is_file():
        return
    engine().stop()
    engine().WorkerClient = part(".blender_addon.engine.worker_client").WorkerClient
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.python = lent.read_text().strip()
    person().seed, person().keep_calibration = ANSWER, False  # The one that there is was made up.
    before = part(".blender_addon.state.takes").active_take(person()).baked
    report["real_prediction_seconds"] = yield from watched_prediction("predicting by the networks", kind="REFINE")
    state = str(part(".blender_addon.ui.preferences").engine_state(preferences)[0])
    predicted = part(".blender_addon.state.takes").active_take(person()).baked != before
    check("the networks predict", "Running" in state and predicted)
    person().keep_calibration = True
    pauses = report["longest_pauses_seconds"]
    pauses["view with the avatar drawn, no prediction"] = yield from drawn_again(view()["region"])
    use_fake_engine()
    engine().stop()


def use_engine_without_networks():
    """Let whatever Python is the engine's run one that has no networks."""
    client = part(".blender_addon.engine.worker_client")
    engine().WorkerClient = functools.partial(client.WorkerClient, script=FOLDER / "tests" / "fake_engine.py")


def use_fake_engine():
    """Let the engine be the one without networks, in the system's own Python."""
    use_engine_without_networks()
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.source, preferences.python = "OWN", "/usr/bin/python3"


def let_engine_run(when):
    """Predict once more: the engine stays warm. Modules that were reloaded know nothing of the one without networks."""
    use_fake_engine()
    person().seed = ANSWER
    check(f"Predict can be pressed {when}", click(bpy.ops.threepoint.predict))
    yield from until(lambda: not running())
    check(f"the engine stays warm {when}", len(engines()) == 1)


def convert_avatar():
    """Bone names and rotation order: one undo step each, in which setting and avatar agree."""

    def state():
        armature, shown = person().armature, person()
        return armature.pose.bones[0].name, armature.pose.bones[0].rotation_mode, shown.bone_names, shown.rotation_order

    before = state()
    for operator, setting, value in (
        (bpy.ops.threepoint.name_bones, "bone_names", "MIXAMO"),
        (bpy.ops.threepoint.order_rotations, "rotation_order", "YXZ"),
    ):
        begun = time.monotonic()
        check(f"{setting} can be pressed", click(operator, **{setting: value}))
        yield from until(lambda: not importing())
        report["longest_pauses_seconds"][f"converting {setting}"] = longest_pause(begun)
        yield 0.5
        check(f"{setting} is another", getattr(person(), setting) == value and state() != before)
        if setting == "bone_names":
            named = state()
    check("bones are called Mixamo's and turn about Euler angles", state()[:2] == ("mixamorig:Hips", "YXZ"))
    yield PANELS_SETTLE
    picture("28_converted")
    bpy.ops.ed.undo()
    yield 0.5
    check("one undo takes the rotation order back", state() == named)
    bpy.ops.ed.undo()
    yield 0.5
    check("another undo takes the bones' names back", state() == before)


def export_dialog(kind, name=None):
    """Open a format's window for files, take a picture of it, close it by Esc; what it was set to.

    A part of a walk; ``yield from`` gives what it was set to, nothing where no window has opened.
    """
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
    window = bpy.context.window_manager.windows[0]
    click(bpy.ops.threepoint.export, kind=kind)
    yield DIALOG_SETTLES
    areas = [area for area in window.screen.areas if area.type == "FILE_BROWSER"]
    if name is not None:
        picture(name)
    settings = {}
    for area in areas:
        chosen = area.spaces.active.active_operator.properties
        settings = {"kind": chosen.kind, "subject": chosen.subject}
        press_at(area.x + area.width // 2, area.y + area.height // 2, "ESC")
    yield from until(lambda: not any(area.type == "FILE_BROWSER" for area in window.screen.areas))
    return settings


def put_on_character():
    """A character of the avatar's own bones takes the motion; *Cancel* leaves it alone, one undo takes it back."""
    copy = person().armature.copy()
    copy.data = copy.data.copy()
    copy.animation_data_clear()
    copy.name, copy.threepoint.root, copy.parent = "hero", None, None
    bpy.context.scene.collection.objects.link(copy)
    bpy.context.view_layer.update()
    person().character.armature = copy
    bpy.ops.ed.undo_push(message="a character")
    click(bpy.ops.threepoint.put_on_character)
    click(bpy.ops.threepoint.cancel)
    yield from until(lambda: not running())
    check("a character can be cancelled", bpy.data.objects["hero"].animation_data is None)
    begun = time.monotonic()
    click(bpy.ops.threepoint.put_on_character)
    yield from until(lambda: not running())
    report["longest_pauses_seconds"]["putting on a character"] = longest_pause(begun)
    yield 0.5
    animation = bpy.data.objects["hero"].animation_data
    check("the character plays the take", animation is not None and animation.action is not None)
    bpy.data.objects["hero"].location.x = 1.0
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield PANELS_SETTLE
    picture("29_character")
    settings = yield from export_dialog("FBX", "31_export_character")
    check("with the avatar hidden the character is exported", settings.get("subject") == "CHARACTER")
    bpy.ops.ed.undo()
    yield 0.5
    check("one undo takes the character's motion back", bpy.data.objects["hero"].animation_data is None)


def come_and_go():
    """Scripts reloaded, the zip installed over itself, the extension disabled: it comes back once, or is gone."""
    before = names()
    yield from let_engine_run("before scripts are reloaded")
    bpy.ops.script.reload()
    yield from until(lambda: not engines())  # Blender 5.2 reloads them later.
    yield 2.0
    check("reloading scripts keeps what there was", names() == before)
    check("reloading scripts has stopped the engine", not engines())
    yield from let_engine_run("after scripts were reloaded")
    bpy.ops.extensions.package_install_files(
        filepath=str(FOLDER / "threepoint.zip"), repo="user_default", enable_on_install=True, overwrite=True
    )
    yield 2.0
    check("installed over itself it is there once", names() == before)
    check("installed over itself it has stopped its engine", not engines())
    check("installed over itself it knows its people", person().mesh is not None)
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    yield 0.5
    check("disabling leaves nothing", not names() and not hasattr(bpy.types.Scene, "threepoint"))
