"""What refinement minimises: how far a body is from head and hands, and how unlikely it is (paper, section 4.5).

All terms are negative log-probabilities, in nats, so that a sigma says what each means. The paper adds metres to
6D rotations to nats (eq 9 and 10); here a place has a sigma in metres and a rotation one in radians.
"""

import math
from dataclasses import dataclass

import torch

from ..geometry.kinematics import forward_kinematics
from ..observation import body_size, heading, proportions
from ..geometry.skeleton import HEAD, LEFT_WRIST, PELVIS, RIGHT_WRIST, TRACKED_JOINTS
from ..flag.condition import below, joint_features, make_condition

SIGMA_POSITION = 0.01
"""Standard deviation in metres of a tracked place."""
SIGMA_ROTATION = math.radians(3.0)
"""Standard deviation in radians of a tracked rotation."""

SHOULDERS, ELBOWS, HANDS = (16, 17), (18, 19), (LEFT_WRIST, RIGHT_WRIST)
SPARE = 0.02
"""Share of its length by which an arm is bent even where it reaches far."""


@dataclass(frozen=True)
class Evidence:
    """What is known of N frames: observation, condition and what the model makes of it. Tensors, the model's frame.

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
    context: list
    mean: torch.Tensor
    log_sigma: torch.Tensor
    pelvis: torch.Tensor | None = None

    def take(self, items):
        """The evidence of some frames, an index (...): every tensor's first dimension becomes that shape."""
        rest_joints = self.rest_joints if self.rest_joints.ndim == 2 else self.rest_joints[items]
        return Evidence(
            self.rotations[items], self.positions[items], self.valid[items], rest_joints, self.heading[items],
            self.condition[items], [part[items] for part in self.context], self.mean[items], self.log_sigma[items],
            None if self.pelvis is None else self.pelvis[items],
        )  # fmt: skip

    def double(self):
        """The same in double precision."""
        pelvis = None if self.pelvis is None else self.pelvis.double()
        parts = self.rotations, self.positions, self.valid, self.rest_joints, self.heading, self.condition
        context = [part.double() for part in self.context]
        return Evidence(
            *(part.double() for part in parts), context, self.mean.double(), self.log_sigma.double(), pelvis
        )


@torch.no_grad()
def gather_evidence(model, rotations, positions, valid, rest_joints, pelvis=None):
    """``Evidence`` of frames: ``rotations`` (N, 3, 3, 3), ``positions`` (N, 3, 3), ``valid`` (N, 3), ``rest_joints``
    (22, 3) or (N, 22, 3). ``pelvis`` (N, 3) must be given for a model of mode "pelvis", and only for one."""
    valid = valid.to(positions.dtype)
    size = body_size(rest_joints).expand(len(positions))
    person = proportions(rest_joints, body_size(rest_joints)).expand(len(positions), -1)
    towards = heading(rotations[:, 0])
    origin = below(positions[:, 0]) if pelvis is None else pelvis
    seen = joint_features(rotations, positions, towards, size, origin)
    condition = make_condition(seen, valid, person)
    mean, log_sigma = model.latent_region(condition)
    context = model.flow.context(condition)
    return Evidence(rotations, positions, valid, rest_joints, towards, condition, context, mean, log_sigma, pelvis)


def place_body(pose, x, evidence):
    """Poses x (..., 66) in the room: world rotations (..., 22, 3, 3) and joints (..., 22, 3).

    The body hangs from its observed head, or stands at the given pelvis in the paper's mode; ``pose`` is the model's
    ``PoseNormalizer``.
    """
    local = pose.decode(x, evidence.heading)
    start = torch.zeros_like(evidence.positions[..., 0, :])
    world, joints = forward_kinematics(local, start, evidence.rest_joints)
    if evidence.pelvis is None:
        shift = evidence.positions[..., 0, :] - joints[..., HEAD, :]
    else:
        shift = evidence.pelvis - joints[..., PELVIS, :]
    return world, joints + shift[..., None, :]


def tracker_energy(world, joints, evidence, sigma_place=SIGMA_POSITION, sigma_turn=SIGMA_ROTATION):
    """How far head and hands are from where they were seen: (...) nats. What is not valid does not count.

    For small angles the squared Frobenius distance of two rotations is twice their squared angle.
    """
    tracked, seen = list(TRACKED_JOINTS), evidence.valid[..., None] > 0
    zero = evidence.positions.new_zeros(())
    # Chosen before it is squared: what is not valid may hold anything, and must not reach the gradient.
    off = torch.where(seen, joints[..., tracked, :] - evidence.positions, zero).square().sum(-1)
    turned = torch.where(seen[..., None], world[..., tracked, :, :] - evidence.rotations, zero).square().sum((-1, -2))
    return 0.5 * (off / sigma_place**2 + 0.5 * turned / sigma_turn**2).sum(-1)


def reach_energy(joints, evidence, sigma):
    """How far shoulders are beyond an arm's length from where wrists were seen, (...) nats; ``sigma`` in metres.

    Arms are as long as ``evidence.rest_joints`` say, less ``SPARE``; ``joints`` (..., 22, 3).
    """
    chains = torch.stack([evidence.rest_joints[..., list(joint), :] for joint in (SHOULDERS, ELBOWS, HANDS)])
    arms = chains.diff(dim=0).norm(dim=-1).sum(0) * (1 - SPARE)
    seen = evidence.valid[..., 1:] > 0
    away = joints[..., list(SHOULDERS), :] - evidence.positions[..., 1:, :]
    away = torch.where(seen[..., None], away, torch.zeros_like(away[..., :1]))
    beyond = (away.square().sum(-1).clamp_min(1e-6).sqrt() - arms).clamp_min(0)
    return 0.5 * (beyond / sigma).square().sum(-1)


def region_energy(z, evidence):
    """-log N(z; mu_H, Sigma_H) (...) in nats, but for a constant of each frame."""
    return 0.5 * (((z - evidence.mean) * torch.exp(-evidence.log_sigma)) ** 2).sum(-1)


def tracker_errors(joints, evidence):
    """Distance in metres (..., 3) of head and hands from where they were seen."""
    return (joints[..., [HEAD, LEFT_WRIST, RIGHT_WRIST], :] - evidence.positions).norm(dim=-1)
