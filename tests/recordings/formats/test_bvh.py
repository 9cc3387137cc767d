"""BVH: head and wrists of a capture."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.recordings import Recording, read


def test_bvh_gives_the_joints_of_a_person(tmp_path):
    path = tmp_path / "standing.bvh"
    path.write_text(bvh_text())
    recording = read(path)
    assert recording.device == "joints" and recording.duration == pytest.approx(1.0)
    body = load_body()
    head = recording.tracks["head"].position
    assert np.median(head[:, 1]) == pytest.approx(float(body.head_height(np.zeros(10))), abs=0.12)
    left, right = recording.tracks["left_hand"].position, recording.tracks["right_hand"].position
    # The person faces the model's +Z, which is OpenXR's +Z too: the left hand is then at positive x in the model.
    assert abs((left - right)[0, 0]) > 0.8


def bvh_text(frames=31):
    """A person in T-pose with the names that most programs use, in centimetres, who moves along."""
    bones = [
        ("Hips", None, (0, 100, 0)), ("Spine", "Hips", (0, 10, 0)), ("Spine1", "Spine", (0, 12, 0)),
        ("Spine2", "Spine1", (0, 12, 0)), ("Neck", "Spine2", (0, 15, 0)), ("Head", "Neck", (0, 10, 2)),
        ("LeftShoulder", "Spine2", (4, 12, 0)), ("LeftArm", "LeftShoulder", (13, 0, 0)),
        ("LeftForeArm", "LeftArm", (28, 0, 0)), ("LeftHand", "LeftForeArm", (25, 0, 0)),
        ("RightShoulder", "Spine2", (-4, 12, 0)), ("RightArm", "RightShoulder", (-13, 0, 0)),
        ("RightForeArm", "RightArm", (-28, 0, 0)), ("RightHand", "RightForeArm", (-25, 0, 0)),
        ("LeftUpLeg", "Hips", (9, -5, 0)), ("LeftLeg", "LeftUpLeg", (0, -42, 0)), ("LeftFoot", "LeftLeg", (0, -42, 0)),
        ("LeftToeBase", "LeftFoot", (0, -8, 14)), ("RightUpLeg", "Hips", (-9, -5, 0)),
        ("RightLeg", "RightUpLeg", (0, -42, 0)), ("RightFoot", "RightLeg", (0, -42, 0)),
        ("RightToeBase", "RightFoot", (0, -8, 14)),
    ]  # fmt: skip
    order = []

    def joint(name, depth):
        order.append(name)
        offset = next(o for n, _, o in bones if n == name)
        children = [n for n, parent, _ in bones if parent == name]
        position = "6 Xposition Yposition Zposition" if depth == 0 else "3"
        lines = [f"{'ROOT' if depth == 0 else 'JOINT'} {name}", "{", "OFFSET " + " ".join(map(str, offset))]
        lines.append(f"CHANNELS {position} Zrotation Xrotation Yrotation")
        for child in children:
            lines += joint(child, depth + 1)
        if not children:
            lines += ["End Site", "{", "OFFSET 0 5 0" if name == "Head" else "OFFSET 0 0 5", "}"]
        return [*lines, "}"]

    lines = ["HIERARCHY", *joint("Hips", 0), "MOTION", f"Frames: {frames}", "Frame Time: 0.0333333"]
    for i in range(frames):
        lines.append(" ".join([f"{i}", "100", f"{2 * i}"] + ["0"] * (3 * len(order))))
    return "\n".join(lines) + "\n"


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "capture.bvh").write_text(bvh_text(len(recording.time)))
