"""``python3 tools COMMAND`` as a user meets it: the table, errors in one line, files that are whole or absent."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import save
from threepoint.model_core.errors import InputError
from threepoint.model_core.pipeline import calibrate, model_frame
from threepoint.model_core.progress import part_of
from threepoint.model_core.recordings.formats import bsor
from threepoint.model_core.recordings.recording import Recording, Track
from threepoint.model_core.whole_files import Outputs, check_target
from threepoint.tools import animate, cli
from threepoint.tools.support import animate_options
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.progress import TerminalProgress, time_left

pytestmark = pytest.mark.slow

COMMANDS = (
    "demo", "animate", "batch", "live", "prepare", "train", "evaluate", "simulate", "ablations", "compare", "bench",
    "fuzz", "build", "test", "architecture", "pictures", "docs",
)  # fmt: skip


def call(*arguments):
    """Run ``python3 tools WORDS`` as a process of its own."""
    command = [sys.executable, str(ROOT / "tools"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def answer(capsys):
    """``answer(WORDS)``: what the command answers in this process, where the libraries are loaded already."""

    def answer(*arguments):
        status = cli.run(list(map(str, arguments)))
        said = capsys.readouterr()
        return SimpleNamespace(returncode=status, stdout=said.out, stderr=said.err)

    return answer


def standing_recording(head_seen=True, samples=50):
    """Three trackers that hold a pose and shake a little."""
    time = np.arange(samples) / 60
    shake = 0.01 * np.sin(time)[:, None]
    tracks = {}
    for role, place in (("head", (0, 1.6, 0)), ("left_hand", (-0.3, 1, -0.2)), ("right_hand", (0.3, 1, -0.2))):
        seen = np.full(samples, head_seen or role != "head")
        tracks[role] = Track(place + shake, np.tile([1.0, 0, 0, 0], (samples, 1)), seen)
    return Recording(time, tracks, "standing", "saber")


def truncated(path):
    bsor.write(path, standing_recording())
    path.write_bytes(path.read_bytes()[:900])


def headless(path):
    bsor.write(path, standing_recording(head_seen=False))


BAD_RECORDINGS = {
    "missing.bsor": lambda path: None,
    "empty.bsor": lambda path: path.write_bytes(b""),
    "truncated.bsor": truncated,
    "text.bsor": lambda path: path.write_text("Dear diary,\nno numbers today.\n"),
    "unknown.csv": lambda path: path.write_text("apples,pears\n1,2\n3,4\n"),
    "headless.bsor": headless,
}


@pytest.mark.parametrize("name", BAD_RECORDINGS)
def test_bad_recording_is_one_line_and_leaves_nothing(tmp_path, answer, name):
    path, out = tmp_path / name, tmp_path / "out"
    out.mkdir()
    BAD_RECORDINGS[name](path)
    ask = call if name == "truncated.bsor" else answer
    result = ask("animate", path, "-o", out / "a.blend", "--npz", out / "a.npz", "--preview", out / "a.png")
    assert result.returncode == 2
    assert result.stderr.startswith("threepoint: error: ") and result.stderr.count("\n") == 1
    assert name in result.stderr
    assert list(out.iterdir()) == []


def test_bad_words_are_one_line(tmp_path, answer):
    recording = tmp_path / "fine.bsor"
    bsor.write(recording, standing_recording())
    blend = tmp_path / "a.blend"
    for arguments, complaint in [
        (["animate", recording], "nothing to write"),
        (["animate", "-o", blend], "RECORDING"),
        (["animate", recording, "-o", tmp_path / "a.txt"], ".blend"),
        (["animate", recording, "-o", tmp_path / "no" / "a.blend"], "does not exist"),
        (["animate", recording, "-o", blend, "--fps", "none"], "--fps"),
        (["animate", recording, "-o", blend, "--trackers", "nose=a"], "head=NAME"),
        (["animate", recording, "-o", blend, "--trackers", "head=nose"], "has no tracker 'nose'"),
        (["animate", recording, "-o", blend, "--pose", "b"], "is not t, t=SECOND"),
        (["animate", recording, recording, "-o", blend, "--npz", tmp_path / "a.npz"], "about one person"),
        (["animate", recording, "-o", blend, "--preview-part", "5:2"], "BEGIN < END"),
        (["animate", recording, "-o", blend, "--speed"], "--speed"),
        (["train", "birds"], "choose sage, flag or posture"),
        (["fly"], "unknown command 'fly'"),
    ]:
        result = call(*arguments) if arguments == ["fly"] else answer(*arguments)
        assert result.returncode == 2, arguments
        assert result.stderr.startswith("threepoint: error: ") and result.stderr.count("\n") == 1, result.stderr
        assert complaint in result.stderr
    assert not blend.exists()


def test_table_names_every_command(answer):
    for result in (call(), answer("--help")):
        assert result.returncode == 0 and result.stderr == ""
        listed = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")]
        assert listed == list(COMMANDS)


def test_second_call_starts_quickly(tmp_path):
    call("train")  # Whatever the first call has to install is not what is measured here.
    before = os.times()
    call("animate", tmp_path / "missing.bsor", "-o", tmp_path / "a.blend")
    after = os.times()  # Seconds of work, which do not depend on what else the machine does.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 2


def options_for(path, *more):
    return animate_options.parse([str(path), "-o", str(path.with_suffix(".blend")), *more], None)


def test_trackers_take_the_roles_they_are_given(tmp_path):
    path = tmp_path / "swapped.bsor"
    bsor.write(path, standing_recording())
    plain = animate.read_recording(path, options_for(path))
    swapped = animate.read_recording(path, options_for(path, "--trackers", "left=right_hand,right=left_hand"))
    assert np.array_equal(plain.tracks["left_hand"].position, swapped.tracks["right_hand"].position)
    assert np.array_equal(plain.tracks["right_hand"].position, swapped.tracks["left_hand"].position)
    assert np.array_equal(plain.tracks["head"].position, swapped.tracks["head"].position)


def test_swapped_hands_are_reported_and_fixed(tmp_path, capsys):
    path = tmp_path / "crossed.bsor"
    right = standing_recording(samples=200)
    crossed = {role: right.tracks[{"left_hand": "right_hand", "right_hand": "left_hand"}.get(role, role)]
               for role in right.tracks}  # fmt: skip
    bsor.write(path, replace(right, tracks=crossed))
    left_as_is = animate.read_recording(path, options_for(path, "--report"))
    assert "hands should be swapped" in capsys.readouterr().out
    corrected = animate.read_recording(path, options_for(path, "--fix", "sides"))
    assert left_as_is.tracks["left_hand"].position[0, 0] > 0 > corrected.tracks["left_hand"].position[0, 0]
    assert any("corrected" in str(warning) for warning in corrected.warnings)
    with pytest.raises(InputError, match="nothing to fix by the name 'metres'; found: sides"):
        animate.read_recording(path, options_for(path, "--fix", "metres"))


def test_person_is_as_given(tmp_path):
    path, kept = tmp_path / "standing.bsor", tmp_path / "person.json"
    bsor.write(path, standing_recording())
    body = load_body()

    def person(*arguments):
        options = options_for(path, *arguments)
        recording = animate.read_recording(path, options)
        return calibrate(model_frame(recording), animate_options.pipeline_options(options))

    given = person("--stature", "1.5", "--floor", "0.1", "--controllers", "touch")
    assert float(body.stature(given.betas)) == pytest.approx(1.5, abs=0.01) and given.floor == 0.1
    save(kept, given)
    assert np.allclose(person("--calibration", str(kept)).betas, given.betas)
    with pytest.raises(InputError, match="nobody holds a T-pose"):
        person("--pose", "t")
    posed = person("--pose", "a=0.4")
    assert not np.allclose(posed.offsets["left_hand"].rotation, given.offsets["left_hand"].rotation)


def test_outputs_appear_together(tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.blend"
    with Outputs() as outputs:
        for target in (first, second):
            outputs.path_for(target).write_text("new")
            assert outputs.path_for(target).suffix == target.suffix
        assert not first.exists() and not second.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.blend"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, InputError, MemoryError])
def test_failed_outputs_leave_what_was_there(tmp_path, interruption):
    target = tmp_path / "a.blend"
    target.write_text("precious")
    with pytest.raises(interruption), Outputs() as outputs:
        outputs.path_for(target).write_text("half")
        raise interruption
    assert [path.name for path in tmp_path.iterdir()] == ["a.blend"] and target.read_text() == "precious"


def test_target_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "a.blend").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        check_target(tmp_path / "a.blend", (".blend",))


def test_progress_is_plain_outside_a_terminal(capsys):
    clock = iter([0.0, 1.0, 2.0, 40.0, 41.0])
    with TerminalProgress(lambda: next(clock), terminal=False) as progress:
        part = part_of(progress, 0.5, 1)
        for fraction, stage in [(0, "reading"), (0.1, "reading"), (0.5, "reading"), (1, "writing")]:
            part(fraction, stage)
    out, err = capsys.readouterr()
    assert out.splitlines() == [" 50%  reading", " 75%  reading, 0:48 left", "100%  writing"]
    assert err == ""


def test_a_films_slow_first_frame_does_not_count_for_the_time_left(capsys):
    clock = iter([0.0, 60.0, 70.0, *range(71, 100)])
    with TerminalProgress(lambda: next(clock), terminal=False) as progress:
        for frame in range(20):
            progress(0.9 + 0.1 * frame / 100, "rendering")
    assert capsys.readouterr().out.splitlines() == [" 90%  rendering", " 91%  rendering, 1:34 left"]


def test_progress_leaves_a_clean_terminal_line(capsys):
    with TerminalProgress(terminal=True) as progress:
        progress(0.5, "reading")
    out, err = capsys.readouterr()
    assert out == "" and "50%  reading" in err and err.endswith("\r\x1b[K")


def test_time_left_waits_for_evidence():
    assert time_left(0.01, 100, 0.1, 9) == "" and time_left(0.5, 0.5, 0.5, 0.5) == "" and time_left(0.5, 60, 0, 9) == ""
    assert time_left(0.25, 30, 0.25, 30) == ", 1:30 left"


def test_the_time_left_of_a_film_goes_by_its_frames_not_by_how_fast_what_came_before_was():
    assert time_left(0.86 + 0.14 * 0.1, 60 + 20, 0.1, 20) == ", 3:00 left"
