"""People who lie, kneel or crawl: no flesh is in the floor, and who lies has stretched legs.

The networks know crouching alone, and fold legs below a trunk that lies on the floor. Head and hands stay where they
were tracked; all else gives way, as little as it must.
"""

import torch

from ...body.proportions import body_size
from ...geometry.filters import gaussian_smooth, smoothstep
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import axis_angle_to_matrix, cross, slerp_matrices, transpose
from ...geometry.skeleton import ANKLES, BODY_JOINT_COUNT, HEAD, HIPS, JOINT_NAMES, KNEES, PELVIS, SHOULDERS, SPINE
from .legs import LEG_JOINTS, move_feet
from .smoothing import rate_limited_envelope
from .whole_body import WholeBodyTargets, reach_with_whole_body

FLESH = {
    "pelvis": (0.14, 0.15, 0.11, 0.10), "hip": (0.08, 0.12, 0.11, 0.10), "knee": (0.06, 0.05, 0.07, 0.06),
    "spine1": (0.14, 0.05, 0.13, 0.06), "spine2": (0.14, 0.05, 0.12, 0.07), "spine3": (0.14, 0.05, 0.09, 0.11),
    "collar": (0.05, 0.05, 0.09, 0.10), "shoulder": (0.05, 0.07, 0.07, 0.075), "elbow": (0.04, 0.04, 0.04, 0.04),
    "ankle": (0.045, 0.07, 0.07, 0.08), "foot": (0.065, 0.02, 0.075, 0.02),
}  # fmt: skip
"""Metres of the default body from a joint to the skin sideways, along the bone, in front and behind."""
JOINTS = tuple(joint for joint, name in enumerate(JOINT_NAMES[:BODY_JOINT_COUNT]) if name.split("_")[-1] in FLESH)
LOW_HEAD = 0.8
"""Fraction of its height in standing below which a head is when anything but feet can be on the floor."""
SOFT = 0.004
"""Metres that flesh gives."""
WHOLE_LIFT = 0.01
"""Metres of a lift from which it counts as much as one can."""
LIFT_SPEED, LIFT_SMOOTHING = 0.01, 3.0
"""Metres a frame by which that grows, and the standard deviation in frames by which it is blurred."""
LIFTED_SIGMA, LEFT_SIGMA = 0.003, 0.05
"""Metres within which joints are lifted, and the others are left where they are."""
PASSES = 3
"""Who is lifted at the hips may come down with the knees."""
NOTHING = 1e-5
"""Metres that are no lift."""
LYING_HEAD = 0.2, 0.35
"""Metres of a head's height, of the default body, up to which somebody lies, and from which they do not."""
LYING_SLOPE = 0.5, 0.8
"""Rise of the trunk over its length up to which it lies, and from which it does not."""
LYING_SMOOTHING = 10.0
"""Standard deviation in frames of the way to lying and back."""
LYING_LEGS = {HIPS: 0.0, KNEES: 0.15, ANKLES: 0.9}
"""Radians by which stretched legs are bent about X."""
SWIVELLED = 2.0
"""How much sooner than stretched knees are in the pelvis's plane."""


def lift_out_of_floor(
    rotations: torch.Tensor, translation: torch.Tensor, head: torch.Tensor, rest_joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local rotations (T, 22, 3, 3) and pelvis positions (T, 3) with no flesh in the floor at y = 0.

    ``head`` (T, 3) is where the head joint was tracked: where it is as high as that of somebody on their feet, nothing
    changes. ``rest_joints`` (22, 3) metres.
    """
    low = head[:, 1] < LOW_HEAD * (rest_joints[HEAD, 1] - rest_joints[:, 1].amin())
    if not bool(low.any()):
        return rotations, translation
    lifted = _lift(rotations, translation, low, rest_joints)
    lying = _lying(*lifted, low, head, rest_joints)
    if not bool((lying > 0).any()):
        return lifted
    return _lift(*_with_stretched_legs(*lifted, lying, rest_joints), low, rest_joints)


def _lying(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    low: torch.Tensor,
    head: torch.Tensor,
    rest_joints: torch.Tensor,
) -> torch.Tensor:
    """How much somebody lies, (T,) 0 to 1: their head is on the floor and their trunk is, too."""
    some = torch.nonzero(low)[:, 0]
    joints = forward_kinematics(rotations[some], translation[some], rest_joints)[1]
    trunk = joints[:, list(SHOULDERS)].mean(1) - joints[:, PELVIS]
    slope = trunk[:, 1].abs() / trunk.norm(dim=-1)
    height = head[some, 1] / body_size(rest_joints)
    lying = torch.zeros_like(translation[:, 0])
    lying[some] = _below(height, *LYING_HEAD) * _below(slope, *LYING_SLOPE)
    return gaussian_smooth(lying[:, None], LYING_SMOOTHING)[:, 0]


def _below(values: torch.Tensor, all_of_it: float, nothing_of_it: float) -> torch.Tensor:
    """1 below one value, 0 above the other."""
    return smoothstep(((nothing_of_it - values) / (nothing_of_it - all_of_it)).clamp(0, 1))


def _with_stretched_legs(
    rotations: torch.Tensor, translation: torch.Tensor, lying: torch.Tensor, rest_joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion whose pelvis and legs go on along the floor where the trunk ends, as far as ``lying`` (T,) says."""
    frames = torch.nonzero(lying > 0)[:, 0]
    local, weight = rotations[frames], lying[frames]
    world, joints = forward_kinematics(local, translation[frames], rest_joints)
    trunk = joints[:, list(SHOULDERS)].mean(1) - joints[:, PELVIS]
    along = trunk * trunk.new_tensor([1.0, 0.0, 1.0])
    along = along / along.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    pelvis = slerp_matrices(world[:, PELVIS], _turned_to(world[:, PELVIS], along), weight)
    bent = local.clone()
    bent[:, PELVIS], bent[:, SPINE[0]] = pelvis, transpose(pelvis) @ world[:, SPINE[0]]
    hung = translation[frames]
    hung = hung + joints[:, SPINE[0]] - forward_kinematics(bent, hung, rest_joints)[1][:, SPINE[0]]
    stretched = bent.clone()
    for joints_of_leg, angle in LYING_LEGS.items():
        stretched[:, list(joints_of_leg)] = axis_angle_to_matrix(local.new_tensor([angle, 0.0, 0.0]))
    goal_world, goal = forward_kinematics(stretched, hung, rest_joints)
    # Feet slide along the floor; thighs that were blended would swing through it.
    ankles = torch.lerp(joints[:, list(ANKLES)], goal[:, list(ANKLES)], weight[:, None, None])
    ankles[..., 1] = ankles[..., 1].clamp_min(FLESH["ankle"][-1] * float(body_size(rest_joints)))
    sides = weight[:, None].expand(-1, len(ANKLES))
    turned = slerp_matrices(world[:, list(ANKLES)], goal_world[:, list(ANKLES)], sides)
    ways = [move_feet(legs, hung, ankles, turned, rest_joints) for legs in (bent, stretched)]
    both = smoothstep(SWIVELLED * weight)[:, None].expand(-1, len(LEG_JOINTS))
    bent_way, stretched_way = (way[:, LEG_JOINTS] for way in ways)
    bent[:, LEG_JOINTS] = slerp_matrices(bent_way, stretched_way, both)
    rotations, translation = rotations.clone(), translation.clone()
    rotations[frames], translation[frames] = bent, hung
    return rotations, translation


def _turned_to(rotations: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    """World rotations (T, 3, 3) turned, as little as it takes, until their up axis is ``along`` (T, 3)."""
    up = rotations[..., 1]
    axis = cross(up, along)
    sine = axis.norm(dim=-1, keepdim=True)
    angle = torch.atan2(sine, (up * along).sum(-1, keepdim=True))
    return axis_angle_to_matrix(angle * axis / sine.clamp_min(1e-6)) @ rotations


def _lift(
    rotations: torch.Tensor, translation: torch.Tensor, low: torch.Tensor, rest_joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion with no flesh in the floor where the head is ``low`` (T,)."""
    for _ in range(PASSES):
        lift = _lacking(rotations, translation, low, rest_joints)
        frames = torch.nonzero((lift > NOTHING).any(1))[:, 0]
        if not len(frames):
            break
        rotations, translation = rotations.clone(), translation.clone()
        rotations[frames], translation[frames] = _lifted(
            rotations[frames], translation[frames], lift[frames], rest_joints
        )
    return rotations, translation


def _lacking(
    rotations: torch.Tensor, translation: torch.Tensor, low: torch.Tensor, rest_joints: torch.Tensor
) -> torch.Tensor:
    """Metres (T, N) by which each of ``JOINTS`` is to be lifted, evened out in time."""
    lift = translation.new_zeros(len(translation), len(JOINTS))
    some = torch.nonzero(low)[:, 0]
    if not len(some):
        return lift
    world, joints = forward_kinematics(rotations[some], translation[some], rest_joints)
    down = -world[:, list(JOINTS), 1]  # The world's downward direction along each joint's own axes.
    extents = down.new_tensor([FLESH[JOINT_NAMES[joint].split("_")[-1]] for joint in JOINTS]) * body_size(rest_joints)
    ahead = torch.where(down[..., 2] > 0, extents[:, 2], extents[:, 3])
    axes = torch.stack([extents[:, 0].expand_as(ahead), extents[:, 1].expand_as(ahead), ahead], -1)
    depth = (axes * down).norm(dim=-1) - SOFT
    lift[some] = (depth - joints[:, list(JOINTS), 1]).clamp_min(0)
    for joint in torch.nonzero(lift.amax(0) > 0)[:, 0].tolist():
        lift[:, joint] = rate_limited_envelope(lift[:, joint, None], LIFT_SPEED, LIFT_SMOOTHING)[:, 0]
    return lift


def _lifted(
    rotations: torch.Tensor, translation: torch.Tensor, lift: torch.Tensor, rest_joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The poses with ``JOINTS`` as much higher as ``lift`` (T, N) says."""
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    targets = WholeBodyTargets.staying(world, joints)
    index = list(JOINTS)
    targets.positions[:, index, 1] += lift
    counts = (lift / WHOLE_LIFT).clamp_max(1)
    weight = torch.lerp(torch.full_like(lift, 1 / LEFT_SIGMA), torch.full_like(lift, 1 / LIFTED_SIGMA), counts)
    targets.position_weight[:, index] = torch.maximum(targets.position_weight[:, index], weight)
    return reach_with_whole_body(rotations, translation, rest_joints, targets)
