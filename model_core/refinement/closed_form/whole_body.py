"""A whole body that reaches for places: damped least squares (Levenberg-Marquardt) on all joints, frame by frame."""

from dataclasses import dataclass

import torch

from ...geometry.kinematics import forward_kinematics, local_rotations
from ...geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
    transpose,
)
from ...geometry.skeleton import ANKLES, BODY_JOINT_COUNT, ELBOWS, HEAD, KNEES, PARENTS, WRISTS
from .arms import HINGES
from .legs import HINGE

ITERATIONS = 8
FRAMES_PER_BATCH = 512
TRACKED_SIGMA, HELD_SIGMA, FOOT_SIGMA, ROTATION_SIGMA = 0.00025, 0.001, 0.004, 0.02
"""Metres within which head and hands are met, what is pinned, and feet that nobody pinned, and radians. Of a pin that
nobody can meet head and hands give way to a sixteenth."""
KEPT_SIGMA = 0.01
"""Metres within which joints are that pins say nothing of."""
JOINT_SIGMA, SIDEWAYS_SIGMA, PELVIS_SIGMA = 0.12, 0.02, 0.05
"""Radians by which a joint turns for it, those of a knee or elbow other than about its hinge, and metres of the
pelvis."""
LIMIT_SIGMA = 0.0005
"""Radians within which a joint that would bend backwards stops where it is straight: others then do what it cannot."""
LARGEST_STEP = 0.25
"""Radians by which a joint turns in one iteration at most."""
EXACT = (HEAD, *WRISTS, *ANKLES)
"""Joints whose world rotations stay exactly as they are, unless they are pinned."""
BENT = dict(zip((*KNEES, *ELBOWS), (HINGE, HINGE, *HINGES), strict=True))
"""Joints that bend about a hinge alone, and not backwards: the hinges' axes."""
COUNT = 3 * BODY_JOINT_COUNT + 3
"""Unknowns: a turn of each joint about the world's axes, and the pelvis's position."""


@dataclass
class WholeBodyTargets:
    """Where joints are to be: ``positions`` (T, 22, 3) and world ``rotations`` (T, 22, 3, 3), and how much each counts,
    ``position_weight`` and ``rotation_weight`` (T, 22): 1 / sigma."""

    positions: torch.Tensor
    rotations: torch.Tensor
    position_weight: torch.Tensor
    rotation_weight: torch.Tensor

    @classmethod
    def staying(cls, world: torch.Tensor, joints: torch.Tensor) -> "WholeBodyTargets":
        """Head, hands and feet stay where world rotations (T, 22, 3, 3) and joints (T, 22, 3) have them."""
        position, rotation = torch.zeros_like(joints[..., 0]), torch.zeros_like(joints[..., 0])
        position[:, [HEAD, *WRISTS]] = 1 / TRACKED_SIGMA
        position[:, list(ANKLES)] = 1 / FOOT_SIGMA
        rotation[:, list(EXACT)] = 1 / ROTATION_SIGMA
        return cls(joints.clone(), world.clone(), position, rotation)

    def hold(self, joint: int, positions: torch.Tensor, weight: torch.Tensor) -> None:
        """Hold a joint at ``positions`` (T, 3), as far as ``weight`` (T,) 0 to 1 says."""
        self.positions[:, joint] = positions
        known = self.position_weight[:, joint]
        self.position_weight[:, joint] = torch.lerp(known, torch.full_like(known, 1 / HELD_SIGMA), weight)

    def keep(self, joints: tuple[int, ...], positions: torch.Tensor, sigma: float = KEPT_SIGMA) -> None:
        """Keep joints about at ``positions`` (T, N, 3), within ``sigma`` metres, unless they are held."""
        self.positions[:, list(joints)] = positions
        self.position_weight[:, list(joints)] = 1 / sigma

    def stay(self, joint: int, positions: torch.Tensor, weight: torch.Tensor) -> None:
        """Leave a joint at ``positions`` (T, 3) as feet are that nobody pinned, as far as ``weight`` (T,) says."""
        self.positions[:, joint] = positions
        self.position_weight[:, joint] = torch.maximum(self.position_weight[:, joint], weight / FOOT_SIGMA)

    def release(self, joint: int, weight: torch.Tensor) -> None:
        """Let a joint go where others take it, as far as ``weight`` (T,) 0 to 1 says."""
        self.position_weight[:, joint] *= 1 - weight

    def turn(self, joint: int, turned: torch.Tensor, weight: torch.Tensor) -> None:
        """Turn a joint by axis-angles (T, 3) about the world's axes, as far as ``weight`` (T,) 0 to 1 says."""
        self.rotations[:, joint] = axis_angle_to_matrix(turned) @ self.rotations[:, joint]
        known = self.rotation_weight[:, joint]
        self.rotation_weight[:, joint] = torch.lerp(known, torch.full_like(known, 2 / ROTATION_SIGMA), weight)

    def take(self, frames: slice) -> "WholeBodyTargets":
        """The same of some frames."""
        return WholeBodyTargets(
            self.positions[frames], self.rotations[frames], self.position_weight[frames], self.rotation_weight[frames]
        )


def reach_with_whole_body(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest_joints: torch.Tensor,
    targets: WholeBodyTargets,
    limited: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local ``rotations`` (T, 22, 3, 3) and pelvis ``translation`` (T, 3) that meet their targets, little changed.

    ``rest_joints`` (22, 3). Each step minimises what lacks, over its sigma, and the turns of all joints; what cannot
    be reached is approached. Knees and elbows are kept from bending backwards: after each step, or, where ``limited``,
    in it, so that pelvis and trunk do what a straight leg cannot. That reaches farther, but less smoothly.
    """
    solved = []
    for first in range(0, len(translation), FRAMES_PER_BATCH):
        some = slice(first, first + FRAMES_PER_BATCH)
        solved.append(_reach(rotations[some], translation[some], rest_joints, targets.take(some), limited))
    both = (torch.cat(parts) for parts in zip(*solved, strict=True))
    rotations, translation = both
    return rotations, translation


def _reach(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    targets: WholeBodyTargets,
    limited: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    like, above = translation, _above(translation)
    pelvis, wanted = translation.double(), targets.positions.double()
    local = _orthonormal(rotations.double())
    least_bends = _bends(local).clamp_max(0)
    world, joints = forward_kinematics(local, pelvis, rest.double())
    position_weight, rotation_weight = targets.position_weight.double(), targets.rotation_weight.double()
    used = torch.nonzero(position_weight.amax(0) > 0)[:, 0]
    turned = torch.nonzero(rotation_weight.amax(0) > 0)[:, 0]
    rotation_rows = above[turned].double().repeat_interleave(3, 1)[:, None] * torch.eye(3).double().to(
        like.device
    ).repeat(1, BODY_JOINT_COUNT)
    rotation_rows = torch.cat([rotation_rows, rotation_rows.new_zeros(*rotation_rows.shape[:2], 3)], -1)
    for _ in range(ITERATIONS):
        lever = (joints[:, used, None] - joints[:, None]) * above[used, :, None]
        rows = torch.cat([_crossed(lever), torch.eye(3).to(joints).expand(*lever.shape[:2], 3, 3)], -1)
        weight = position_weight[:, used, None]
        rows, lacking = rows * weight[..., None], (wanted[:, used] - joints[:, used]) * weight
        angles = matrix_to_axis_angle(targets.rotations.double()[:, turned] @ transpose(world[:, turned]))
        angle_weight = rotation_weight[:, turned, None]
        jacobian = torch.cat([rows.flatten(1, 2), (rotation_rows * angle_weight[..., None]).flatten(1, 2)], 1)
        right = torch.cat([lacking.flatten(1), (angles * angle_weight).flatten(1)], 1)[..., None]
        normal = transpose(jacobian) @ jacobian + _damping(world)
        step = _step(normal, transpose(jacobian) @ right, world, _bends(local) - least_bends if limited else None)
        turn = step[:, :-3].unflatten(1, (BODY_JOINT_COUNT, 3))
        largest = turn.norm(dim=-1).amax(-1).clamp_min(1e-9)
        fraction = (LARGEST_STEP / largest).clamp_max(1)[:, None]
        turn, pelvis = turn * fraction[..., None], pelvis + step[:, -3:] * fraction
        local = _not_bent_backwards(_turned(world, axis_angle_to_matrix(turn)), least_bends)
        world, joints = forward_kinematics(local, pelvis, rest.double())
    exact = rotation_weight[:, list(EXACT)] > 0
    index = list(EXACT)
    world[:, index] = torch.where(exact[..., None, None], targets.rotations.double()[:, index], world[:, index])
    return local_rotations(world).to(like), pelvis.to(like)


def _step(normal: torch.Tensor, right: torch.Tensor, world: torch.Tensor, room: torch.Tensor | None) -> torch.Tensor:
    """The unknowns' step (T, 69) of the normal equations (T, 69, 69) and (T, 69, 1), in which none of ``BENT`` is
    straightened by more radians than there is ``room`` (T, 4), if given."""
    step = torch.linalg.solve(normal, right)[..., 0]
    if room is None:
        return step
    axes = _hinge_axes(world)
    bending = (step[:, :-3].unflatten(1, (BODY_JOINT_COUNT, 3))[:, list(BENT)] * axes).sum(-1)
    limited = bending < -room
    frames = torch.nonzero(limited.any(-1))[:, 0]
    if not len(frames):
        return step
    normal, right = normal[frames], right[frames].clone()
    for number, joint in enumerate(BENT):
        block = slice(3 * joint, 3 * joint + 3)
        axis = axes[frames, number] * limited[frames, number, None] / LIMIT_SIGMA
        normal[:, block, block] += axis[:, :, None] * axis[:, None]
        right[:, block, 0] -= axis * room[frames, number, None] / LIMIT_SIGMA
    step[frames] = torch.linalg.solve(normal, right)[..., 0]
    return step


def _hinge_axes(world: torch.Tensor) -> torch.Tensor:
    """World axes (T, 4, 3) of the hinges of ``BENT``."""
    parents = [PARENTS[joint] for joint in BENT]
    return (world[:, parents] @ world.new_tensor(list(BENT.values()))[..., None])[..., 0]


def _turned(world: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Local rotations after each joint, with all that hangs on it, is turned by ``turn`` (T, 22, 3, 3) in the world."""
    local = local_rotations(world)
    parents = [max(parent, 0) for parent in PARENTS[:BODY_JOINT_COUNT]]
    inner = transpose(world[:, parents]) @ turn @ world[:, parents]
    inner[:, 0] = turn[:, 0]
    return _orthonormal(inner @ local)


def _orthonormal(rotations: torch.Tensor) -> torch.Tensor:
    """Rotations (T, 22, 3, 3) without what rounding made of them, which every step would multiply."""
    return quaternion_to_matrix(matrix_to_quaternion(rotations))


def _bends(local: torch.Tensor) -> torch.Tensor:
    """Radians (T, 4) by which knees and elbows of local rotations (T, 22, 3, 3) are bent about their hinges."""
    axes = local.new_tensor(list(BENT.values()))
    return (matrix_to_axis_angle(local[:, list(BENT)]) * axes).sum(-1)


def _not_bent_backwards(local: torch.Tensor, least: torch.Tensor) -> torch.Tensor:
    """Local rotations whose knees and elbows are bent by ``least`` (T, 4) radians at least."""
    lacking = (least - _bends(local)).clamp_min(0)[..., None]
    axes = local.new_tensor(list(BENT.values()))
    vectors = matrix_to_axis_angle(local[:, list(BENT)]) + lacking * axes
    straightened = local.clone()
    straightened[:, list(BENT)] = torch.where(
        lacking[..., None] > 0, axis_angle_to_matrix(vectors), local[:, list(BENT)]
    )
    return straightened


def _damping(world: torch.Tensor) -> torch.Tensor:
    """What turns and the pelvis's way cost (T, 69, 69): knees and elbows hardly turn but about their hinges."""
    damping = torch.zeros(len(world), COUNT, COUNT, dtype=world.dtype, device=world.device)
    eye, axes = torch.eye(3).to(world), dict(zip(BENT, _hinge_axes(world).unbind(1), strict=True))
    for joint in range(BODY_JOINT_COUNT):
        block = eye / JOINT_SIGMA**2
        if (axis := axes.get(joint)) is not None:
            along = axis[:, :, None] * axis[:, None]
            block = along / JOINT_SIGMA**2 + (eye - along) / SIDEWAYS_SIGMA**2
        damping[:, 3 * joint : 3 * joint + 3, 3 * joint : 3 * joint + 3] = block
    damping[:, -3:, -3:] = eye / PELVIS_SIGMA**2
    return damping


def _crossed(lever: torch.Tensor) -> torch.Tensor:
    """What a turn about each axis moves, (T, P, 3, 66), by levers (T, P, 22, 3) from each joint."""
    axes = torch.eye(3).to(lever)
    moved = torch.stack([cross(axes[axis].expand_as(lever), lever) for axis in range(3)], -1)
    return moved.transpose(2, 3).flatten(3, 4)


def _above(like: torch.Tensor) -> torch.Tensor:
    """(22, 22), 1 where the second joint is the first one or lies above it."""
    above = torch.zeros(BODY_JOINT_COUNT, BODY_JOINT_COUNT, dtype=torch.float64, device=like.device)
    for joint in range(BODY_JOINT_COUNT):
        ancestor = joint
        while ancestor >= 0:
            above[joint, ancestor] = 1
            ancestor = PARENTS[ancestor]
    return above
