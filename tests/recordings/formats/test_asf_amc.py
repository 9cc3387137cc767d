"""ASF/AMC: CMU's layout made anew; the same motion as in BVH."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.mocap.sources import find_files, read_captures
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.retargeting.asf_amc import read_asf_amc

LENGTH = 0.45
INCHES = LENGTH / 0.0254
BONES = {
    "lhipjoint": ("root", (0.08, -0.08, 0.02)), "lfemur": ("lhipjoint", (0.1, -0.4, 0)),
    "ltibia": ("lfemur", (0.1, -0.4, 0)), "lfoot": ("ltibia", (0.02, -0.04, 0.13)), "ltoes": ("lfoot", (0, 0, 0.05)),
    "rhipjoint": ("root", (-0.08, -0.08, 0.02)), "rfemur": ("rhipjoint", (-0.1, -0.4, 0)),
    "rtibia": ("rfemur", (-0.1, -0.4, 0)), "rfoot": ("rtibia", (-0.02, -0.04, 0.13)),
    "rtoes": ("rfoot", (0, 0, 0.05)), "lowerback": ("root", (0, 0.12, -0.01)),
    "upperback": ("lowerback", (0, 0.12, 0.01)), "thorax": ("upperback", (0, 0.12, 0.01)),
    "lowerneck": ("thorax", (0, 0.1, 0)), "upperneck": ("lowerneck", (0, 0.06, 0)), "head": ("upperneck", (0, 0.1, 0)),
    "lclavicle": ("thorax", (0.16, 0.1, 0)), "lhumerus": ("lclavicle", (0.28, 0, 0)),
    "lradius": ("lhumerus", (0.2, 0, 0)), "lwrist": ("lradius", (0.06, 0, 0)), "lhand": ("lwrist", (0.05, 0, 0)),
    "rclavicle": ("thorax", (-0.16, 0.1, 0)), "rhumerus": ("rclavicle", (-0.28, 0, 0)),
    "rradius": ("rhumerus", (-0.2, 0, 0)), "rwrist": ("rradius", (-0.06, 0, 0)), "rhand": ("rwrist", (-0.05, 0, 0)),
}  # fmt: skip
"""A person whose bones are CMU's: parent, and metres from joint to joint at rest."""
AXES = {"lhumerus": (180, 30, 90), "rhumerus": (180, -30, -90), "lfemur": (0, 0, 20), "rfemur": (0, 0, -20)}
"""Degrees by which some bones' own axes are turned."""


def asf_text():
    lines = ["# AST/ASF file", ":version 1.10", ":name VICON", ":units", "  mass 1.0", f"  length {LENGTH}",
             "  angle deg", ":root", "  order TX TY TZ RX RY RZ", "  axis XYZ", "  position 0 0 0",
             "  orientation 0 0 0", ":bonedata"]  # fmt: skip
    for number, (name, (_, vector)) in enumerate(BONES.items(), 1):
        length = np.linalg.norm(vector)
        direction = " ".join(f"{value:.6f}" for value in np.array(vector) / length)
        axis = " ".join(map(str, AXES.get(name, (0, 0, 0))))
        dof = "" if "hipjoint" in name else "     dof rx ry rz\n"
        lines.append(f"  begin\n     id {number}\n     name {name}\n     direction {direction}\n"
                     f"     length {length * INCHES:.6f}\n     axis {axis} XYZ\n{dof}  end")  # fmt: skip
    lines += [":hierarchy", "  begin"]
    for parent in ["root", *BONES]:
        children = [name for name, (of, _) in BONES.items() if of == parent]
        lines += [f"    {parent} {' '.join(children)}"] if children else []
    return "\n".join([*lines, "  end"]) + "\n"


def amc_text(frames):
    lines = ["#!OML:ASF", ":FULLY-SPECIFIED", ":DEGREES"]
    for frame in range(frames):
        swing = 20 * np.sin(0.2 * frame)
        lines += [str(frame + 1), f"root {0.1 * frame:.4f} {0.97 * INCHES:.4f} 0 0 {frame} 0"]
        for name in BONES:
            if "hipjoint" not in name:
                angle = {"lfemur": swing, "rfemur": -swing, "lhumerus": 30 + swing}.get(name, 0.0)
                lines.append(f"{name} {angle:.4f} 0 0")
    return "\n".join(lines) + "\n"


@pytest.fixture
def pair(tmp_path):
    (tmp_path / "07.asf").write_text(asf_text())
    (tmp_path / "07_01.amc").write_text(amc_text(60))
    return tmp_path / "07_01.amc"


def test_the_pair_becomes_a_person(pair):
    recording = read(pair)
    assert recording.device == "joints" and recording.duration == pytest.approx(59 / 120)
    assert 1.3 < np.median(recording.tracks["head"].position[:, 1]) < 1.7
    assert any("120 frames a second are assumed" in str(note) for note in recording.warnings)
    assert read(pair, fps=60).duration == pytest.approx(59 / 60)


def test_angles_turn_about_the_bones_own_axes(pair):
    capture, _ = read_asf_amc(pair)
    world, positions = capture.world()
    index = {name: number for number, name in enumerate(capture.names)}
    angle = np.radians(30 + 20 * np.sin(0.2 * 5))
    turned = positions[5, index["lradius"]] - positions[5, index["lhumerus"]]
    assert np.linalg.norm(turned) == pytest.approx(0.28, abs=1e-4)
    heading = axis_angle_to_matrix(np.radians(5.0) * np.eye(3)[1])
    about = heading @ _axes_of("lhumerus") @ np.array([1.0, 0, 0])
    rest = heading @ np.array([0.28, 0, 0])
    expected = axis_angle_to_matrix(angle * about) @ rest
    np.testing.assert_allclose(turned, expected, atol=1e-4)
    np.testing.assert_allclose(positions[0, 0], [0, 0.97, 0], atol=1e-4)


def _axes_of(name):
    x, y, z = (axis_angle_to_matrix(np.radians(a) * np.eye(3)[i]) for i, a in enumerate(AXES[name]))
    return z @ y @ x


def test_prepare_finds_and_reads_it(pair):
    assert find_files([pair.parent]) == [pair]
    ((capture, skeleton),) = read_captures(pair)
    assert capture.fps == 120 and skeleton.name == "asf"


def test_what_is_missing_is_said(pair):
    with pytest.raises(InputError, match="is a skeleton"):
        read(pair.parent / "07.asf")
    pair.write_text(amc_text(60).replace("lfemur 0.0000 0 0", "lfemur 0.0000 0", 1))
    with pytest.raises(InputError, match="line .* has 2 numbers for 'lfemur'"):
        read(pair)
    (pair.parent / "07.asf").unlink()
    with pytest.raises(InputError, match="its skeleton .* is not found: none lies beside it"):
        read(pair)


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "07.asf").write_text(asf_text())
    (folder / "07_01.amc").write_text(amc_text(125))
