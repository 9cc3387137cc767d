"""Files that people really write, made anew: what once was read wrongly without a word."""

import json
from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, Track, read
from threepoint.model_core.recordings.checks import check
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.model_core.recordings.evidence import SURE
from threepoint.model_core.recordings.report import report, report_data
from threepoint.model_core.recordings.resample import resample
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import texts

DEVICES = {"head": "Head", "left_hand": "LeftHand", "right_hand": "RightHand"}


@pytest.fixture(scope="module")
def person():
    return walking_person(10.0, 60.0)


def columns_of(
    recording, convention="unity", scale=1.0, move=(0, 0, 0), names="{d}{K}{A}", devices=None, parts=("Pos", "Rot")
):
    """[(name, texts)] of a table of the recording."""
    found = []
    for role, device in (devices or DEVICES).items():
        position, rotation = from_openxr(recording.tracks[role].position, recording.tracks[role].rotation, convention)
        position = position * scale + np.array(move)
        for part, axes, values in ((parts[0], "xyz", position), (parts[1], "xyzw", rotation[:, [1, 2, 3, 0]])):
            for axis, column in zip(axes, values.T, strict=True):
                name = names.format(d=device, K=part, A=axis.upper(), k=part, a=axis)
                found.append((name, [f"{value:.5f}" for value in column]))
    return found


def table(tmp_path, *columns, mark=","):
    rows = [mark.join(name for name, _ in columns)]
    rows += [mark.join(row) for row in zip(*(cells for _, cells in columns), strict=True)]
    (tmp_path / "lab.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "lab.csv"


def stamps(recording, scale=1.0, digits=5):
    return [f"{value * scale:.{digits}f}" for value in recording.time]


def assert_right(found, recording, atol=1e-3, roles=None):
    assert found.duration == pytest.approx(recording.duration, abs=2e-3)
    for role in roles or recording.tracks:
        np.testing.assert_allclose(found.tracks[role].position, recording.tracks[role].position, atol=atol)
        same = np.abs((found.tracks[role].rotation * recording.tracks[role].rotation).sum(-1))
        np.testing.assert_allclose(same, 1, atol=1e-3)
        assert found.tracks[role].valid.mean() > 0.99


def hanging_arms():
    """Somebody who walks straight on with hanging arms, the hands on average a little behind the headset."""
    recording = walking_person(12.0, 60.0)
    tracks = dict(recording.tracks)
    for role in ("left_hand", "right_hand"):
        head = recording.tracks["head"]
        apart = tracks[role].position - head.position
        forward = -np.stack([np.zeros(len(apart)), np.zeros(len(apart)), np.ones(len(apart))], -1)
        tracks[role] = replace(tracks[role], position=tracks[role].position - 0.32 * forward - [0, 0.15, 0])
    return replace(recording, tracks=tracks)


@pytest.mark.parametrize("convention", ["unity", "openxr", "unreal", "ros", "z_up", "gltf"])
def test_somebody_who_walks_with_hanging_arms_walks_ahead(tmp_path, convention):
    recording = hanging_arms()
    found = read(table(tmp_path, ("Timestamp", stamps(recording)), *columns_of(recording, convention)))
    note = next(note for note in found.warnings if note.code.startswith("axes_"))
    assert note.values["value"] == convention
    assert_right(found, recording)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Tracked", "True", "False"), ("Confidence", "High", "Low"), ("Tracked", "1", "0"), ("Tracked", "yes", "no"),
        ("TrackingLost", "0", "1"), ("State", "Tracked", "NotTracked"), ("TrackingLost", "false", "true"),
        ("Valid", "TRUE", "FALSE"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("head_too", [False, True])
def test_flags_are_understood_in_words_and_upside_down(tmp_path, person, name, good, bad, head_too):
    lost = person.time >= 8
    flags = [(f"{DEVICES[role]}{name}", np.where(lost, bad, good).tolist()) for role in ("left_hand", "right_hand")]
    flags += [(f"Head{name}", [good] * len(lost))] if head_too else []
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person), *flags))
    np.testing.assert_array_equal(found.tracks["left_hand"].valid, ~lost)
    np.testing.assert_array_equal(found.tracks["right_hand"].valid, ~lost)
    assert found.tracks["head"].valid.all()


def test_words_that_nobody_knows_count_as_seen_and_are_said(tmp_path, person):
    flags = [("LeftHandTracked", np.where(person.time < 5, "wibble", "wobble").tolist())]
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person), *flags))
    assert found.tracks["left_hand"].valid.all()
    assert any(
        "'LeftHandTracked' has words that are not understood ('wibble', 'wobble')" in text for text in texts(found)
    )


def test_of_two_clocks_the_one_that_runs_is_taken_with_its_own_unit(tmp_path):
    person = walking_person(10.0, 90.0)
    ticks = (1.7e12 + np.floor(person.time / 0.0156) * 15.6).round().astype(int)
    path = table(tmp_path, ("timestamp_ms", [str(tick) for tick in ticks]), ("frame",
                 [str(i) for i in range(len(ticks))]),
                 ("unity_time", stamps(person)), *columns_of(person))  # fmt: skip
    found = read(path)
    assert_right(found, person)
    assert any("the clock is 'unity_time'; not used: 'timestamp_ms'" in text for text in texts(found))
    path = table(tmp_path, ("FrameTimeMs", ["16.7", "16.6"] * (len(ticks) // 2) + ["16.7"]), ("Timestamp",
                 stamps(person)),
                 *columns_of(person))  # fmt: skip
    assert_right(read(path), person)


@pytest.mark.parametrize("runs", [2, 3])
def test_a_clock_that_was_started_again_makes_runs(tmp_path, person, runs):
    length = len(person.time) // runs
    clock = person.time - person.time[np.minimum(np.arange(len(person.time)) // length, runs - 1) * length]
    path = table(tmp_path, ("Time", [f"{value:.5f}" for value in clock]), *columns_of(person))
    found = read(path)
    assert_right(found, person)
    assert len(found.runs) == runs and any(f"{runs} runs, put one after the other" in text for text in texts(found))
    second = read(path, run=2)
    np.testing.assert_allclose(
        second.tracks["head"].position, person.tracks["head"].position[length : length + len(second.time)], atol=1e-3
    )
    with pytest.raises(InputError, match=f"has no run {runs + 1}; it has {runs}"):
        read(path, run=runs + 1)


@pytest.mark.parametrize(
    ("unit", "scale", "rate", "start"),
    [
        ("us", 1e6, 10.0, 1.7e9), ("us", 1e6, 20.0, 0), ("us", 1e6, 250.0, 0), ("ns", 1e9, 500.0, 0), ("ns", 1e9,
        10.0, 1.7e9),
        ("ms", 1e3, 5.0, 0), ("s", 1.0, 5.0, 1.7e9), ("ticks", 1e7, 60.0, 63_850_000_000), ("ms", 1e3, 250.0, 1.7e9),
    ],
)  # fmt: skip
def test_slow_and_fast_rates_are_right_in_every_unit(tmp_path, unit, scale, rate, start):
    recording = walking_person(12.0, rate)
    stamped = [f"{int(start * scale) + round(value * scale)}" for value in recording.time]
    if unit == "s":
        stamped = [f"{start + value:.4f}" for value in recording.time]
    found = read(table(tmp_path, ("Timestamp", stamped), *columns_of(recording)))
    assert found.duration == pytest.approx(12.0, abs=0.01)
    assert next(note for note in found.warnings if note.code.startswith("time_unit")).values["value"] == unit


@pytest.mark.parametrize("blank", [True, False])
def test_hands_at_a_lower_rate_are_known_all_the_time(tmp_path, person, blank):
    columns = columns_of(person)
    for number, (name, cells) in enumerate(columns):
        if "Hand" in name:
            news = [cells[3 * (i // 3)] if not blank else cells[i] if i % 3 == 0 else "" for i in range(len(cells))]
            columns[number] = (name, news)
    found = read(table(tmp_path, ("Time", stamps(person)), *columns))
    there = resample(found, 60)
    for role in ("left_hand", "right_hand"):
        assert there.tracks[role].valid[:-2].all()
        np.testing.assert_allclose(found.tracks[role].position[:-3], person.tracks[role].position[:-3], atol=0.02)
    assert report_data(found)["trackers"]["left_hand"]["valid"] > 0.99


@pytest.mark.parametrize(
    ("devices", "names", "parts"),
    [
        (("Headset", "Controller_L", "Controller_R"), "{d}_{k}{A}", ("", "Q")),
        (("hmd", "ctrlL", "ctrlR"), "{d}.{k}{a}", ("", "q")),
        (("head", "left", "right"), "{k}{A}_{d}", ("pos", "rot")),
        (("hmd", "hand_l", "hand_r"), "{d}_{k}{a}", ("", "q")),
        (("hmd", "wrist_l", "wrist_r"), "{d}_{k}{a}", ("", "q")),
        (("h", "l", "r"), "{d}_{k}{a}", ("", "q")),
    ],
)
def test_sides_are_known_by_a_letter_wherever_it_stands(tmp_path, person, devices, names, parts):
    devices = dict(zip(DEVICES, devices, strict=True))
    found = read(
        table(tmp_path, ("Time", stamps(person)), *columns_of(person, names=names, devices=devices, parts=parts))
    )
    assert_right(found, person)


def test_what_looks_like_a_tracker_and_is_not_used_is_named(tmp_path, person):
    more = [(f"LeftElbow{part}", ["0"] * len(person.time)) for part in ("PosX", "PosY")]
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person), *more))
    assert any(
        "2 columns that look like a tracker's are not used: LeftElbowPosX, LeftElbowPosY" in t for t in texts(found)
    )


@pytest.mark.parametrize("move", [(10_000.0, 30.0, -4000.0), (995.0, 0.0, 0.0)])
def test_far_from_the_origin_a_person_is_moved_to_it(tmp_path, person, move):
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person, move=move)))
    assert any("far from the origin: moved by" in text for text in texts(found))
    start = found.tracks["head"].position[0] - person.tracks["head"].position[0]
    for role, track in person.tracks.items():
        np.testing.assert_allclose(found.tracks[role].position, track.position + start, atol=1e-3)
        assert found.tracks[role].valid.all()
    assert abs(start[1]) < 1e-3


@pytest.mark.parametrize("quoted", [True, False])
def test_vectors_in_one_cell_are_read(tmp_path, person, quoted):
    columns = [("Time", stamps(person))]
    for role, device in DEVICES.items():
        position, rotation = from_openxr(person.tracks[role].position, person.tracks[role].rotation, "unity")
        for part, values in (("Position", position), ("Rotation", rotation[:, [1, 2, 3, 0]])):
            cells = ["(" + ", ".join(f"{value:.5f}" for value in row) + ")" for row in values]
            axes = ",".join(f"{device}{part}_{axis}" for axis in "xyzw"[: values.shape[1]])
            columns.append((f"{device}{part}", [f'"{cell}"' for cell in cells]) if quoted else (axes, cells))
    assert_right(read(table(tmp_path, *columns)), person)


@pytest.mark.parametrize(
    "stamp",
    [
        lambda s: f"2024-05-04T12:33:{44 + s:09.6f}" if s < 16 else "", lambda s: f"23:59:{55 + s:06.3f}" if s < 5 else
        f"00:00:{s - 5:06.3f}", lambda s: f"0 days 00:00:{s:09.6f}", lambda s: f"04.05.2024 12:00:{s:06.3f}",
        lambda s: f"5/4/2024 9:00:{s:06.3f} PM", lambda s: f"12:00:{int(s):02d}:{int(s % 1 * 1000):03d}",
    ],
)  # fmt: skip
def test_dates_and_times_of_day_are_clocks(tmp_path, stamp):
    recording = walking_person(10.0, 50.0)
    found = read(
        table(
            tmp_path,
            ("Timestamp", [stamp(float(s)) for s in recording.time.round(4)]),
            *columns_of(recording),
            mark=";",
        )
    )
    assert len(found.time) == len(recording.time)
    assert_right(found, recording)


def test_stamps_of_whole_seconds_are_spread(tmp_path, person):
    found = read(table(tmp_path, ("Time", [f"12:00:{int(s):02d}" for s in person.time]), *columns_of(person)))
    assert found.duration == pytest.approx(10.0, abs=0.2)
    assert len(found.time) == len(person.time) and any("counts in steps of 1 s" in text for text in texts(found))


@pytest.mark.parametrize("together", [True, False])
def test_one_row_a_tracker(tmp_path, person, together):
    rows = []
    for role, device in (("head", "HMD"), ("left_hand", "LeftController"), ("right_hand", "RightController")):
        for i, cells in enumerate(zip(*(c for _, c in columns_of(person, devices={role: device})), strict=True)):
            rows.append((i if together else 0, f"{person.time[i]:.5f},{device},{','.join(cells)}"))
    rows.sort(key=lambda row: row[0])
    header = "time,device,pos_x,pos_y,pos_z,rot_x,rot_y,rot_z,rot_w"
    (tmp_path / "long.csv").write_text("\n".join([header, *(row for _, row in rows)]))
    assert_right(read(tmp_path / "long.csv"), person)


def test_a_header_of_several_lines_is_put_together(tmp_path, person):
    columns = columns_of(person, names="{d} {K} {A}", parts=("Position", "Rotation"))
    devices, kinds, axes = zip(*(name.split() for name, _ in columns), strict=True)
    lines = ["Format Version,1.23,Take Name,walk", "", ",Name," + ",".join(devices), ",ID," + "1," * 20 + "1",
             ",," + ",".join(kinds), "Frame,Time (Seconds)," + ",".join(axes)]  # fmt: skip
    lines += [f"{i},{stamp}," + ",".join(cells[i] for _, cells in columns) for i, stamp in enumerate(stamps(person))]
    (tmp_path / "take.csv").write_text("\n".join(lines))
    assert_right(read(tmp_path / "take.csv"), person)


def test_steps_add_up_to_a_clock(tmp_path, person):
    found = read(table(tmp_path, ("deltaTime", ["0.0166667"] * len(person.time)), *columns_of(person)))
    assert_right(found, person)
    assert "the clock is the sum of 'deltaTime'" in texts(found)


def test_a_gap_of_hours_is_cut_and_each_stretch_can_be_chosen(tmp_path, person):
    clock = np.where(person.time > 5, person.time + 3 * 3600, person.time)
    path = table(tmp_path, ("Time", [f"{value:.5f}" for value in clock]), *columns_of(person))
    found = read(path)
    assert found.duration < 15 and len(found.runs) == 2
    assert any("pauses of many minutes" in text for text in texts(found))
    assert read(path, run=2).duration == pytest.approx(10 - 5 - 1 / 60, abs=0.02)
    middle = read(path, run=2, part=(1.0, 3.0))
    assert middle.duration == pytest.approx(2.0, abs=0.02)
    first = np.argmin(np.abs(person.time - 6.0 - 1 / 60))
    np.testing.assert_allclose(middle.tracks["head"].position[0], person.tracks["head"].position[first], atol=0.02)
    with pytest.raises(InputError, match="lasts 4.98 s; from 7 to 9 s there is nothing to read"):
        read(path, run=2, part=(7.0, 9.0))


def test_of_a_part_it_is_said_which_hands_are_lost_in_it(tmp_path, person):
    flags = [("LeftHandTracked", np.where(person.time < 6, "1", "0").tolist())]
    path = table(tmp_path, ("Time", stamps(person)), *columns_of(person), *flags)
    told = "the left hand is known"
    assert not any(told in text for text in texts(read(path)))
    assert any(f"{told} 0% of the time only" in text for text in texts(read(path, part=(7.0, 9.0))))


@pytest.mark.parametrize("keys", [("camera", "left-controller", "right-controller"), ("camera", "ctrl-a", "ctrl-b")])
def test_ids_that_a_pages_author_chose_are_hands(tmp_path, person, keys):
    from threepoint.tests.recordings.formats.test_aframe import capture

    content = capture(person)
    (tmp_path / "capture.json").write_text(json.dumps(dict(zip(keys, content.values(), strict=True))))
    assert_right(read(tmp_path / "capture.json"), person)


def test_a_hand_that_is_absent_or_mostly_lost_is_said(tmp_path, person):
    some = {"head": "Head", "left_hand": "LeftHand"}
    flags = [("LeftHandTracked", np.where(person.time < 3, "1", "0").tolist())]
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person, devices=some), *flags))
    assert "there is no right hand: it will be made up" in texts(found)
    assert any("the left hand is known 30% of the time only" in text for text in texts(found))


@pytest.mark.parametrize("convention", ["openxr", "unity", "unreal", "ros", "z_up", "gltf"])
def test_real_recordings_are_known_in_whatever_axes(shared, tmp_path, convention):
    for path in [shared / "hmd" / "bsor" / f"{name}.bsor" for name in ("humanid_user1_ref", "simsaber_motion")]:
        recording = read(path)
        begin = recording.time[0]
        for start in np.arange(0, recording.duration - 10, 20):
            rows = (recording.time >= begin + start) & (recording.time < begin + start + 20)
            tracks = {r: Track(t.position[rows], t.rotation[rows], t.valid[rows]) for r, t in recording.tracks.items()}
            part = Recording(recording.time[rows], tracks)
            found = read(table(tmp_path, ("time", stamps(part)), *columns_of(part, convention)))
            note = next(note for note in found.warnings if note.code.startswith("axes_"))
            assert note.values["value"] == convention or note.values["confidence"] < SURE, (path.name, start)


def test_right_files_are_offered_no_other_axes(shared):
    for path in sorted((shared / "hmd" / "bsor").glob("*.bsor"))[:4]:
        recording = read(path)
        for start in range(0, int(recording.duration) - 10, 20):
            rows = (recording.time >= start) & (recording.time < start + 10)
            if rows.sum() < 300:
                continue
            tracks = {r: Track(t.position[rows], t.rotation[rows], t.valid[rows]) for r, t in recording.tracks.items()}
            found = check(Recording(recording.time[rows], tracks, path.name, "saber"))
            assert "axes" not in [finding.check for finding in found], (path.name, start)


def test_the_report_is_a_table(tmp_path, person):
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person)))
    lines = report(found)
    assert lines[1].split() == ["tracker", "samples", "a", "second", "valid", "longest", "loss", "lost"]
    assert lines[2].split()[:4] == ["head", "601", "60.0", "100.0%"]
    assert any("those that 'unity' uses (" in line and "% sure)" in line for line in lines)
    data = json.loads(json.dumps(report_data(found)))
    assert data["trackers"]["head"]["valid"] == pytest.approx(1.0)
    assert {"code", "text", "value", "confidence"} <= set(data["notes"][0])
