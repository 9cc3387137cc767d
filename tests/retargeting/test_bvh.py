"""The BVH reader: files written here from a known SMPL motion come back as that motion, whatever their conventions."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import geodesic_angle
from threepoint.model_core.geometry.skeleton import PARENTS
from threepoint.model_core.retargeting.bvh import read_bvh
from threepoint.model_core.retargeting.joint_names import find_anatomy, side_and_part
from threepoint.model_core.retargeting.retarget import retarget

FRAMES = 40
MIXAMO = (
    "Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot", "RightFoot", "Spine2",
    "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftArm", "RightArm",
    "LeftForeArm", "RightForeArm", "LeftHand", "RightHand", "LeftHandMiddle1", "RightHandMiddle1",
)  # fmt: skip
SMPL = (
    "Pelvis", "L_Hip", "R_Hip", "Spine1", "L_Knee", "R_Knee", "Spine2", "L_Ankle", "R_Ankle", "Spine3", "L_Foot",
    "R_Foot", "Neck", "L_Collar", "R_Collar", "Head", "L_Shoulder", "R_Shoulder", "L_Elbow", "R_Elbow", "L_Wrist",
    "R_Wrist", "L_Hand", "R_Hand",
)  # fmt: skip
BIPED = (
    "Bip01 Pelvis", "Bip01 L Thigh", "Bip01 R Thigh", "Bip01 Spine", "Bip01 L Calf", "Bip01 R Calf", "Bip01 Spine1",
    "Bip01 L Foot", "Bip01 R Foot", "Bip01 Spine2", "Bip01 L Toe0", "Bip01 R Toe0", "Bip01 Neck", "Bip01 L Clavicle",
    "Bip01 R Clavicle", "Bip01 Head", "Bip01 L UpperArm", "Bip01 R UpperArm", "Bip01 L Forearm", "Bip01 R Forearm",
    "Bip01 L Hand", "Bip01 R Hand", "Bip01 L Finger0", "Bip01 R Finger0",
)  # fmt: skip
NECK_ERROR = 0.01
"""Metres at the head: no source's neck is carried over, it is laid half way between chest and head."""
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Our axes -> those of a file with +Z up, facing -Y."""


@pytest.fixture(scope="module")
def swaying(make_clip):
    return make_clip(FRAMES)


@pytest.fixture(scope="module")
def rest():
    return load_body().rest_joints(np.zeros(10)).astype(float)


def write_bvh(path, clip, rest, names, unit=0.01, order="ZXY", axes=None, fps=60, above=False):
    """``clip`` as BVH; ``unit`` in metres, ``axes`` (3, 3) from ours to the file's; ``above``: a joint above hips."""
    axes = np.eye(3) if axes is None else axes
    offsets = (np.array([rest[j] - rest[max(p, 0)] for j, p in enumerate(PARENTS)]) / unit) @ axes.T
    local = np.tile(np.eye(3), (len(clip), 24, 1, 1))
    local[:, :22] = axes @ clip.rotations() @ axes.T
    eulers = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_euler(order, degrees=True).reshape(len(clip), 24, 3)
    turns = " ".join(f"{axis}rotation" for axis in order)
    columns, lines = [], ["HIERARCHY"]
    if above:
        lines += ["ROOT joint_Root", "{", "OFFSET 0 0 0", "CHANNELS 3 Xrotation Yrotation Zrotation"]
        columns.append(np.zeros((len(clip), 3)))

    def emit(joint):
        first = joint == 0 and not above
        lines.extend([("ROOT " if first else "JOINT ") + names[joint], "{"])
        lines.append("OFFSET " + " ".join(f"{v:.6f}" for v in offsets[joint]))
        if joint == 0:
            lines.append("CHANNELS 6 Xposition Yposition Zposition " + turns)
            columns.append(clip.translation / unit @ axes.T)
        else:
            lines.append("CHANNELS 3 " + turns)
        columns.append(eulers[:, joint])
        children = [j for j, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            emit(child)
        if not children:
            lines.extend(["End Site", "{", "OFFSET 0 0 1", "}"])
        lines.append("}")

    emit(0)
    if above:
        lines.append("}")
    lines += ["MOTION", f"Frames: {len(clip)}", f"Frame Time: {1 / fps:.7f}"]
    lines += [" ".join(f"{v:.6f}" for v in row) for row in np.concatenate(columns, 1)]
    path.write_text("\n".join(lines) + "\n")
    return path


def assert_same_motion(path, clip, rest):
    capture, skeleton = read_bvh(path)
    result = retarget(capture, skeleton, rest[:22])
    assert result.scale == pytest.approx(1, abs=1e-4)
    world, positions = forward_kinematics(result.rotations, result.translation, rest[:22])
    true_world, true_positions = clip.world()
    np.testing.assert_allclose(positions, true_positions, atol=NECK_ERROR)
    assert np.degrees(geodesic_angle(world, true_world))[:, [0, 7, 8, 15, 20, 21]].max() < 0.5


@pytest.mark.parametrize("names", [MIXAMO, SMPL, BIPED], ids=["mixamo", "smpl", "biped"])
def test_names_of_many_makers_are_understood(tmp_path, swaying, rest, names):
    assert_same_motion(write_bvh(tmp_path / "a.bvh", swaying, rest, names), swaying, rest)


def test_mixamo_prefixes_do_not_matter(tmp_path, swaying, rest):
    names = tuple("mixamorig:" + name for name in MIXAMO)
    assert_same_motion(write_bvh(tmp_path / "a.bvh", swaying, rest, names), swaying, rest)


@pytest.mark.parametrize("unit", [1.0, 0.01, 0.0254, 0.001])
def test_units_are_guessed(tmp_path, swaying, rest, unit):
    assert_same_motion(write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, unit=unit), swaying, rest)


@pytest.mark.parametrize("order", ["XYZ", "ZYX", "YXZ"])
def test_channels_may_come_in_any_order(tmp_path, swaying, rest, order):
    assert_same_motion(write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, order=order), swaying, rest)


def test_z_up_files_stand_upright(tmp_path, swaying, rest):
    assert_same_motion(write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, axes=Z_UP), swaying, rest)


def test_joints_above_the_hips_are_folded_in(tmp_path, swaying, rest):
    path = write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, above=True)
    assert read_bvh(path)[0].names[0] == "Hips"
    assert_same_motion(path, swaying, rest)


def test_rates_are_read_as_whole_numbers(tmp_path, swaying, rest):
    capture, _ = read_bvh(write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, fps=120))
    assert capture.fps == 120 and len(capture.root) == FRAMES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LeftForeArm", ("left", "forearm")),
        ("rShldr", ("right", "shldr")),
        ("UpperLeg_L", ("left", "upperleg")),
        ("Bip01 R Thigh", ("right", "thigh")),
        ("LowerBack", ("", "lowerback")),
        ("lwrist", ("left", "wrist")),
        ("root", ("", "root")),
    ],
)
def test_sides_are_told_apart(name, expected):
    assert side_and_part(name) == expected


def test_twist_joints_are_no_knees():
    names = ["Hips", "LeftUpLeg", "LeftLeg", "LeftLegTwist", "LeftFoot", "RightUpLeg", "RightLeg", "RightFoot"]
    names += ["Spine", "Head", "LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand"]
    parents = [-1, 0, 1, 2, 3, 0, 5, 6, 0, 8, 8, 10, 11, 8, 13, 14]
    anatomy = find_anatomy("a.bvh", names, parents)
    assert anatomy.knees == ("LeftLeg", "RightLeg") and anatomy.hips == ("LeftUpLeg", "RightUpLeg")
    assert anatomy.collars == ("Spine", "Spine") and anatomy.neck == "Spine"


def damaged(text, how):
    lines = text.splitlines()
    return {
        "empty": "",
        "prose": "not motion capture at all",
        "cut": text[: int(len(text) * 0.9)],
        "words": text.replace(lines[-1], "a b c"),
        "braces": text.replace("}", "", 1),
        "hands": text.replace("LeftHand", "LeftPaw"),
        "channels": text.replace("Zrotation", "Wrotation"),
        "channels twice": "\n".join(
            line for own in lines for line in ([own, own] if "CHANNELS" in own and "position" not in own else [own])
        ),
        "no rate": text.replace("Frame Time:", "Speed:"),
    }[how]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("empty", "should begin with HIERARCHY"),
        ("prose", "should begin with HIERARCHY"),
        ("cut", "cut short"),
        ("words", "no number"),
        ("braces", "HIERARCHY"),
        ("hands", "no left wrist or hand"),
        ("channels", "is no channel"),
        ("channels twice", "has CHANNELS twice"),
        ("no rate", "Frame Time"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path, swaying, rest, how, message):
    path = write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO)
    path.write_text(damaged(path.read_text(), how))
    with pytest.raises(InputError, match=message) as caught:
        read_bvh(path)
    assert "\n" not in str(caught.value) and "a.bvh" in str(caught.value)


def test_a_leg_that_no_unit_explains_is_refused(tmp_path, swaying, rest):
    with pytest.raises(InputError, match="is no person's in metre"):
        read_bvh(write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, unit=0.25))


def test_a_zero_pose_that_does_not_stand_is_refused(tmp_path, swaying, rest):
    with pytest.raises(InputError, match="this zero pose is no upright person's"):
        read_bvh(
            write_bvh(tmp_path / "a.bvh", swaying, rest, MIXAMO, axes=Rotation.from_euler("x", 45, True).as_matrix())
        )
