"""What becomes of each recording of a batch: a motion, or the line that says why not; none stops the others."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate_by_preset, find_person
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import Motion
from threepoint.model_core.recordings.formats import plain
from threepoint.tools.batching import animating, output
from threepoint.tools.batching.animating import Animator
from threepoint.tools.batching.options import parse
from threepoint.tools.batching.sources import find_sources


@pytest.fixture
def solved(monkeypatch):
    """Networks that do nothing: every body stands still. The sizes of what is solved together are given."""
    sizes = []

    def solve_all(observations, calibrations, options, networks):
        sizes.append([observation.frame_count for observation in observations])
        if any("fails" in observation.source for observation in observations):
            raise RuntimeError("out of memory")
        rotations = np.tile([1.0, 0, 0, 0], (1000, 22, 1)).astype(np.float32)
        return [
            Motion(60.0, rotations[: seen.frame_count], rotations[: seen.frame_count, 0, 1:], seen.betas,
                   notes=calibration.notes)
            for seen, calibration in zip(observations, calibrations, strict=True)
        ]  # fmt: skip

    def calibrate(recording, options, networks):
        body = load_body()
        return calibrate_by_preset(recording, body, "grip", find_person(recording, body, stature=1.7))

    monkeypatch.setattr(animating, "solve_all", solve_all)
    monkeypatch.setattr(animating, "calibrate", calibrate)
    return sizes


@pytest.fixture
def takes(tmp_path, make_recording, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "takes").mkdir()
    for name, seconds in (("a", 1.0), ("b", 2.0), ("fails", 0.5)):
        plain.write(tmp_path / "takes" / f"{name}.csv", make_recording(seconds))
    (tmp_path / "takes" / "empty.csv").write_bytes(b"")
    return tmp_path / "takes"


def animator(*words):
    return Animator(parse(["takes", "-o", "out", *words], None), SimpleNamespace())


def test_errors_are_rows_and_stop_nothing(takes, solved):
    rows = {row.id: row for row in animator().rows(find_sources(["takes"]).sources)}
    assert {name: row.status for name, row in rows.items()} == {
        "takes/a.csv": "ok", "takes/b.csv": "ok", "takes/fails.csv": "error", "takes/empty.csv": "error",
    }  # fmt: skip
    assert rows["takes/empty.csv"].error == "empty.csv: is empty"
    assert rows["takes/fails.csv"].error == "not foreseen: RuntimeError: out of memory"
    assert sorted(solved[0]) == [31, 61, 121], "they are tried together"
    assert len(solved) == 4, "then each alone"
    row = rows["takes/a.csv"]
    assert row.motion.frame_count == pytest.approx(60, abs=1) and row.seconds == pytest.approx(1.0, abs=0.05)
    assert "hovering" in row.figures and row.calibration.notes == ()
    assert any("1.70 m tall" in note for note in row.notes)


def test_what_is_solved_together_is_bounded(takes, solved, monkeypatch):
    monkeypatch.setattr(animating, "FRAMES_TOGETHER", 150)
    (takes / "fails.csv").unlink()
    list(animator().rows(find_sources(["takes"]).sources))
    assert [len(sizes) for sizes in solved] == [1, 1]


def test_an_npz_each_holds_the_motion(takes, solved):
    rows = {row.id: row for row in animator("--format", "npz").rows(find_sources(["takes/a.csv"]).sources)}
    row = rows["takes/a.csv"]
    assert row.file == "files/takes/a.csv.npz" and row.motion is None
    with np.load(takes.parent / "out" / row.file) as data:
        assert data["poses"].shape[1] == 156 and float(data["mocap_framerate"]) == 60


@pytest.mark.slow
def test_a_scene_each_holds_its_person_alone(takes, solved):
    import bpy

    sources = find_sources(["takes/a.csv", "takes/b.csv"]).sources
    rows = {row.id: row for row in animator("--format", "blend").rows(sources)}
    assert {row.status for row in rows.values()} == {"ok"}, [row.error for row in rows.values()]
    for name in ("a", "b"):
        path = takes.parent / "out" / rows[f"takes/{name}.csv"].file
        assert path.name == f"{name}.csv.blend"
        with bpy.data.libraries.load(str(path)) as (there, _):
            assert len(there.armatures) == 1 and name in there.collections


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--takes", "2"], "one take"),
        (["--uncertainty"], "--format npz"),
        (["--keep-table", "--table", "fps=60"], "--keep-table"),
        (["--character", "x.glb"], "--format blend"),
        (["--gpus", "1", "--device", "cpu"], "--device cpu"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words, line):
    with pytest.raises(InputError, match=line):
        parse(["takes", "-o", "out", *words], None)


def test_a_folder_is_taken_up_again_by_the_same_options_alone(tmp_path):
    pytest.importorskip("pyarrow", reason="needs the extra 'batch'")
    folder = tmp_path / "out"
    options = parse(["takes", "-o", str(folder)], None)
    with output.opened(options) as first:
        assert output.current_run(folder) == first
        with pytest.raises(InputError, match="another run"), output.opened(options):
            pass
    with output.opened(parse(["takes", "more", "-o", str(folder), "--workers", "3"], None)) as second:
        assert second != first and json.loads((folder / output.RUN).read_text())["run"] == second
    with (
        pytest.raises(InputError, match="begun with --seed 0, and this is --seed 7"),
        output.opened(parse(["takes", "-o", str(folder), "--seed", "7"], None)),
    ):
        pass
    (folder / output.RUN).write_text("{}")
    with pytest.raises(InputError, match="is not of"), output.opened(options):
        pass
