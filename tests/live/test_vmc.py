"""VMC and VRChat's trackers: whatever is sent is read back where it was."""

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    geodesic_angle,
    quaternion_to_matrix,
)
from threepoint.model_core.live.sources.moments import Moment, Pose
from threepoint.model_core.live.sources.osc import Packet, read_packet, write_bundle, write_message
from threepoint.model_core.live.sources.vmc import BONES, VmcReader, body_packets, device_packet
from threepoint.model_core.live.sources.vrchat import VrchatReader

TURNED = axis_angle_to_quaternion(np.array([0.3, 0.8, -0.1]))


def a_moment(second=1e9):
    poses = {
        "hmd:head": Pose(np.array([0.1, 1.6, -0.2]), TURNED),
        "con:LeftHand": Pose(np.array([-0.3, 1.1, -0.4]), axis_angle_to_quaternion(np.array([0.0, 0, 1.2]))),
        "tra:waist": Pose(np.array([0.0, 1.0, 0.1]), axis_angle_to_quaternion(np.array([0.2, 0, 0]))),
    }
    return Moment(second, poses)


def assert_same(found, moment):
    assert set(found.poses) == set(moment.poses)
    for name, pose in moment.poses.items():
        np.testing.assert_allclose(found.poses[name].position, pose.position, atol=1e-6)
        turned = (quaternion_to_matrix(each.rotation) for each in (found.poses[name], pose))
        assert geodesic_angle(*turned) < 1e-6


def test_devices_are_read_back_where_they_were():
    moment = a_moment()
    found = VmcReader().read(read_packet(device_packet(moment)), 5.0)
    assert_same(found, moment)
    assert found.time == pytest.approx(1e9, abs=1e-6) and found.arrival == 5.0


def hmd(*numbers, address="/VMC/Ext/Hmd/Pos", clock=()):
    messages = [write_message("/VMC/Ext/T", second) for second in clock]
    return read_packet(write_bundle([*messages, write_message(address, "a", *map(float, numbers))]))


def test_unitys_frame_is_left_handed():
    """Half a metre to the right and two ahead; turned to the right."""
    found = VmcReader().read(hmd(0.5, 1.6, 2, 0, np.sin(0.25), 0, np.cos(0.25)), 0.0).poses["hmd:a"]
    np.testing.assert_allclose(found.position, [0.5, 1.6, -2], atol=1e-6)
    ahead = quaternion_to_matrix(found.rotation) @ [0, 0, -1]
    np.testing.assert_allclose(ahead, [np.sin(0.5), 0, -np.cos(0.5)], atol=1e-6)


@pytest.mark.parametrize("yaw", np.linspace(-3, 3, 7))
def test_quaternions_that_begin_with_their_real_part_are_told_by_an_upright_head(yaw):
    numbers = 0.1, np.sin(yaw / 2), 0.0, np.cos(yaw / 2)
    length = np.linalg.norm(numbers)
    x, y, z, w = (value / length for value in numbers)
    usual, other = VmcReader(), VmcReader()
    found = usual.read(hmd(0, 1.6, 0, x, y, z, w), 0).poses["hmd:a"]
    again = other.read(hmd(0, 1.6, 0, w, x, y, z), 0).poses["hmd:a"]
    np.testing.assert_allclose(found.rotation, again.rotation, atol=1e-6)
    named = VmcReader("wxyz").read(hmd(0, 1.6, 0, w, x, y, z), 0).poses["hmd:a"]
    np.testing.assert_allclose(named.rotation, found.rotation, atol=1e-6)
    with pytest.raises(InputError, match="xyzw, wxyz"):
        VmcReader("zyxw")


def test_the_senders_clock_is_taken_where_the_bundle_has_none():
    reader = VmcReader()
    assert reader.read(hmd(0, 1.6, 0, 0, 0, 0, 1), 7.0).time == 7.0
    assert reader.read(hmd(0, 1.6, 0, 0, 0, 0, 1, clock=[3.5]), 8.0).time == 3.5


def test_unscaled_poses_win_over_those_of_a_scaled_avatar():
    reader = VmcReader()
    reader.read(hmd(0, 1.6, 0, 0, 0, 0, 1, address="/VMC/Ext/Hmd/Pos/Local"), 0.0)
    assert reader.read(hmd(0, 3.2, 0, 0, 0, 0, 1), 0.0) is None


@pytest.mark.parametrize("numbers", [[np.nan] * 7, [1e30] * 7, [0.0] * 3])
def test_numbers_that_are_no_pose_are_nothing(numbers):
    assert VmcReader().read(hmd(*numbers), 0.0) is None
    assert VmcReader().read(Packet(()), 0.0) is None


def test_a_body_arrives_as_it_was_sent(body):
    """Whoever poses a skeleton by the bones' local poses has every joint where it was, mirrored into Unity's frame."""
    rest = body.rest_joints(np.zeros(10))[:22]
    rotations = axis_angle_to_matrix(np.random.default_rng(2).normal(0, 0.4, (22, 3)))
    translation = np.array([0.3, 0.95, -0.2])
    _, joints = forward_kinematics(rotations, translation, rest)
    packets = body_packets(1e9, rotations, translation, rest)
    assert max(map(len, packets)) < 1400
    bones = {}
    for packet in packets:
        for message in read_packet(packet).messages:
            if message.address == "/VMC/Ext/Bone/Pos":
                bones[message.arguments[0]] = np.array(message.arguments[1:])
    assert set(bones) == set(BONES)
    to_model = np.diag([-1.0, 1.0, 1.0])
    sent = np.stack([to_model @ bones[name][:3] for name in BONES])
    turned = np.stack([bones[name][[6, 3, 4, 5]] * [1, 1, -1, -1] for name in BONES])
    world, found = forward_kinematics(quaternion_to_matrix(turned), sent[0], _rest_of(sent))
    np.testing.assert_allclose(found, joints, atol=1e-5)
    assert world.shape == (22, 3, 3)


def _rest_of(offsets):
    """Rest joints whose offsets are these."""
    identity = np.tile(np.eye(3), (22, 1, 1))
    from threepoint.model_core.geometry.skeleton import PARENTS

    rest = [np.zeros(3)]
    for joint in range(1, len(identity)):
        rest.append(rest[PARENTS[joint]] + offsets[joint])
    return np.stack(rest)


def test_vrchats_trackers_come_in_degrees():
    place, angles = ("/tracking/trackers/3/position", "/tracking/trackers/3/rotation")
    reader = VrchatReader()
    both = write_bundle([write_message(place, 0.5, 1.0, 2.0), write_message(angles, 0.0, 90.0, 0.0)])
    pose = reader.read(read_packet(both), 0.0).poses["tra:3"]
    np.testing.assert_allclose(pose.position, [0.5, 1, -2])
    np.testing.assert_allclose(quaternion_to_matrix(pose.rotation) @ [0, 0, -1], [1, 0, 0], atol=1e-7)


def test_a_vrchat_tracker_counts_once_all_of_it_has_come():
    reader = VrchatReader()
    place, angles = ("/tracking/trackers/head/position", "/tracking/trackers/head/rotation")
    assert reader.read(read_packet(write_message(place, 0.0, 1.6, 0.0)), 0.0) is None
    assert reader.read(read_packet(write_message(angles, 0.0, 0.0, 0.0)), 0.0) is None
    assert list(reader.read(read_packet(write_message(place, 0.0, 1.7, 0.0)), 1.0).poses) == ["hmd:head"]
    for address, values in (("/tracking/trackers/9/position", (1.0, 2.0, 3.0)), (place, (1.0, 2.0)), (place, "abc")):
        assert reader.read(read_packet(write_message(address, *values)), 2.0) is None
