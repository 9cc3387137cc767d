"""FLAG's input and latent region of observed frames, and poses placed in the room by them."""

from dataclasses import dataclass
from typing import Any

import torch

from ..body.proportions import body_size, proportions
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD, PELVIS
from ..observation import heading
from .condition import below_head, joint_features, make_condition
from .model import Flag
from .placing import place_joints
from .pose import PoseNormalizer


@dataclass(frozen=True)
class Evidence:
    """N observed frames: the trackers, the condition and the latent region. Tensors, in the model's frame.

    ``rotations`` (N, 3, 3, 3), ``positions`` (N, 3, 3) and ``valid`` (N, 3) of head, left and right wrist;
    ``rest_joints`` (22, 3) of the person or (N, 22, 3); ``heading`` (N,) of the head; ``condition`` (N, C);
    ``context`` a list of (N, hidden) for the flow; ``mean`` and ``log_sigma`` (N, 66) of the latent region.
    ``pelvis`` (N, 3) is where the root is, for a model in the paper's mode; otherwise None.
    """

    rotations: torch.Tensor
    positions: torch.Tensor
    valid: torch.Tensor
    rest_joints: torch.Tensor
    heading: torch.Tensor
    condition: torch.Tensor
    context: list[torch.Tensor]
    mean: torch.Tensor
    log_sigma: torch.Tensor
    pelvis: torch.Tensor | None = None

    def take(self, items: torch.Tensor | slice) -> "Evidence":
        """The evidence of some frames, an index (...): every tensor's first dimension becomes that shape."""
        rest_joints = self.rest_joints if self.rest_joints.ndim == 2 else self.rest_joints[items]
        return Evidence(
            self.rotations[items], self.positions[items], self.valid[items], rest_joints, self.heading[items],
            self.condition[items], [part[items] for part in self.context], self.mean[items], self.log_sigma[items],
            None if self.pelvis is None else self.pelvis[items],
        )  # fmt: skip

    def double(self) -> "Evidence":
        """The same in double precision."""
        tensors: dict[str, Any] = {
            name: value.double() for name, value in vars(self).items() if name != "context" and value is not None
        }
        return Evidence(context=[part.double() for part in self.context], **tensors)


@torch.no_grad()
def gather_evidence(
    model: Flag,
    rotations: torch.Tensor,
    positions: torch.Tensor,
    valid: torch.Tensor,
    rest_joints: torch.Tensor,
    pelvis: torch.Tensor | None = None,
) -> Evidence:
    """``Evidence`` of frames: ``rotations`` (N, 3, 3, 3), ``positions`` (N, 3, 3), ``valid`` (N, 3), ``rest_joints``
    (22, 3) or (N, 22, 3). ``pelvis`` (N, 3) must be given for a model of mode "pelvis", and only for one."""
    valid = valid.to(positions.dtype)
    condition = condition_of(rotations, positions, valid, rest_joints, pelvis)
    towards = heading(rotations[:, 0])
    mean, log_sigma = model.latent_region(condition)
    context = model.flow.context(condition)
    return Evidence(rotations, positions, valid, rest_joints, towards, condition, context, mean, log_sigma, pelvis)


def condition_of(
    rotations: torch.Tensor,
    positions: torch.Tensor,
    valid: torch.Tensor,
    rest_joints: torch.Tensor,
    pelvis: torch.Tensor | None = None,
) -> torch.Tensor:
    """FLAG's condition (N, C) of frames, given as to ``gather_evidence``."""
    size = body_size(rest_joints).expand(len(positions))
    person = proportions(rest_joints, body_size(rest_joints)).expand(len(positions), -1)
    origin = below_head(positions[:, 0]) if pelvis is None else pelvis
    seen = joint_features(rotations, positions, heading(rotations[:, 0]), size, origin)
    return make_condition(seen, valid.to(positions.dtype), person)


def place_body(pose: PoseNormalizer, x: torch.Tensor, evidence: Evidence) -> tuple[torch.Tensor, torch.Tensor]:
    """Poses x (..., 66) in the room: world rotations (..., 22, 3, 3) and joints (..., 22, 3).

    The body hangs from its observed head, or stands at the given pelvis in the paper's mode; ``pose`` is the
    model's normalizer. Of poses and observed positions there is a gradient, of nothing else.
    """
    angles = (x * pose.scale).unflatten(-1, (BODY_JOINT_COUNT, 3))
    joint, position = (HEAD, evidence.positions[..., 0, :]) if evidence.pelvis is None else (PELVIS, evidence.pelvis)
    return place_joints(angles, pose.mean, evidence.heading, evidence.rest_joints, joint, position)
