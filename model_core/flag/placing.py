"""Poses placed in the room, and by hand the gradient of what is there.

A pose's gradient is a torque about each joint: of whatever pulls at the joints and turns below it. Summed over the tree
by one product of matrices that is a dozen operations, where autograd repeats each of a chain of joints backwards. For
quick ones the frames lie side by side: arrays are (22, 3, N) and (22, 3, 3, N).
"""

from functools import lru_cache
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from ..geometry.kinematics import joint_offsets
from ..geometry.rotations import rotation_about_y
from ..geometry.skeleton import BODY_JOINT_COUNT, PARENTS

SMALL = 1e-6
"""Squared radians below which sines are computed by their series."""


def place_joints(
    angles: torch.Tensor,
    mean: torch.Tensor,
    heading: torch.Tensor,
    rest_joints: torch.Tensor,
    joint: int,
    position: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """World rotations (..., 22, 3, 3) and joints (..., 22, 3) of the local rotations ``mean @ exp(angles)``, the first
    of which is turned by ``heading`` (...) radians; ``joint`` is at ``position`` (..., 3).

    ``angles`` (..., 22, 3) axis-angle in radians, ``mean`` (22, 3, 3), ``rest_joints`` (22, 3) or (..., 22, 3) metres.
    There is a gradient of ``angles`` and ``position`` alone: the others must not want one.
    """
    assert not any(given.requires_grad for given in (mean, heading, rest_joints))
    shape = angles.shape[:-2]
    root = (rotation_about_y(heading) @ mean[0]).reshape(-1, 3, 3).permute(1, 2, 0)
    offsets = joint_offsets(rest_joints).reshape(-1, BODY_JOINT_COUNT, 3).permute(1, 2, 0)
    flat = angles.reshape(-1, BODY_JOINT_COUNT, 3)
    world, joints = _Chain.apply(flat, mean, root, offsets.contiguous(), joint)
    joints = joints + position.reshape(-1, 1, 3)
    return world.unflatten(0, shape), joints.unflatten(0, shape)


class _Chain(torch.autograd.Function):
    """Joints from one of them on, that stays where it is; forward and backward as ``torch.autograd`` wants them."""

    @staticmethod
    def forward(
        ctx: Any, angles: torch.Tensor, mean: torch.Tensor, root: torch.Tensor, offsets: torch.Tensor, joint: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        about = angles.permute(1, 2, 0).contiguous()
        turned = _exponential(about)
        local = torch.bmm(mean, turned.flatten(2)).view_as(turned)
        world = torch.empty_like(local)
        world[0] = (root[:, :, None] * turned[0]).sum(1)
        for first, last, parents in _levels():
            world[first:last] = _product(world[parents], local[first:last])
        reached = (world[list(PARENTS[1:BODY_JOINT_COUNT])] * offsets[1:, None]).sum(2)
        steps = torch.cat([torch.zeros_like(reached[:1]), reached])
        ancestors = _ancestors(angles.device, angles.dtype)
        joints = (ancestors @ steps.flatten(1)).view_as(steps)
        joints -= joints[joint].clone()
        ctx.save_for_backward(about, world, joints)
        ctx.joint = joint
        return world.permute(3, 0, 1, 2).contiguous(), joints.permute(2, 0, 1).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_world: torch.Tensor, of_joints: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        about, world, joints = ctx.saved_tensors
        pulls, turns = of_joints.permute(1, 2, 0).contiguous(), of_world.permute(1, 2, 3, 0).contiguous()
        pulls[ctx.joint] -= pulls.sum(0)
        descendants = _ancestors(about.device, about.dtype).T
        torques = _cross(world, turns).sum(2) + _cross(joints, pulls)
        torques, below = ((descendants @ part.flatten(1)).view_as(part) for part in (torques, pulls))
        torques -= _cross(joints, below)
        own = (world * torques[:, :, None]).sum(1)
        _, versed, rest = _sines(about)
        aside = _cross(about, own)
        gradient = own + versed[:, None] * aside + rest[:, None] * _cross(about, aside)
        return gradient.permute(2, 0, 1), None, None, None, None


def _exponential(about: torch.Tensor) -> torch.Tensor:
    """Rotations (J, 3, 3, N) of axis-angles (J, 3, N) (Rodrigues)."""
    sine, versed, _ = _sines(about)
    turned = (versed[:, None] * about)[:, :, None] * about[:, None]
    cosine = 1 - versed * about.square().sum(1)
    skew = sine[:, None] * about
    for axis in range(3):
        after, last = (axis + 1) % 3, (axis + 2) % 3
        turned[:, axis, axis] += cosine
        turned[:, last, after] += skew[:, axis]
        turned[:, after, last] -= skew[:, axis]
    return turned


def _sines(about: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """sin a / a, (1 - cos a) / a^2 and (a - sin a) / a^3, each (J, N), of the angles a of axis-angles (J, 3, N)."""
    squared = about.square().sum(1)
    small = squared < SMALL
    safe = torch.where(small, 1.0, squared)
    angle = safe.sqrt()
    sine = torch.where(small, 1 - squared / 6, angle.sin() / angle)
    versed = torch.where(small, 0.5 - squared / 24, 2 * (0.5 * angle).sin().square() / safe)
    return sine, versed, torch.where(small, 1 / 6, (1 - sine) / safe)


def _product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Products of matrices (J, 3, 3, N)."""
    product = first[:, :, 0, None] * second[:, None, 0]
    for inner in (1, 2):
        product.addcmul_(first[:, :, inner, None], second[:, None, inner])
    return product


def _cross(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Cross products along the second dimension."""
    (a, b, c), (d, e, f) = first.unbind(1), second.unbind(1)
    return torch.stack([b * f - c * e, c * d - a * f, a * e - b * d], 1)


@lru_cache(maxsize=1)
def _levels() -> tuple[tuple[int, int, slice | list[int]], ...]:
    """Joints whose parents come earlier, from ``first`` up to ``last``, with their parents: a slice where they are
    in a row."""
    levels, first = [], 1
    while first < BODY_JOINT_COUNT:
        last = first
        while last < BODY_JOINT_COUNT and PARENTS[last] < first:
            last += 1
        parents = list(PARENTS[first:last])
        in_a_row = parents == list(range(parents[0], parents[0] + len(parents)))
        levels.append((first, last, slice(parents[0], parents[-1] + 1) if in_a_row else parents))
        first = last
    return tuple(levels)


@lru_cache(maxsize=8)
def _ancestors(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """(22, 22): 1 where the second joint is the first or one that it hangs from."""
    rows = torch.zeros(BODY_JOINT_COUNT, BODY_JOINT_COUNT)
    for joint in range(BODY_JOINT_COUNT):
        rows[joint] = rows[PARENTS[joint]] if joint else 0.0
        rows[joint, joint] = 1.0
    with torch.inference_mode(False):
        return rows.to(device, dtype)
