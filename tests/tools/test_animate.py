"""The main job from one end to the other: a short recording becomes files, which are looked at without the add-on."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from threepoint.blender_addon.sample import SAMPLE
from threepoint.model_core import pipeline
from threepoint.model_core.body import load_body
from threepoint.model_core.command_line import animate_arguments
from threepoint.model_core.errors import InputError
from threepoint.model_core.exports.gltf_binary import Glb
from threepoint.model_core.geometry.skeleton import ROLES
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.tools import animate, demo
from threepoint.tools.support import animate_options
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.made_up_walk import walk_recording

pytestmark = pytest.mark.slow

SECONDS, SCENE_FPS = 3.0, 24
WITHIN = 600
"""Seconds that a step may take on a busy machine."""

LOOK_INTO_FILE = """
import json, os, sys
import bpy
import numpy as np
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
scene = bpy.context.scene
body = next(item for item in scene.objects if item.type == "MESH")
armature = next(item for item in scene.objects if item.type == "ARMATURE")
def look(frame):
    scene.frame_set(frame)
    mesh = body.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    places = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", places)
    values = np.empty(len(mesh.vertices), np.float32)
    mesh.attributes["uncertainty"].data.foreach_get("value", values)
    return places.reshape(-1, 3), values
(places, values), (later_places, later_values) = look(scene.frame_start), look(scene.frame_end - 2)
first, last = armature.animation_data.action.frame_range
print(json.dumps({
    "addons": [addon.module for addon in bpy.context.preferences.addons if "threepoint" in addon.module],
    "seconds": float(last - first) * scene.render.fps_base / scene.render.fps,
    "fps": scene.render.fps / scene.render.fps_base,
    "moved": float(np.linalg.norm(later_places - places, axis=1).max()),
    "differs_between_vertices": float(np.ptp(values)),
    "differs_between_frames": float(np.abs(later_values - values).max()),
    "finite": bool(np.isfinite(values).all() and np.isfinite(places).all()),
    "empties": sorted(item.name for item in scene.objects if item.type == "EMPTY"),
    "contacts": sorted({f.data_path for s in armature.animation_data.action.layers[0].strips
                        for f in s.channelbags[0].fcurves if "contact" in f.data_path}),
    "kept_actions": [action.name for action in bpy.data.actions if action.use_fake_user],
}))
sys.stdout.flush()
os._exit(0)
"""


def write_short_walk(path):
    """The first seconds of the made-up walk."""
    body = load_body()
    walk = walk_recording(body, body.betas_for(1.72))
    plain.write(path, walk.at(walk.time <= SECONDS))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Folder of one run of ``animate`` with every kind of file; the finished process."""
    folder = tmp_path_factory.mktemp("animate")
    write_short_walk(folder / "walk.csv")
    arguments = ["walk.csv", "-o", "walk.blend", "-o", "walk.vrma", "--npz", "walk.npz", "--preview", "walk.png"]
    command = [sys.executable, str(ROOT / "tools"), "animate", *arguments, "--takes", "2", "--fps", str(SCENE_FPS)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN, check=False)
    return folder, done


def test_ends_well_and_says_what_it_wrote(result):
    folder, done = result
    assert done.returncode == 0 and done.stderr == ""
    assert sorted(path.name for path in folder.iterdir()) == [
        "walk.blend", "walk.csv", "walk.npz", "walk.png", "walk.vrma", "walk_take2.npz", "walk_take2.vrma",
    ]  # fmt: skip
    for name in ("walk.blend", "walk.npz", "walk_take2.npz", "walk.png"):
        assert name in done.stdout


def test_file_plays_without_the_add_on(result):
    folder, _ = result
    command = [sys.executable, "-c", LOOK_INTO_FILE, str(folder / "walk.blend")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["addons"] == [] and seen["finite"]
    assert seen["fps"] == pytest.approx(SCENE_FPS)
    assert seen["seconds"] == pytest.approx(SECONDS, abs=1 / SCENE_FPS)
    assert seen["moved"] > 0.5
    assert seen["differs_between_vertices"] > 0.001 and seen["differs_between_frames"] > 0.0001
    empties = [name.partition(".")[0].removeprefix("walk ") for name in seen["empties"]]
    parts = ["body uncertainty", "avatar left foot stands", "avatar right foot stands"]
    assert sorted(empties) == sorted([*parts, "walk", *(f"{role} walk" for role in ROLES)])
    assert seen["contacts"] == ['["left_foot_contact"]', '["right_foot_contact"]']
    assert len(seen["kept_actions"]) == 2


def test_npz_is_the_whole_motion(result):
    folder, _ = result
    first, second = (np.load(folder / name, allow_pickle=False) for name in ("walk.npz", "walk_take2.npz"))
    frames = round(SECONDS * float(first["mocap_framerate"])) + 1
    assert first["poses"].shape == (frames, 156) and np.isfinite(first["poses"]).all()
    assert len(first["uncertainty"]) == frames and np.ptp(first["uncertainty"]) > 0
    assert not np.array_equal(first["poses"], second["poses"])
    assert first["contacts"].shape == (frames, 4) and first["contacts"].max() > 0.5
    assert read(folder / "walk.npz").duration == pytest.approx(SECONDS)


def test_other_programs_files_last_as_long_and_hold_a_take_each(result):
    folder, _ = result
    first, second = (Glb.read(folder / name) for name in ("walk.vrma", "walk_take2.vrma"))
    for file in (first, second):
        sampler = file.document["animations"][0]["samplers"][0]
        seconds = file.floats(sampler["input"])
        assert seconds[0] == 0 and seconds[-1] == pytest.approx(SECONDS, abs=1 / SCENE_FPS)
    assert first.binary != second.binary


@pytest.mark.parametrize("suffix", animate_arguments.EXPORTS)
def test_a_file_for_other_programs_is_of_one_person(tmp_path, suffix):
    output = ["-o", str(tmp_path / f"walk{suffix}"), "-o", str(tmp_path / "walk.blend")]
    options = animate_options.parse(["walk.csv", *output, "--takes", "2"], None)
    names = [path.name for path in animate_options.all_targets(options)]
    assert names == [f"walk{suffix}", "walk.blend", f"walk_take2{suffix}"]
    with pytest.raises(InputError, match=rf"walk{suffix} is about one person, and 2 recordings are named"):
        animate_options.parse(["walk.csv", "other.csv", *output], None)


def test_interrupted_run_leaves_nothing(tmp_path):
    write_short_walk(tmp_path / "walk.csv")
    command = [
        sys.executable,
        "-u",
        str(ROOT / "tools"),
        "animate",
        "walk.csv",
        "-o",
        "walk.blend",
        "--npz",
        "walk.npz",
    ]
    # Where the tests themselves run in the background the signal is ignored, and a child would inherit that.
    listen = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with subprocess.Popen(command, cwd=tmp_path, preexec_fn=listen, **pipes) as process:
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=WITHIN)
    assert "%" in line
    assert process.returncode == 130 and complaint.startswith("threepoint: interrupted")
    assert complaint.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["walk.csv"]


@pytest.mark.parametrize(
    ("arguments", "refinement"), [([], 1.0), (["--refinement", "0.25"], 0.25), (["--no-refine"], 0.0)]
)
def test_how_much_is_refined_can_be_said(arguments, refinement):
    assert animate_options.parse(["walk.csv", "-o", "walk.blend", *arguments], None).refinement == refinement


@pytest.mark.parametrize("wrong", ["-0.1", "1.01", "much"])
def test_refinement_beyond_its_ends_is_refused(wrong):
    with pytest.raises(InputError, match="--refinement"):
        animate_options.parse(["walk.csv", "-o", "walk.blend", f"--refinement={wrong}"], None)


def test_demo_runs_the_same_command(tmp_path, monkeypatch):
    taken = []
    monkeypatch.setattr(animate, "run", lambda arguments: taken.append(animate_options.parse(arguments, None)) or 0)
    assert demo.run(["--folder", str(tmp_path / "demo"), "--device", "cpu"]) == 0
    (options,) = taken
    assert options.recordings == [SAMPLE] and SAMPLE.is_file()
    assert options.output == [tmp_path / "demo" / "avatar.blend"] and options.device == "cpu"
    assert [path.suffix for path in options.preview] == [".png", ".mp4"]


def test_demo_without_blender_makes_the_motion_and_says_what_is_missing(tmp_path, monkeypatch, capsys):
    taken = []
    monkeypatch.setattr(demo, "has_blender", lambda: False)
    monkeypatch.setattr(animate, "run", lambda arguments: taken.append(animate_options.parse(arguments, None)) or 0)
    assert demo.run(["--folder", str(tmp_path / "demo")]) == 0
    (options,) = taken
    assert options.npz == tmp_path / "demo" / "avatar.npz" and not options.output and not options.preview
    (line,) = capsys.readouterr().out.splitlines()
    assert "threepoint[blender]" in line


def test_a_scene_without_blender_is_refused_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setattr(animate_options, "has_blender", lambda: False)
    with pytest.raises(InputError, match=r"pip install 'threepoint\[blender\]'"):
        animate_options.parse([str(tmp_path / "walk.csv"), "-o", str(tmp_path / "walk.blend")], None)
    assert animate_options.parse(["walk.csv", "--npz", str(tmp_path / "walk.npz")], None).npz


def test_a_report_says_how_sure_the_stature_is(make_recording, tmp_path, capsys):
    plain.write(tmp_path / "seated.csv", make_recording(3.0, move=(0, -0.42, 0)))
    animate.run([str(tmp_path / "seated.csv"), "--report"])
    assert "calibration: warning: how tall the person is, is a guess" in capsys.readouterr().out
    animate.run([str(tmp_path / "seated.csv"), "--report", "--stature", "1.70"])
    told = capsys.readouterr().out
    assert "a guess" not in told and "calibration: person 1.70 m tall" in told


def test_a_recording_is_brought_to_its_first_head_before_it_is_calibrated_with_progress(make_recording, monkeypatch):
    calibrated, stages = [], []
    calibrate_on_ground = pipeline.calibrate_on_ground

    def watched(recording, options, networks, progress):
        calibrated.append(recording.tracks["head"].position[0])
        progress(0.5, "calibrating")
        return calibrate_on_ground(recording, options, networks, progress)

    monkeypatch.setattr(pipeline, "calibrate_on_ground", watched)
    monkeypatch.setattr(pipeline, "solve", lambda *_: None)
    recording = replace(make_recording(1.0, move=(50.0, 0.0, -70.0)), device="joints")
    choices = pipeline.Options(body=load_body())
    networks = pipeline.Networks(None, None, "cpu")
    person = animate.predict_person("me", recording, choices, 2, networks, lambda f, stage: stages.append((f, stage)))
    assert len(calibrated) == 1 and np.abs(calibrated[0][[0, 2]]).max() == 0 and len(person.takes) == 2
    assert ("calibrating" in {stage for _, stage in stages}) and 0 < stages[-1][0] < 0.1
