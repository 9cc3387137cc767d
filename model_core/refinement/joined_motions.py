"""Initial motions of several recordings, one after the other: what windows of any of them are optimised in together."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from ..flag.evidence import Evidence, condition_of, gather_evidence
from .body_trackers import BodyTrackers
from .energy import Reference
from .initial_motion import InitialMotion


class JoinedMotions:
    """What ``InitialMotion`` says of a motion's frames, for the frames of several ``motions``, counted on.

    All motions have body trackers on the same joints, or none has any. The first frame of each is at ``firsts``.
    """

    def __init__(self, motions: Sequence[InitialMotion]) -> None:
        self.model = motions[0].model
        counts = [motion.frame_count for motion in motions]
        self.firsts = [sum(counts[:number]) for number in range(len(counts))]
        self.tracked_rotations = torch.cat([motion.tracked_rotations for motion in motions])
        self.tracked_positions = torch.cat([motion.tracked_positions for motion in motions])
        self.valid = torch.cat([motion.valid for motion in motions])
        self.rest_joints = torch.stack([motion.rest_joints for motion in motions])
        self.person = torch.arange(len(motions)).repeat_interleave(torch.tensor(counts)).to(self.valid.device)
        self.reference = _joined([motion.reference for motion in motions], self.person)

    def evidence(self, frames: torch.Tensor) -> Evidence:
        """What FLAG is given of some frames (N,)."""
        return gather_evidence(self.model, *self._seen(frames))

    def context(self, frames: torch.Tensor) -> list[torch.Tensor]:
        """The flow's context of some frames (N,): (N, hidden) a coupling."""
        return self.model.flow.context(condition_of(*self._seen(frames)))

    def _seen(self, frames: torch.Tensor) -> tuple[torch.Tensor, ...]:
        seen = (part[frames] for part in (self.tracked_rotations, self.tracked_positions, self.valid))
        return (*seen, self.rest_joints[self.person[frames]])


def _joined(parts: Sequence[Reference], person: torch.Tensor) -> Reference:
    """The references one after the other; every frame has its person's ``rest_heights``."""

    def joined(of: Callable[[Reference], torch.Tensor]) -> torch.Tensor:
        return torch.cat([of(part) for part in parts])

    first, trackers = parts[0], [part.body_trackers for part in parts if part.body_trackers is not None]
    return replace(
        first,
        joints=joined(lambda part: part.joints),
        poses=joined(lambda part: part.poses),
        contacts=joined(lambda part: part.contacts),
        foot_anchors=joined(lambda part: part.foot_anchors),
        rest_heights=torch.stack([part.rest_heights for part in parts])[person],
        trust=None if first.trust is None else torch.cat([part.trust for part in parts if part.trust is not None]),
        body_trackers=BodyTrackers(
            trackers[0].joints,
            torch.cat([own.rotations for own in trackers]),
            torch.cat([own.positions for own in trackers]),
            torch.cat([own.valid for own in trackers]),
        ) if trackers else None,
    )  # fmt: skip
