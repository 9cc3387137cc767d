"""The first minute: how to begin is said, what comes in is shown, and every button says and does its own."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny
from drawing import Layout, calls, drawn

from threepoint.blender_addon.animation.curves import all_fcurves
from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.engine import time_left
from threepoint.blender_addon.operators import engine_environment, exporting, predicting, stepped
from threepoint.blender_addon.sample import SAMPLE
from threepoint.blender_addon.state import engine_choice, people
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.ui import panel
from threepoint.model_core.recordings import read


@pytest.fixture
def scene(monkeypatch):
    answer_at_once(monkeypatch)
    return empty_file(30)


def test_an_empty_scene_says_how_to_begin_and_offers_a_sample(scene):
    operators, words = drawn(panel.THREEPOINT_PT_recording)
    assert "threepoint.import_sample" in operators and "begin with the sample" in words
    bpy.ops.threepoint.import_sample()
    (person,) = people_of(scene)
    assert (
        scene.frame_end == 1 + round(30 * read(SAMPLE).duration)
        and bpy.context.view_layer.objects.active == person.head
    )
    assert "threepoint.import_sample" not in drawn(panel.THREEPOINT_PT_recording)[0]


def test_every_panel_can_be_drawn_in_every_state(scene, tmp_path):
    kinds = [kind for kind in panel.CLASSES if issubclass(kind, bpy.types.Panel)]
    drawn(panel.THREEPOINT_PT_recording)
    person = import_tiny(tmp_path)
    for _ in range(2):
        for kind in kinds:
            drawn(kind)
        bpy.ops.threepoint.predict()
    bpy.ops.threepoint.push_takes()
    bpy.data.actions.remove(person.takes[0].action)
    for kind in kinds:
        drawn(kind)
    manager = bpy.context.window_manager
    for work, step in (
        (manager.threepoint, "CALIBRATION"), (manager.threepoint, "PREDICTION"), (manager.threepoint, "EXPORT"),
        (manager.threepoint, "CHARACTER"), (manager.threepoint_import, "IMPORT"),
    ):  # fmt: skip
        work.running, work.step = True, step
        shown = [name for kind in kinds for name in drawn(kind)[0]]
        assert shown.count("threepoint.cancel") == 1
        work.running = False
    with bpy.context.temp_override(selected_objects=[person.armature, person.mesh]):
        bpy.ops.object.delete()
    for kind in kinds:
        drawn(kind)


def test_what_comes_in_is_selected_and_the_trackers_are_told_apart(scene, tmp_path):
    person = import_tiny(tmp_path, "humanid_user4_ref")
    trackers = people.trackers_of(person).values()
    assert {item for item in scene.objects if item.select_get()} == set(trackers)
    assert len({item.name[:6] for item in trackers}) == 3
    assert scene.frame_end == person.last == 1 + round(30 * people.recording_of(person, scene).duration)


def test_who_stands_beside_the_default_cube_is_in_the_middle_of_every_view(scene):
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.threepoint.import_sample()
    (person,) = people_of(scene)
    low_x, low_y, high_x, high_y = person.extent
    beside = person.root.location.x
    assert beside + low_x >= 1.0
    windows = bpy.context.window_manager.windows
    views = [area.spaces[0].region_3d for window in windows for area in window.screen.areas if area.type == "VIEW_3D"]
    assert views
    for view in views:
        assert view.view_location.x == pytest.approx(beside + (low_x + high_x) / 2)
        assert view.view_location.y == pytest.approx((low_y + high_y) / 2)


def test_a_new_avatar_is_selected_with_its_bones_and_later_ones_leave_the_selection(scene, tmp_path):
    person = import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    assert [item for item in scene.objects if item.select_get()] == [person.armature]
    bones = person.armature.pose.bones
    assert all(bone.select if hasattr(bone, "select") else bone.bone.select for bone in bones)
    action = person.armature.animation_data.action
    points = [point for fcurve in all_fcurves(action) for point in fcurve.keyframe_points]
    assert not any(point.select_control_point for point in points)
    person.head.select_set(True)
    person.armature.select_set(False)
    bpy.ops.threepoint.predict()
    assert [item for item in scene.objects if item.select_get()] == [person.head]


def test_solid_views_show_the_colours_once_there_is_an_avatar(scene, tmp_path):
    spaces = [space for screen in bpy.data.screens for area in screen.areas for space in area.spaces
              if isinstance(space, bpy.types.SpaceView3D)]  # fmt: skip
    for space in spaces:
        space.shading.color_type = "MATERIAL"
    import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    windows = bpy.context.window_manager.windows
    shown = [area.spaces[0] for window in windows for area in window.screen.areas if area.type == "VIEW_3D"]
    assert all(space.shading.color_type == "VERTEX" for space in shown)


def test_draft_and_final_are_one_switch(scene, tmp_path):
    person = import_tiny(tmp_path)
    assert person.quality == "FINAL"
    person.quality = "DRAFT"
    assert person.refinement == 0
    person.refinement = 0.5
    assert person.quality == "FINAL" and person.refinement == 0.5


def test_everybody_is_predicted_by_one_button(scene, tmp_path):
    made = [import_tiny(tmp_path, name) for name in "ab"]
    bpy.ops.threepoint.predict(kind="ALL")
    assert [len(person.takes) for person in made] == [1, 1]


def test_every_button_of_a_kind_has_its_own_tooltip():
    said = {
        kind: predicting.THREEPOINT_OT_predict.description(bpy.context, SimpleNamespace(kind=kind))
        for kind in predicting.LABELS
    }
    assert len(set(said.values())) == 6 and "one more" in said["TAKE"]


def test_dropouts_are_summed_up_and_one_jumps_from_gap_to_gap(scene, tmp_path):
    from bodies import wobbly_recording

    from threepoint.model_core.recordings.formats import bsor

    bsor.write(tmp_path / "gaps.bsor", wobbly_recording())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "gaps.bsor"))
    (person,) = people_of(scene)
    said = [str(line) for line in panel.dropout_messages(person, scene)]
    assert len(said) == 2 and all("dropouts: 1, the longest" in line for line in said)
    scene.frame_set(2)
    frames = []
    for _ in range(3):
        bpy.ops.threepoint.next_dropout()
        frames.append(scene.frame_current)
    assert frames[0] > 30 and frames[1] == 1 and frames[2] == frames[0]


def test_all_of_a_calibration_is_shown_and_can_be_copied(scene, tmp_path):
    import_tiny(tmp_path)
    bpy.ops.threepoint.calibrate()
    operators, words = drawn(panel.THREEPOINT_PT_calibration)
    assert "threepoint.copy_calibration" in operators and "1.70 m tall" in words
    bpy.ops.threepoint.copy_calibration()


def test_only_formats_that_this_blender_has_are_offered(scene, tmp_path, monkeypatch):
    import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    monkeypatch.setitem(exporting.EXPORTERS, "USD", "wm.usd_export_of_another_build")
    assert drawn(panel.THREEPOINT_PT_export)[1].split() == ["FBX", "glTF", "BVH", "VRM", "Animation", "AMASS", "npz"]


def test_the_folder_of_an_environment_is_a_python_too(tmp_path):
    for name in ("bin/python", "Scripts/python.exe"):
        folder = tmp_path / name.partition("/")[0]
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
        assert engine_choice.program_of(folder) == folder / name
    assert engine_choice.program_of(tmp_path) == tmp_path
    assert engine_choice.program_of(Path(sys.executable)) == Path(sys.executable)


@pytest.fixture
def chosen_python(extension, monkeypatch):
    """A function that chooses an existing Python in the preferences, as in a Blender without a prediction under way."""
    empty_file(30)
    preferences = bpy.context.preferences.addons[extension].preferences

    def choose(path):
        preferences.source, preferences.python = "OWN", str(path)

    yield choose
    preferences.source, preferences.python = "INSTALLED", ""


def test_a_folder_in_the_preferences_is_taken_and_what_is_none_is_said_in_the_sidebar(chosen_python, tmp_path):
    import_tiny(tmp_path)
    program = tmp_path / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    chosen_python(tmp_path / ".venv")
    assert engine_choice.engine_python() == program
    assert "The engine cannot be used" not in drawn(panel.THREEPOINT_PT_predict)[1]
    for path in (tmp_path, tmp_path / "walk.bsor", tmp_path / "nowhere"):
        chosen_python(path)
        operators, words = drawn(panel.THREEPOINT_PT_predict)
        assert "preferences.addon_show" in operators and "The engine cannot be used" in words
        assert f"The engine's Python '{path}'" in " ".join(words.split())


def test_where_no_python_is_chosen_that_is_said_and_there_is_a_way_back(chosen_python, tmp_path):
    import_tiny(tmp_path)
    chosen_python("")
    operators, words = drawn(panel.THREEPOINT_PT_predict)
    assert "threepoint.use_managed_engine" in operators and "No Python is chosen" in words and "''" not in words
    bpy.ops.threepoint.use_managed_engine()
    assert "threepoint.install_engine" in drawn(panel.THREEPOINT_PT_predict)[0]


def test_torch_comes_from_pypi_where_its_own_server_is_not_reached(extension, monkeypatch, tmp_path):
    installation, begun = engine_choice.installation, []
    empty_file(30)
    import_tiny(tmp_path)
    work = SimpleNamespace(running=False, error="the disk is full", fraction=0.4, line="")
    monkeypatch.setattr(installation, "_work", work)
    assert "threepoint.install_from_pypi" not in drawn(panel.THREEPOINT_PT_predict)[0]
    work.error = "download.pytorch.org cannot be reached (NewConnectionError)"
    assert "threepoint.install_from_pypi" in drawn(panel.THREEPOINT_PT_predict)[0]
    monkeypatch.setattr(installation, "start", begun.append)
    try:
        assert bpy.ops.threepoint.install_from_pypi() == {"FINISHED"}
        assert begun == ["https://pypi.org/simple/"]
    finally:
        engine_choice.preferences().torch_index = ""


def test_how_an_installation_ended_is_said(extension, monkeypatch, tmp_path):
    installation = engine_choice.installation
    empty_file(30)
    import_tiny(tmp_path)
    work = SimpleNamespace(running=False, error="the disk is full", fraction=0.4, line="Downloading a wheel of torch")
    monkeypatch.setattr(installation, "_work", work)
    with pytest.raises(engine.EngineError, match="could not be installed: the disk is full"):
        engine_choice.engine_python()
    assert "torch_index" in [call.arguments[1] for call in calls(panel.THREEPOINT_PT_predict) if call.name == "prop"]
    work.running = True
    shown = [call.words["text"] for call in calls(panel.THREEPOINT_PT_predict) if call.name == "progress"]
    assert shown == ["40%"]
    with pytest.raises(engine.EngineError, match="still being installed"):
        engine_choice.engine_python()
    work.running, work.error = False, ""
    monkeypatch.setattr(installation, "is_ready", lambda: True)
    assert "The engine is installed" in drawn(panel.THREEPOINT_PT_predict)[1]


def test_no_panel_changes_its_size_while_something_is_under_way(scene, tmp_path):
    import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    manager = bpy.context.window_manager
    for kind, work, step in (
        (panel.THREEPOINT_PT_predict, manager.threepoint, "PREDICTION"),
        (panel.THREEPOINT_PT_calibration, manager.threepoint, "CALIBRATION"),
        (panel.THREEPOINT_PT_recording, manager.threepoint_import, "IMPORT"),
    ):  # fmt: skip
        idle, busy = [], []
        drawn(kind, idle)
        work.running, work.step = True, step
        drawn(kind, busy)
        work.running = False
        assert len(idle) == len(busy), (kind, idle, busy)


def test_a_temporary_folder_that_cannot_be_written_is_named_and_not_the_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "log_path", lambda: tmp_path / "nowhere" / "log.txt")
    with pytest.raises(engine.EngineError, match="log.txt: cannot be written .*; Blender's temporary folder is set in"):
        engine._start(sys.executable)


@pytest.mark.parametrize("seed", range(20))
def test_the_time_left_never_counts_up(seed, monkeypatch):
    monkeypatch.setattr(time_left, "_rates", {})
    rng = np.random.default_rng(seed)
    for _ in range(3):
        total, power = rng.uniform(5, 60), rng.uniform(0.3, 3)
        left, before = time_left.TimeLeft(("animate", "cpu", True), 30.0, 0.0), np.inf
        for now in np.linspace(0.03, total, 200):
            shown = left.update(now, (now / total) ** power)
            if shown is not None:
                assert shown <= before + 1e-9
                before = shown
        left.finish(total)
        assert before < 1.0


def test_time_left_begins_with_what_the_same_took_before(monkeypatch):
    monkeypatch.setattr(time_left, "_rates", {})
    time_left.TimeLeft(("animate",), 10.0, 0.0).finish(5.0)
    assert time_left.TimeLeft(("animate",), 20.0, 100.0).update(100.0, 0.0) == pytest.approx(10.0)


class Modal(stepped.SteppedOperator):
    """An operator without a window around it."""

    step = "PREDICTION"

    def __init__(self, steps, phase=stepped.Phase.WAITING):
        self._steps, self._phase, self.said = steps, phase, []
        self._timer = object()

    def tell(self, said, level="INFO"):
        self.said.append(str(said))

    def progress(self):
        return 0.5, "half"


def window(cancelled=False):
    sidebar = SimpleNamespace(type="UI", x=1000, y=100, width=300, height=800)
    area = SimpleNamespace(type="VIEW_3D", regions=[sidebar])
    dope = SimpleNamespace(type="DOPESHEET_EDITOR", regions=[SimpleNamespace(type="UI", x=0, y=0, width=99, height=99)])
    work = SimpleNamespace(running=True, stage="", cancelled=cancelled)
    manager = SimpleNamespace(threepoint=work, windows=[], event_timer_remove=lambda timer: None)
    screen = SimpleNamespace(areas=[area, dope])
    return SimpleNamespace(window_manager=manager, window=SimpleNamespace(screen=screen),
                           workspace=SimpleNamespace(status_text_set=lambda text: None))  # fmt: skip


def press(kind, x=0, y=0):
    return SimpleNamespace(type=kind, value="PRESS", mouse_x=x, mouse_y=y)


def test_escape_belongs_to_the_sidebar_and_cancel_is_a_button():
    def waits_for(job):
        try:
            while True:
                yield stepped.Phase.WAITING
        finally:
            cancelled.append(job)

    def begun(phase=stepped.Phase.WAITING):
        steps = waits_for("job")
        next(steps)
        return Modal(steps, phase)

    cancelled, kept = [], begun()
    for place in ((500, 500), (50, 50), (1301, 500), (1100, 99)):
        assert kept.modal(window(), press("ESC", *place)) == {"PASS_THROUGH"} and not cancelled
    assert kept.modal(window(), press("TIMER")) == {"PASS_THROUGH"} and not cancelled
    for phase in stepped.Phase:
        cancelled.clear()
        assert begun(phase).modal(window(), press("ESC", 1100, 500)) == {"CANCELLED"} and cancelled == ["job"]
        assert begun(phase).modal(window(cancelled=True), press("TIMER")) == {"CANCELLED"} and len(cancelled) == 2


@pytest.mark.parametrize("phase", [None, stepped.Phase.LOOKING])
def test_while_the_scene_is_read_or_changed_nothing_else_happens(phase):
    def steps():
        for _ in range(2):
            time.sleep(1.5 * stepped.STEP_SECONDS)
            yield phase

    operator = Modal(steps(), phase)
    assert operator.modal(window(), press("TIMER")) == {"RUNNING_MODAL"}
    for event in (press("LEFTMOUSE"), press("Z"), *([press("ESC", 1100, 500)] if phase is None else [])):
        assert operator.modal(window(), event) == {"RUNNING_MODAL"}
    assert operator.modal(window(), press("TIMER")) == {"RUNNING_MODAL"}
    assert operator.modal(window(), press("TIMER")) == {"FINISHED"}


def test_the_button_for_online_access_bears_its_name_where_others_have_theirs_before_them(monkeypatch):
    offline = SimpleNamespace(online_access=False, online_access_override=False)
    monkeypatch.setattr(engine_environment, "bpy", SimpleNamespace(app=offline))
    row, context = Layout([]), SimpleNamespace(preferences=SimpleNamespace(system=None))
    engine_environment._draw_online_access(SimpleNamespace(row=lambda: row), context)
    ((name, arguments, words, _),) = row.seen
    assert (name, arguments[1], words["text"]) == ("prop", "use_online_access", "Allow Online Access")
    assert row.use_property_split is False


LONG = (
    "predict", "calibrate", "calibrate_t_pose", "use_objects", "read_recordings", "put_on_character", "name_bones",
    "order_rotations", "pose_hands", "switch_correctives",
)  # fmt: skip


def test_no_button_that_takes_long_can_be_done_again_by_the_redo_panel():
    for name in LONG:
        kind = getattr(bpy.types, f"THREEPOINT_OT_{name}")
        assert kind.bl_options - {"INTERNAL"} == {"UNDO"} and issubclass(kind, stepped.SteppedOperator)
    assert "REGISTER" not in bpy.types.THREEPOINT_OT_import_recording.bl_options


def test_heights_are_shown_to_the_millimetre(scene, tmp_path):
    properties = import_tiny(tmp_path).bl_rna.properties
    assert properties["stature"].precision == properties["floor"].precision == 3
