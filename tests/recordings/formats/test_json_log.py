"""JSON logs of one's own program: objects in a list, a line each, columns, vectors."""

import json
from pathlib import Path

import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import assert_same, texts

KEYS = {"head": "head", "left_hand": "leftHand", "right_hand": "rightHand"}


def samples(recording, convention="unity", vectors=False):
    """An object a sample, as Unity's JsonUtility writes it, or with lists for vectors."""
    found = []
    for i, seconds in enumerate(recording.time):
        sample = {"timestamp": round(float(seconds), 6)}
        for role, key in KEYS.items():
            track = recording.tracks[role]
            position, rotation = from_openxr(track.position[i], track.rotation[i], convention)
            position, rotation = [
                [round(float(value), 6) for value in part] for part in (position, rotation[[1, 2, 3, 0]])
            ]
            if not vectors:
                position, rotation = dict(zip("xyz", position, strict=True)), dict(zip("xyzw", rotation, strict=True))
            sample[key] = {"position": position, "rotation": rotation, "isTracked": True}
        found.append(sample)
    return found


@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("layout", ["frames", "list", "lines", "columns"])
def test_every_layout_is_read(tmp_path, vectors, layout):
    recording = walking_person(4.0)
    rows = samples(recording, vectors=vectors)
    if layout == "columns":
        flat = {"t": [row["timestamp"] for row in rows]}
        for key in KEYS.values():
            for part, names in (("position", "xyz"), ("rotation", "xyzw")):
                for number, axis in enumerate(names):
                    flat[f"{key}_{part}_{axis}"] = [row[key][part][number if vectors else axis] for row in rows]
        text = json.dumps({"data": flat})
    else:
        text = {
            "frames": json.dumps({"version": 2, "frames": rows}),
            "list": json.dumps(rows),
            "lines": "\n".join(json.dumps(row) for row in rows),
        }[layout]
    (tmp_path / "log.json").write_text(text)
    assert_same(read(tmp_path / "log.json"), recording)


def test_devices_in_a_list_are_known_by_their_names(tmp_path):
    recording = walking_person(4.0)
    rows = [
        {"t": row["timestamp"], "devices": [{"name": key, **row[key]} for key in KEYS.values()]}
        for row in samples(recording)
    ]
    (tmp_path / "log.json").write_text(json.dumps({"samples": rows}))
    assert_same(read(tmp_path / "log.json"), recording)


def test_trackers_that_are_only_numbered_are_told_by_the_motion(tmp_path):
    recording, ids = walking_person(8.0), list(zip((4, 0, 7), KEYS.values(), strict=True))
    rows = [
        {"t": row["timestamp"], "trackers": [{"id": number, **row[key]} for number, key in ids]}
        for row in samples(recording)
    ]
    (tmp_path / "log.json").write_text(json.dumps(rows))
    found = read(tmp_path / "log.json")
    assert_same(found, recording)
    assert any("head, left and right hand are '" in text for text in texts(found))


def test_a_list_for_each_tracker_and_an_object_for_each_time(tmp_path):
    recording = walking_person(4.0)
    rows = samples(recording)
    apart = {key: [{"time": row["timestamp"], **row[key]} for row in rows] for key in KEYS.values()}
    by_stamp = {f"{row['timestamp']:.6f}": {key: row[key] for key in KEYS.values()} for row in rows}
    for content in (apart, {"log": apart}, by_stamp):
        (tmp_path / "log.json").write_text(json.dumps(content))
        assert_same(read(tmp_path / "log.json"), recording)


def test_a_line_that_is_cut_is_said(tmp_path):
    lines = "\n".join(json.dumps(row) for row in samples(walking_person(4.0)))
    (tmp_path / "log.jsonl").write_text(lines[:-30])
    found = read(tmp_path / "log.jsonl")
    assert len(found.time) == 120 and "left out 1 of 121 lines that are not complete" in texts(found)


def test_other_json_is_refused_in_words(tmp_path):
    (tmp_path / "other.json").write_text('{"name": "me", "numbers": [1, 2, 3]}')
    with pytest.raises(InputError, match="JSON of a kind that is not known"):
        read(tmp_path / "other.json")


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "frames.json").write_text(json.dumps({"frames": samples(recording)}))
    (folder / "lines.jsonl").write_text("\n".join(json.dumps(row) for row in samples(recording)))
