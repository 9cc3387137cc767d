"""BVH in any rest pose: bone-aligned, folded, T, A and MotionBuilder's give the same motion."""

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT
from threepoint.model_core.recordings import read
from threepoint.model_core.retargeting.bvh import read_bvh
from threepoint.model_core.retargeting.retarget import retarget

BONES = (
    ("Hips", None, (0, 0, 0)), ("Spine", "Hips", (0, 10, 0)), ("Spine1", "Spine", (0, 12, -1)),
    ("Spine2", "Spine1", (0, 12, 0)), ("Neck", "Spine2", (0, 15, 1)), ("Head", "Neck", (0, 10, 2)),
    ("LeftShoulder", "Spine2", (4, 12, 0)), ("LeftArm", "LeftShoulder", (13, 0, 0)),
    ("LeftForeArm", "LeftArm", (28, 0, 0)), ("LeftHand", "LeftForeArm", (25, 0, 0)),
    ("RightShoulder", "Spine2", (-4, 12, 0)), ("RightArm", "RightShoulder", (-13, 0, 0)),
    ("RightForeArm", "RightArm", (-28, 0, 0)), ("RightHand", "RightForeArm", (-25, 0, 0)),
    ("LeftUpLeg", "Hips", (9, -5, 0)), ("LeftLeg", "LeftUpLeg", (0, -42, 0)), ("LeftFoot", "LeftLeg", (0, -42, 0)),
    ("LeftToe", "LeftFoot", (0, -8, 14)), ("RightUpLeg", "Hips", (-9, -5, 0)), ("RightLeg", "RightUpLeg", (0, -42, 0)),
    ("RightFoot", "RightLeg", (0, -42, 0)), ("RightToe", "RightFoot", (0, -8, 14)),
)  # fmt: skip
"""A person in T-pose in LaFAN1's names: name, parent, offset in centimetres."""
NAMES = [name for name, _, _ in BONES]
PARENTS = [NAMES.index(parent) if parent else -1 for _, parent, _ in BONES]
OFFSETS = np.array([offset for _, _, offset in BONES], float)
FRAMES = 40


def about(axis, degrees):
    return axis_angle_to_matrix(np.radians(degrees) * np.eye(3)["xyz".index(axis)])


def to_x(direction):
    """The rotation that brings +X to a direction."""
    x = direction / np.linalg.norm(direction)
    side = np.cross(x, [0.0, 0, 1] if abs(x[2]) < 0.9 else [0.0, 1, 0])
    side /= np.linalg.norm(side)
    return np.stack([x, np.cross(side, x), side], -1)


def rest_rotations(pose):
    """Each joint's axes at rest, in the room, of a skeleton in T-pose."""
    turns = np.tile(np.eye(3), (len(NAMES), 1, 1))
    for joint, name in enumerate(NAMES):
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        bone = OFFSETS[children[0]] if children else OFFSETS[joint]
        side = 1 if name.startswith("Left") else -1
        if pose == "A" and any(part in name for part in ("Arm", "Hand")):
            turns[joint] = about("z", 45 * side)
        elif pose == "bone-aligned":
            turns[joint] = to_x(bone)
        elif pose == "motionbuilder":
            turns[joint] = to_x(bone) @ about("x", 90 if "Leg" in name else 0)
        elif pose == "folded":
            # The trunk along the hips, legs up beside it.
            turns[joint] = about("z", 90) if name in NAMES[1:6] else about("x", 180) if "Leg" in name else np.eye(3)
    return turns


def motion():
    """World rotations (N, J, 3, 3) from the T-pose, and the hips' positions: a T-pose, then walking."""
    local = np.tile(np.eye(3), (FRAMES, len(NAMES), 1, 1))
    for frame in range(1, FRAMES):
        phase, strength = 0.3 * frame, min(1.0, frame / 5)
        for name, axis, degrees in (
            ("Hips", "y", 3.0 * frame), ("LeftUpLeg", "x", 25 * np.sin(phase)), ("RightUpLeg", "x",
            -25 * np.sin(phase)),
            ("LeftLeg", "x", 20 - 20 * np.cos(phase)), ("RightLeg", "x", 20 + 20 * np.cos(phase)),
            ("LeftArm", "z", -70), ("RightArm", "z", 70), ("LeftForeArm", "y", -40 - 20 * np.sin(phase)),
            ("RightForeArm", "y", 40), ("Spine1", "x", 8 * np.sin(phase)), ("Neck", "y", 20 * np.sin(phase)),
            ("Head", "x", 10), ("LeftHand", "x", 30 * np.sin(phase)), ("LeftFoot", "x", -15),
        ):  # fmt: skip
            local[frame, NAMES.index(name)] = about(axis, strength * degrees)
    world = local.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ local[:, joint]
    hips = np.stack([np.arange(FRAMES), np.full(FRAMES, 97.0), 2.0 * np.arange(FRAMES)], -1)
    return world, hips


def bvh_text(pose, first=0):
    """The motion as a BVH in a rest pose, from frame ``first`` on."""
    rest = rest_rotations(pose)
    world, hips = motion()
    world, hips = (world @ rest)[first:], hips[first:]
    local = world.copy()
    offsets = OFFSETS.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            local[:, joint] = np.swapaxes(world[:, parent], -1, -2) @ world[:, joint]
            offsets[joint] = rest[parent].T @ OFFSETS[joint]
    z = np.degrees(np.arctan2(-local[..., 0, 1], local[..., 1, 1]))
    x = np.degrees(np.arcsin(np.clip(local[..., 2, 1], -1, 1)))
    y = np.degrees(np.arctan2(-local[..., 2, 0], local[..., 2, 2]))
    # Where x is a right angle, only the sum of the others counts.
    square = np.abs(local[..., 2, 1]) > 1 - 1e-9
    z = np.where(square, np.degrees(np.arctan2(local[..., 1, 0], local[..., 0, 0])), z)
    y = np.where(square, 0.0, y)
    order = []

    def joint_lines(joint):
        order.append(joint)
        lines = [f"{'ROOT' if PARENTS[joint] < 0 else 'JOINT'} {NAMES[joint]}", "{"]
        lines.append("OFFSET " + " ".join(f"{value:.8f}" for value in offsets[joint]))
        position = "6 Xposition Yposition Zposition" if PARENTS[joint] < 0 else "3"
        lines.append(f"CHANNELS {position} Zrotation Xrotation Yrotation")
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            lines += joint_lines(child)
        return [*lines, *([] if children else ["End Site", "{", "OFFSET 0 0 0", "}"]), "}"]

    lines = ["HIERARCHY", *joint_lines(0), "MOTION", f"Frames: {len(hips)}", "Frame Time: 0.0333333"]
    for frame in range(len(hips)):
        angles = [f"{part[frame, joint]:.8f}" for joint in order for part in (z, x, y)]
        lines.append(" ".join([*(f"{value:.6f}" for value in hips[frame]), *angles]))
    return "\n".join(lines) + "\n"


def joints(path):
    """Positions (N, 22, 3) of SMPL's joints in metres."""
    body = load_body()
    rest = body.rest_joints(np.zeros(10))[:BODY_JOINT_COUNT]
    moved = retarget(*read_bvh(path), rest)
    return forward_kinematics(moved.rotations, moved.translation, rest)[1]


POSES = ("A", "bone-aligned", "motionbuilder", "folded")


@pytest.fixture(scope="module")
def in_t_pose(tmp_path_factory):
    """The BVH whose rest pose is a T-pose, from the first frame and from the eighth on, by that number."""
    folder = tmp_path_factory.mktemp("bvh")
    files = {first: folder / f"{first}.bvh" for first in (0, 8)}
    for first, path in files.items():
        path.write_text(bvh_text("T", first))
    return files


@pytest.fixture(scope="module")
def joints_in_t_pose(in_t_pose):
    return {first: joints(path) for first, path in in_t_pose.items()}


@pytest.mark.parametrize("pose", POSES)
def test_every_rest_pose_gives_the_same_motion(tmp_path, pose, in_t_pose, joints_in_t_pose):
    (tmp_path / "other.bvh").write_text(bvh_text(pose))
    np.testing.assert_allclose(joints(tmp_path / "other.bvh"), joints_in_t_pose[0], atol=1e-3)
    first, second = read(tmp_path / "other.bvh"), read(in_t_pose[0])
    for role, track in second.tracks.items():
        np.testing.assert_allclose(first.tracks[role].position, track.position, atol=1e-3)


@pytest.mark.parametrize("pose", POSES[1:])
def test_without_a_t_pose_the_most_upright_frame_stands_in(tmp_path, pose, joints_in_t_pose):
    (tmp_path / "other.bvh").write_text(bvh_text(pose, first=8))
    assert np.linalg.norm(joints(tmp_path / "other.bvh") - joints_in_t_pose[8], axis=-1).mean() < 0.06
    assert any("stands for the pose at rest" in str(note) for note in read(tmp_path / "other.bvh").warnings)


def test_a_byte_order_mark_and_a_miscounted_frame_are_forgiven(tmp_path):
    text = bvh_text("T")
    (tmp_path / "bom.bvh").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(read(tmp_path / "bom.bvh").time) == FRAMES
    for said in (FRAMES - 1, FRAMES + 1):
        (tmp_path / "count.bvh").write_text(text.replace(f"Frames: {FRAMES}", f"Frames: {said}"))
        recording = read(tmp_path / "count.bvh")
        assert len(recording.time) == FRAMES
        assert any(f"says that it has {said} frames" in str(note) for note in recording.warnings)


@pytest.mark.parametrize("seconds", ["0", "0.0", "nan"])
def test_a_frame_time_of_nothing_is_refused(tmp_path, seconds):
    (tmp_path / "still.bvh").write_text(bvh_text("T").replace("Frame Time: 0.0333333", f"Frame Time: {seconds}"))
    with pytest.raises(InputError, match="[Ff]rame [Tt]ime"):
        read(tmp_path / "still.bvh")


def test_a_body_whose_head_is_at_its_pelvis_is_refused(tmp_path):
    text = bvh_text("T")
    for offset in ("0.00000000 10.00000000 0.00000000", "0.00000000 12.00000000 -1.00000000",
                   "0.00000000 12.00000000 0.00000000", "0.00000000 15.00000000 1.00000000"):  # fmt: skip
        text = text.replace(f"OFFSET {offset}", "OFFSET 0.0 0.2 0.0")
    (tmp_path / "dwarf.bvh").write_text(text)
    with pytest.raises(InputError, match="no person's body"):
        read(tmp_path / "dwarf.bvh")
