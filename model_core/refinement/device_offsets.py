"""The constant offsets of hand-held devices under FLAG's likelihood: which hands would this person's body have?

Head alone tells FLAG where hands may be, and how wrists, elbows and shoulders go together: p(x | head), the flow under
a condition whose hands are hidden. A candidate offset turns what the devices report into wrists. Sought are the
offsets, the same in all frames, and the poses x_t of some frames that are likeliest together (as equation 10 of the
paper, with the offsets as more unknowns): minimal is the sum over frames of |z_t|^2 / 2 and of the trackers' energy
of f(z_t), and of how far the offsets are from where they started. What is likeliest together keeps hands nearer to
where they mostly are than they were: positions of devices are therefore held tightly, and rotations are what is learnt.
"""

from dataclasses import dataclass, replace

import torch

from ..flag.evidence import Evidence, gather_evidence, place_body
from ..flag.model import Flag
from ..geometry.rotations import axis_angle_to_matrix
from .energy import tracker_energy
from .optimization.lbfgs import minimise

DEVICE_SIGMA_POSITION, DEVICE_SIGMA_ROTATION = 0.02, 0.15
"""Metres and radians by which wrists under the right offsets miss a body's: more than in refinement (``energy``), for
what sags."""
PRIOR_POSITION, PRIOR_ROTATION = 0.02, 0.35
"""Standard deviations, metres along each axis and radians, of the true offsets about those that the fit starts from."""
EFFECTIVE_FRAMES = 12.0
"""Number of independent frames that a recording counts as: one frame is much like the next."""
HISTORY, FITTING_ITERATIONS, SCORING_ITERATIONS = 20, 40, 15


@dataclass(frozen=True)
class Devices:
    """Some frames of a recording, in the model's frame with the floor at y = 0.

    ``head_rotations`` (N, 3, 3) and ``head_positions`` (N, 3) of the head joint, ``rotations`` (N, 2, 3, 3) and
    ``positions`` (N, 2, 3) of the hands' devices, ``valid`` (N, 2) 0 or 1.
    """

    head_rotations: torch.Tensor
    head_positions: torch.Tensor
    rotations: torch.Tensor
    positions: torch.Tensor
    valid: torch.Tensor

    def take(self, frames: torch.Tensor | slice) -> "Devices":
        """Some of the frames: a slice or an index (M,)."""
        return Devices(*(value[frames] for value in vars(self).values()))

    def joints(self, rotations: torch.Tensor, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Head and wrists (N, 3, 3, 3), (N, 3, 3) under offsets: ``rotations`` (2, 3, 3) or (N, 2, 3, 3), ``positions``
        (2, 3) or (N, 2, 3)."""
        wrists = self.positions + (self.rotations @ positions[..., None])[..., 0]
        turned = torch.cat([self.head_rotations[:, None], self.rotations @ rotations], 1)
        return turned, torch.cat([self.head_positions[:, None], wrists], 1)


def initial_codes(
    model: Flag, devices: Devices, rest_joints: torch.Tensor, rotations: torch.Tensor, positions: torch.Tensor
) -> tuple[Evidence, torch.Tensor]:
    """``Evidence`` of frames under offsets, its condition being of the head alone, and the codes (N, 66) of the poses
    that FLAG generates for head and hands: where a search begins."""
    seen = torch.cat([torch.ones_like(devices.valid[:, :1]), devices.valid], 1)
    tracked = devices.joints(rotations, positions)
    whole = gather_evidence(model, *tracked, seen, rest_joints)
    alone = gather_evidence(model, *tracked, seen * seen.new_tensor([1.0, 0, 0]), rest_joints)
    with torch.no_grad():
        poses = model.flow(whole.mean, whole.context)
        return replace(alone, valid=seen), model.flow.inverse(poses, alone.context)[0]


def frame_costs(model: Flag, codes: torch.Tensor, evidence: Evidence) -> torch.Tensor:
    """Cost (N,) in nats of explaining frames by poses f(``codes``), (N, 66)."""
    poses = model.flow(codes, evidence.context)
    world, joints = place_body(model.pose, poses, evidence)
    seen = tracker_energy(world, joints, evidence, DEVICE_SIGMA_POSITION, DEVICE_SIGMA_ROTATION)
    return seen + 0.5 * codes.square().sum(-1)


def offset_costs(
    model: Flag, devices: Devices, rest_joints: torch.Tensor, rotations: torch.Tensor, positions: torch.Tensor
) -> torch.Tensor:
    """Mean cost (G,) of a frame in nats, under the best poses for each of G offsets: ``rotations`` (G, 2, 3, 3),
    ``positions`` (G, 2, 3). ``rest_joints`` (22, 3) of the person."""
    guesses, frames = len(rotations), len(devices.valid)
    every = devices.take(torch.arange(frames).repeat(guesses))
    rotations, positions = rotations.repeat_interleave(frames, 0), positions.repeat_interleave(frames, 0)
    evidence, codes = initial_codes(model, every, rest_joints, rotations, positions)

    def cost(some: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return frame_costs(model, some, evidence.take(items))

    return minimise(cost, codes, SCORING_ITERATIONS).value.view(guesses, frames).mean(1)


def maximize_likelihood(
    model: Flag, devices: Devices, rest_joints: torch.Tensor, rotations: torch.Tensor, positions: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The offsets, rotations (2, 3, 3) and positions (2, 3), that together with the frames' poses are likeliest."""
    evidence, codes = initial_codes(model, devices, rest_joints, rotations, positions)
    unchanged = codes.new_zeros(2, 6)

    def changed(change: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        turned = rotations @ axis_angle_to_matrix(change[:, :3] * PRIOR_ROTATION)
        return turned, positions + change[:, 3:] * PRIOR_POSITION

    def parted(unknown: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        change, some = unknown.split([unchanged.numel(), codes.numel()])
        return change.view_as(unchanged), some.view_as(codes)

    def cost(unknown: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        change, some = parted(unknown[0])
        joint_rotations, joint_positions = devices.joints(*changed(change))
        known = replace(evidence, rotations=joint_rotations, positions=joint_positions)
        frames = frame_costs(model, some, known).mean(0, keepdim=True)
        return EFFECTIVE_FRAMES * frames + 0.5 * change.square().sum()

    start = torch.cat([unchanged.flatten(), codes.flatten()])[None]
    with torch.no_grad():
        return changed(parted(minimise(cost, start, FITTING_ITERATIONS, HISTORY).x[0])[0])


def fit_offsets(
    model: Flag, devices: Devices, rest_joints: torch.Tensor, rotations: torch.Tensor, positions: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Offsets, rotations (2, 3, 3) and positions (2, 3), that are likelier than the given ones.

    Fitted to every other frame; None where the rest, under the best poses for either, are not likelier with them.
    """
    found = maximize_likelihood(model, devices.take(slice(0, None, 2)), rest_joints, rotations, positions)
    both = torch.stack([rotations, found[0]]), torch.stack([positions, found[1]])
    before, after = offset_costs(model, devices.take(slice(1, None, 2)), rest_joints, *both)
    return found if after < before else None
