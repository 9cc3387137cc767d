"""Tables of any laboratory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.spatial.transform

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix
from threepoint.model_core.recordings import Recording, Track, read
from threepoint.model_core.recordings.conventions import CONVENTIONS, from_openxr
from threepoint.model_core.recordings.formats.table import load_table
from threepoint.model_core.recordings.guessing import EULER_ORDERS
from threepoint.model_core.recordings.tables.columns import guess_columns, words
from threepoint.model_core.recordings.tables.layouts import Layouts
from threepoint.model_core.recordings.tables.options import TableOptions
from threepoint.tests.same_recording import texts

STYLES = {
    "snake": ("{d}_{k}_{a}", {"head": "head", "left_hand": "left", "right_hand": "right"}, ("pos", "rot")),
    "camel": (
        "{d}{K}{A}",
        {"head": "Head", "left_hand": "LeftTouch", "right_hand": "RightTouch"},
        ("Pos", "Orientation"),
    ),
    "dotted": ("{d}.{k}.{a}", {"head": "hmd", "left_hand": "l_hand", "right_hand": "r_hand"}, ("position", "rotation")),
    "short": (
        "{d}_{k}{a}",
        {"head": "HMD", "left_hand": "LeftController", "right_hand": "RightController"},
        ("p", "q"),
    ),
}


def header(style):
    """role -> names of position x, y, z and rotation w, x, y, z."""
    pattern, devices, kinds = STYLES[style]
    return {
        role: [
            pattern.format(d=device, k=kind, K=kind, a=axis, A=axis.upper())
            for kind, axes in zip(kinds, ("xyz", "wxyz"), strict=True)
            for axis in axes
        ]
        for role, device in devices.items()
    }


def table_text(
    recording, style="snake", convention="openxr", time="time", scale=1.0, tick=1.0, comma=False, mark=",", digits=9
):
    """A laboratory's table of the recording."""
    names, columns = [time], [recording.time * tick]
    for role, columns_of_role in header(style).items():
        position, rotation = from_openxr(recording.tracks[role].position, recording.tracks[role].rotation, convention)
        names += columns_of_role
        columns += [*(position * scale).T, *rotation.T]
    rows = [mark.join(f"{value:.{digits}g}" for value in row) for row in np.array(columns).T]
    body = "\n".join(rows)
    return mark.join(names) + "\n" + (body.replace(".", ",") if comma else body) + "\n"


def assert_same(again, recording, atol=1e-6, turn=1e-6):
    np.testing.assert_allclose(again.time - again.time[0], recording.time - recording.time[0], atol=1e-6)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position, track.position, atol=atol)
        same = np.abs((again.tracks[role].rotation * track.rotation).sum(-1))
        np.testing.assert_allclose(same, 1, atol=turn)


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "lab.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("style", STYLES)
def test_columns_are_known_by_their_names(make_recording, tmp_path, style):
    recording = make_recording(2.0)
    assert_same(read(write(tmp_path, table_text(recording, style))), recording)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("turn", [0.0, 75.0, 200.0])
def test_axes_are_guessed_from_the_motion(make_recording, tmp_path, convention, turn):
    recording = make_recording(3.0, turn=turn)
    again = read(write(tmp_path, table_text(recording, convention=convention)))
    assert f"guessed: the axes for up and forward are those that '{convention}' uses" in texts(again)
    assert_same(again, recording)


@pytest.mark.parametrize(("unit", "tick"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ticks", 1e7), ("ns", 1e9)])
def test_time_units_are_guessed_from_the_steps(make_recording, tmp_path, unit, tick):
    recording = make_recording(2.0)
    again = read(write(tmp_path, table_text(recording, tick=tick)))
    assert f"guessed: 'time' is in {unit}" in texts(again)
    assert_same(again, recording)


def test_a_time_unit_in_the_name_is_believed(make_recording, tmp_path):
    recording = make_recording(2.0)
    again = read(write(tmp_path, table_text(recording, time="timestamp [ms]", tick=1e3)))
    assert not any("'timestamp" in warning for warning in texts(again))
    assert_same(again, recording)


@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("cm", 100.0), ("mm", 1000.0)])
def test_length_units_are_guessed_from_the_reach(make_recording, tmp_path, unit, scale):
    recording = make_recording(2.0)
    again = read(write(tmp_path, table_text(recording, scale=scale)))
    assert f"guessed: positions are in {unit}" in texts(again)
    assert_same(again, recording)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_and_decimal_commas(make_recording, tmp_path, encoding):
    recording = make_recording(1.0)
    text = "sep=;\r\n" + table_text(recording, comma=True, mark=";").replace("\n", "\r\n")
    assert_same(read(write(tmp_path, text, encoding)), recording)


@pytest.mark.parametrize("mark", ["\t", ";", "|", " "])
def test_delimiters(make_recording, tmp_path, mark):
    recording = make_recording(1.0)
    assert_same(read(write(tmp_path, table_text(recording, mark=mark))), recording)


def test_euler_angles_in_degrees(make_recording, tmp_path):
    recording = make_recording(2.0)
    names, columns = ["time"], [recording.time]
    for role, device in (("head", "head"), ("left_hand", "left"), ("right_hand", "right")):
        position, rotation = from_openxr(recording.tracks[role].position, recording.tracks[role].rotation, "unity")
        m = quaternion_to_matrix(rotation)
        x, y = np.arcsin(-m[:, 1, 2]), np.arctan2(m[:, 0, 2], m[:, 2, 2])
        z = np.arctan2(m[:, 1, 0], m[:, 1, 1])
        names += [f"{device}_pos_{a}" for a in "xyz"] + [f"{device}_rot_{a}" for a in "xyz"]
        columns += [*position.T, *(np.degrees([x, y, z]) % 360)]
    rows = [",".join(f"{value:.9g}" for value in row) for row in np.array(columns).T]
    again = read(write(tmp_path, ",".join(names) + "\n" + "\n".join(rows)))
    assert any("angles are in degrees and multiply in the order YXZ" in text for text in texts(again))
    assert_same(again, recording)


@pytest.mark.parametrize("order", EULER_ORDERS)
@pytest.mark.parametrize("convention", ["openxr", "z_up"])
def test_the_order_of_angles_is_guessed_from_how_the_head_rolls(make_recording, tmp_path, order, convention):
    recording = nodding_all_round(make_recording(6.0))
    names, columns = ["time"], [recording.time]
    for role, track in recording.tracks.items():
        position, rotation = from_openxr(track.position, track.rotation, convention)
        angles = scipy.spatial.transform.Rotation.from_quat(rotation[:, [1, 2, 3, 0]]).as_euler(order, degrees=True)
        names += [f"{role}_pos_{a}" for a in "xyz"] + [f"{role}_rot_{a}" for a in order.lower()]
        columns += [*position.T, *angles.T]
    rows = [",".join(f"{value:.9g}" for value in row) for row in np.array(columns).T]
    again = read(write(tmp_path, ",".join(names) + "\n" + "\n".join(rows)))
    # Without any roll of the head YXZ and YZX are the same for it, and nearly so for the hands.
    assert_same(again, recording, turn=1e-4)
    assert any("multiply in the order" in warning for warning in texts(again))


def nodding_all_round(recording):
    """The same person turning once about themselves, and nodding all the while."""
    yaw = axis_angle_to_matrix(np.linspace(0, 2.2 * np.pi, len(recording.time))[:, None] * [0, 1.0, 0])
    nod = axis_angle_to_matrix(0.6 * np.sin(3 * recording.time)[:, None] * [1.0, 0, 0])
    tracks = {}
    for role, track in recording.tracks.items():
        turned = yaw @ nod if role == "head" else yaw @ quaternion_to_matrix(track.rotation)
        tracks[role] = Track((yaw @ track.position[..., None])[..., 0], matrix_to_quaternion(turned), track.valid)
    return replace(recording, tracks=tracks)


@pytest.mark.parametrize("order", ["wxyz", "xyzw"])
@pytest.mark.parametrize("pattern", ["{}_q{}", "{}_rot_{}", "{}Quat{}"])
@pytest.mark.parametrize("first", [0, 1])
def test_quaternions_that_are_only_numbered_are_put_in_order(make_recording, tmp_path, order, pattern, first):
    recording = make_recording(3.0, turn=70.0)
    names, columns = ["time"], [recording.time]
    for role, track in recording.tracks.items():
        names += [f"{role}_pos_{a}" for a in "xyz"] + [pattern.format(role, first + i) for i in range(4)]
        columns += [*track.position.T, *track.rotation[:, ["wxyz".index(letter) for letter in order]].T]
    text = ",".join(names) + "\n" + "\n".join(",".join(f"{v:.9g}" for v in row) for row in np.array(columns).T)
    again = read(write(tmp_path, text))
    assert_same(again, recording)
    assert f"guessed: quaternions are in the order {order}" in texts(again)
    told = read(write(tmp_path, text), quaternion_order=order, convention="openxr")
    assert not any("quaternions" in warning for warning in texts(told))


def test_empty_cells_and_words_are_lost_samples(make_recording, tmp_path):
    lines = table_text(make_recording(1.0)).splitlines()
    cells = lines[11].split(",")
    lines[11] = ",".join(cells[:8] + [""] + cells[9:])
    cells = lines[21].split(",")
    lines[21] = ",".join([*cells[:1], "NaN", *cells[2:]])
    lines[31] = lines[31].rpartition(",")[0]
    recording = read(write(tmp_path, "\n".join(lines)))
    found = {(d.role, d.first, d.reason) for d in recording.dropouts}
    assert found == {("left_hand", 10, "missing"), ("head", 20, "missing"), ("right_hand", 30, "missing")}


def test_lines_before_the_header_and_old_line_ends(make_recording, tmp_path):
    recording = make_recording(1.0)
    text = "Participant,7\nLab,Leeds,UK\n\n# a remark\n" + table_text(recording)
    assert_same(read(write(tmp_path, text)), recording)
    assert_same(read(write(tmp_path, text.replace("\n", "\r"))), recording)


def test_options_overrule_guesses(make_recording, tmp_path):
    recording = make_recording(2.0)
    path = write(tmp_path, table_text(recording, time="frame"))
    assert_same(read(path, fps=72.0, length_unit="m", convention="openxr"), recording)
    names = header("snake")
    columns = {"head": names["head"], "right_hand": names["left_hand"], "time": "frame"}
    swapped = read(path, columns=columns, time_unit="s")
    np.testing.assert_allclose(swapped.tracks["right_hand"].position, recording.tracks["left_hand"].position, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_unit": "days"}, "time_unit 'days' is not known"),
        ({"convention": "maya"}, "convention 'maya' is not known"),
        ({"euler_order": "XYX"}, "euler_order 'XYX'"),
        ({"fps": 0}, "fps is 0"),
        ({"columns": {"head": ["nose"]}}, "has no column 'nose'"),
    ],
)
def test_impossible_options_are_refused(make_recording, tmp_path, options, message):
    path = write(tmp_path, table_text(make_recording(1.0)))
    with pytest.raises(InputError, match=message):
        read(path, **options)


def test_what_was_said_of_a_table_is_saved_by_its_header(make_recording, tmp_path):
    layouts = Layouts(tmp_path / "config")
    recording = make_recording(1.0)
    first = write(tmp_path, table_text(recording, time="frame"))
    with pytest.raises(InputError, match="no column of increasing times"):
        read(first, layouts)
    saved = layouts.save(load_table(first).names, TableOptions(fps=72.0, device="touch"))
    with pytest.raises(InputError, match="no column of increasing times"):
        read(first)
    again = read(write(tmp_path, table_text(recording, time="frame")), layouts)
    assert_same(again, recording)
    assert again.device == "touch" and "saved for tables with this header" in texts(again)[0]
    assert read(first, layouts, fps=36.0).duration == pytest.approx(2.0)  # what is said now overrules what was saved
    saved.write_text("{}")
    with pytest.raises(InputError, match="is not a table's layout; delete it"):
        read(first, layouts)


def test_numbers_without_a_header_are_refused(tmp_path):
    with pytest.raises(InputError, match="its first line holds numbers"):
        read(write(tmp_path, "0,1,2,3,4\n1,2,3,4,5\n"))


def test_a_table_without_times_is_refused(make_recording, tmp_path):
    lines = [line.partition(",")[2] for line in table_text(make_recording(1.0)).splitlines()]
    with pytest.raises(InputError, match="no column of increasing times"):
        read(write(tmp_path, "\n".join(lines)))


def test_positions_in_no_unit_are_refused(make_recording, tmp_path):
    with pytest.raises(InputError, match="fit a person in no unit"):
        read(write(tmp_path, table_text(make_recording(1.0), scale=1e-4)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeftTouchPosX (cm)", ["left", "touch", "pos", "x", "cm"]),
        ("hmd.rotation.w", ["hmd", "rotation", "w"]),
        ("HMDPosX", ["hmd", "pos", "x"]),
        ("rhand_qw", ["right", "hand", "q", "w"]),
        ("headx", ["head", "x"]),
        ("CenterEyeAnchor_pos_x", ["head", "anchor", "pos", "x"]),
    ],
)
def test_names_fall_into_words(name, expected):
    assert words(name) == expected


def test_velocities_and_gaze_are_not_poses():
    names = [
        "time",
        "head_vel_x",
        "head_vel_y",
        "head_vel_z",
        "left_eye_gaze_x",
        "head_pos_x",
        "head_pos_y",
        "head_pos_z",
    ]
    names += ["head_rot_x", "head_rot_y", "head_rot_z", "head_rot_w", "waist_x", "waist_y", "waist_z"]
    names += ["waist_qx", "waist_qy", "waist_qz", "waist_qw"]
    columns = guess_columns(names)
    assert columns.devices["head"].position == [5, 6, 7] and columns.devices["head"].rotation == [11, 8, 9, 10]
    assert list(columns.devices) == ["head", "waist"]


def test_the_real_questset_table(shared):
    recording = read(shared / "hmd" / "questset" / "sample_movement_data.csv")
    assert recording.duration == pytest.approx(132.332, abs=1e-3) and len(recording.time) == 7942
    assert "guessed: the axes for up and forward are those that 'openxr' uses" in texts(recording)
    assert recording.device == "touch"
    assert recording.tracks["head"].valid.all()
    # The left controller lay asleep throughout.
    assert not recording.tracks["left_hand"].valid.any()
    right = recording.tracks["right_hand"]
    assert (right.position - recording.tracks["head"].position)[right.valid, 0].mean() > 0.1


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "lab.csv").write_text(table_text(recording, "camel", "unity", digits=5))
    (folder / "german.csv").write_text(table_text(recording, comma=True, mark=";", digits=5))
