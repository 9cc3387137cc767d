"""FLAG's condition: head and hands and the person's proportions, seen from the head's heading.

The paper puts the avatar's root at the origin, which no headset can: it does not know the root. Here a frame is
expressed horizontally relative to the head, with the height above the floor kept; ``origin`` gives the paper's mode for
comparison. Either way moving or turning the whole person changes nothing.
"""

import torch

from ..geometry.rotations import matrix_to_sixd, rotation_about_y, transpose

JOINT_FEATURES = 9
"""Numbers of one joint: its rotation in 6D, then its position (paper, section 4.1)."""
PROPORTIONS = 3
CONDITION_COUNT = 3 * JOINT_FEATURES + 2 + PROPORTIONS


def joint_features(
    rotations: torch.Tensor,
    positions: torch.Tensor,
    heading: torch.Tensor,
    size: torch.Tensor,
    origin: torch.Tensor,
) -> torch.Tensor:
    """Joints as seen from a heading: (..., J, 9), 6D rotation and position in units of the person's size.

    ``rotations`` (..., J, 3, 3) and ``positions`` (..., J, 3) in the world, ``heading`` (...) radians, ``size`` (...),
    ``origin`` (..., 3): the point that positions are relative to.
    """
    facing = transpose(rotation_about_y(heading))[..., None, :, :]
    relative = (facing @ (positions - origin[..., None, :])[..., None])[..., 0] / size[..., None, None]
    return torch.cat([matrix_to_sixd(facing @ rotations), relative], -1)


def below_head(head: torch.Tensor) -> torch.Tensor:
    """The point on the floor under a head: (..., 3) -> (..., 3), the origin of the deployable mode."""
    return head * head.new_tensor([1.0, 0.0, 1.0])


def make_condition(joints: torch.Tensor, valid: torch.Tensor, proportions: torch.Tensor) -> torch.Tensor:
    """Condition (..., ``CONDITION_COUNT``) of the flow and of its latent region.

    ``joints`` (..., 3, 9): head, left and right wrist from ``joint_features``; ``valid`` (..., 3) 0 or 1, the head's
    being taken as 1; ``proportions`` (..., 3) from ``observation.proportions``. A hand that is not valid contributes
    nothing but its flag.
    """
    hands = valid[..., 1:]
    seen = torch.cat([torch.ones_like(hands[..., :1]), hands], -1)[..., None]
    features = torch.where(seen > 0, joints, torch.zeros_like(joints))
    return torch.cat([features.flatten(-2), hands, proportions], -1)


def split_condition(condition: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A condition's joints (..., 3, 9), validity of head and hands (..., 3) and proportions (..., 3)."""
    joints = condition[..., : 3 * JOINT_FEATURES].unflatten(-1, (3, JOINT_FEATURES))
    hands = condition[..., 3 * JOINT_FEATURES : 3 * JOINT_FEATURES + 2]
    return joints, torch.cat([torch.ones_like(hands[..., :1]), hands], -1), condition[..., -PROPORTIONS:]
