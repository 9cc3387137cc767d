"""The constant offsets of hand-held devices under FLAG's likelihood: which hands would this person's body have?

Head alone tells FLAG where hands may be, and how wrists, elbows and shoulders go together: p(x | head), the flow under
a condition whose hands are hidden. A candidate offset turns what the devices report into wrists. Sought are the
offsets, the same in all frames, and the poses x_t of some frames that are likeliest together (as eq 10 of the paper,
with the offsets as further unknowns): minimal is the sum over frames of |z_t|^2 / 2 and of the trackers' energy of
f(z_t), and of how far the offsets are from where they started. What is likeliest together keeps hands nearer to where
they mostly are than they were: places of devices are therefore held tightly, and turns are what is learnt.
"""

from dataclasses import dataclass, replace

import torch

from .lbfgs import minimise
from ..geometry.rotations import axis_angle_to_matrix
from .energy import gather_evidence, place_body, tracker_energy

SIGMA_POSITION, SIGMA_ROTATION = 0.02, 0.15
"""Metres and radians by which wrists under the right offsets miss a body's: more than in refinement, for what sags."""
START_PLACE, START_TURN = 0.02, 0.35
"""Standard deviations, metres along each axis and radians, of the true offsets about those that the fit starts from."""
INDEPENDENT_FRAMES = 12.0
"""As so many independent frames a recording counts: one frame is much like the next."""
HISTORY, FITTING_STEPS, JUDGING_STEPS = 20, 40, 15


@dataclass(frozen=True)
class Devices:
    """Some frames of a recording, in the model's frame with the floor at y = 0.

    ``heads`` (N, 3, 3) and ``places`` (N, 3) of the head joint, ``turns`` (N, 2, 3, 3) and ``positions`` (N, 2, 3) of
    the hands' devices, ``valid`` (N, 2) 0 or 1.
    """

    heads: torch.Tensor
    places: torch.Tensor
    turns: torch.Tensor
    positions: torch.Tensor
    valid: torch.Tensor

    def take(self, frames):
        """Some of the frames: a slice or an index (M,)."""
        return Devices(*(value[frames] for value in vars(self).values()))

    def joints(self, turns, places):
        """Head and wrists (N, 3, 3, 3), (N, 3, 3) under offsets ``turns`` (2, 3, 3) or (N, 2, 3, 3), ``places`` (2, 3)
        or (N, 2, 3)."""
        wrists = self.positions + (self.turns @ places[..., None])[..., 0]
        rotations = torch.cat([self.heads[:, None], self.turns @ turns], 1)
        return rotations, torch.cat([self.places[:, None], wrists], 1)


def explain(model, devices, rest_joints, turns, places):
    """``Evidence`` of frames under offsets, its condition being of the head alone, and the codes (N, 66) of the poses
    that FLAG generates for head and hands: where a search begins."""
    seen = torch.cat([torch.ones_like(devices.valid[:, :1]), devices.valid], 1)
    rotations, positions = devices.joints(turns, places)
    whole = gather_evidence(model, rotations, positions, seen, rest_joints)
    alone = gather_evidence(model, rotations, positions, seen * seen.new_tensor([1.0, 0, 0]), rest_joints)
    with torch.no_grad():
        poses = model.flow(whole.mean, whole.context)
        return replace(alone, valid=seen), model.flow.inverse(poses, alone.context)[0]


def frame_costs(model, codes, evidence):
    """Cost (N,) in nats of explaining frames by poses f(``codes``), (N, 66)."""
    poses = model.flow(codes, evidence.context)
    seen = tracker_energy(*place_body(model.pose, poses, evidence), evidence, SIGMA_POSITION, SIGMA_ROTATION)
    return seen + 0.5 * codes.square().sum(-1)


def offsets_costs(model, devices, rest_joints, turns, places):
    """Mean cost (G,) of a frame in nats, under the best poses for each of G offsets: ``turns`` (G, 2, 3, 3), ``places``
    (G, 2, 3). ``rest_joints`` (22, 3) of the person."""
    guesses, frames = len(turns), len(devices.valid)
    every = devices.take(torch.arange(frames).repeat(guesses))
    turns, places = turns.repeat_interleave(frames, 0), places.repeat_interleave(frames, 0)
    evidence, codes = explain(model, every, rest_joints, turns, places)
    found = minimise(lambda some, items: frame_costs(model, some, evidence.take(items)), codes, JUDGING_STEPS)
    return found.value.view(guesses, frames).mean(1)


def climb(model, devices, rest_joints, turns, places):
    """The offsets, rotations (2, 3, 3) and places (2, 3), that together with the frames' poses are likeliest."""
    evidence, codes = explain(model, devices, rest_joints, turns, places)
    codes, change = codes.requires_grad_(), torch.zeros_like(codes[:2, :6]).requires_grad_()
    search = torch.optim.LBFGS(
        [codes, change], max_iter=FITTING_STEPS, history_size=HISTORY, line_search_fn="strong_wolfe"
    )

    def changed():
        turn = turns @ axis_angle_to_matrix(change[:, :3] * START_TURN)
        return turn, places + change[:, 3:] * START_PLACE

    def closure():
        search.zero_grad()
        rotations, positions = devices.joints(*changed())
        known = replace(evidence, rotations=rotations, positions=positions)
        cost = INDEPENDENT_FRAMES * frame_costs(model, codes, known).mean() + 0.5 * change.square().sum()
        cost.backward()
        return cost

    search.step(closure)
    with torch.no_grad():
        return changed()


def fit_offsets(model, devices, rest_joints, turns, places):
    """Offsets, rotations (2, 3, 3) and places (2, 3), that are likelier than the given ``turns`` and ``places``.

    Fitted to every other frame; None where the rest, under the best poses for either, are not likelier with them.
    """
    found = climb(model, devices.take(slice(0, None, 2)), rest_joints, turns, places)
    both = torch.stack([turns, found[0]]), torch.stack([places, found[1]])
    before, after = offsets_costs(model, devices.take(slice(1, None, 2)), rest_joints, *both)
    return found if after < before else None
