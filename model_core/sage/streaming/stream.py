"""A stream of one person through SAGE, frame by frame.

A token is two frames. Each new frame ends a token, and only that one is computed. As the tokens that end with even
and with odd frames overlap, there are two sequences of them, in turn.
"""

import copy

import numpy as np
import torch

from ...body.proportions import body_size, proportions
from ...geometry.rotations import sixd_to_matrix
from ...geometry.skeleton import BODY_JOINT_COUNT, FEET
from ...observation import features
from ...side_by_side import one_thread
from ..inertialization import Inertializer
from ..model import MEAN, Sage, Sampling, placed_by_head
from ..refiner import tracker_residuals
from .token_networks import FrameEmbedding, FrameRefiner, KVCache, TokenDecoder, TokenDiffusion


class SageStream:
    """A stream of one person, computed on the CPU: a single token is too little work for a GPU."""

    def __init__(self, sage: Sage, rest_joints: np.ndarray, sampling: Sampling = MEAN) -> None:
        """``rest_joints`` (22 or 24, 3) of the person; ``sage`` may be on any device."""
        sage = copy.deepcopy(sage).cpu()
        self.change_person(rest_joints)
        self.embedding = FrameEmbedding(
            [part.observe for part in (sage.upper_diffusion, sage.lower_diffusion, sage.decoder)]
        )
        self.upper, self.lower = TokenDiffusion(sage.upper_diffusion), TokenDiffusion(sage.lower_diffusion)
        self.decoder, self.refiner = TokenDecoder(sage.decoder), FrameRefiner(sage.refiner)
        self.sequences = [_SequenceCaches(self.decoder), _SequenceCaches(self.decoder)]
        self.sampling, self.latent_size = sampling, sage.latent_size
        self.random = np.random.default_rng(sampling.seed)
        self.frame = 0
        self.previous: list[np.ndarray] | None = None
        self.noise = torch.zeros(2, self.latent_size)
        self.inertializer = Inertializer()
        self.contacts = np.zeros(len(FEET), np.float32)
        """The probability (4,) that each of ``skeleton.FEET`` stands in the last frame."""
        self.world, self.joints = np.tile(np.eye(3, dtype=np.float32), (BODY_JOINT_COUNT, 1, 1)), self.rest
        """World rotations (22, 3, 3) and joint positions (22, 3) of the last frame."""

    def change_person(self, rest_joints: np.ndarray) -> None:
        """Go on with another person's rest joints (22 or 24, 3): what the stream remembers stays."""
        self.rest = np.asarray(rest_joints, np.float32)[:BODY_JOINT_COUNT]
        self.size = body_size(self.rest)
        self.unit_rest = (self.rest / self.size)[None]
        self.proportions = proportions(self.rest, self.size)

    @torch.inference_mode()
    @one_thread()
    def step(
        self, rotations: np.ndarray, positions: np.ndarray, valid: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One frame of head and wrists, (3, 3, 3), (3, 3) and (3,) in the model's frame, 1/60 s after the last.

        Returns local rotations (22, 3, 3) and the pelvis position (3,), tensors. A tracker that comes back is followed
        again after ``inertialization.RETURN_FRAMES``.
        """
        newest = [np.asarray(values, np.float32)[None] for values in (rotations, positions, valid)]
        # Before the stream its first frame stood still.
        pair = [np.concatenate(both) for both in zip(self.previous or newest, newest, strict=True)]
        self.previous = newest
        seen = features(pair[0], pair[1], pair[2], self.size, self.proportions)[1].astype(np.float32)
        pose = self._predict(seen)
        matrices = torch.from_numpy(sixd_to_matrix(pose.numpy().reshape(BODY_JOINT_COUNT, 6)))
        local = self.inertializer.step(matrices, valid).numpy()[None]
        local, translation, world, joints = placed_by_head(local, newest[0][:, 0], newest[1][:, 0], self.rest)
        self.world, self.joints = world[0], joints[0]
        return torch.from_numpy(local[0]), torch.from_numpy(translation[0])

    def _predict(self, seen: np.ndarray) -> torch.Tensor:
        """The pose (22 * 6,) of the frame with features ``seen`` (F,)."""
        frame = torch.from_numpy(seen)
        sequence = self.sequences[self.frame % 2]
        if self.frame % 2 == 0:  # Both sequences draw alike: a take is consistent from frame to frame.
            drawn = self.random.standard_normal((2, self.latent_size), np.float32)
            self.noise = self.sampling.noise * torch.from_numpy(drawn)
        self.frame += 1
        steps = self.sampling.steps
        of_upper, of_lower, of_decoder = self.embedding.step(frame)
        upper = self.upper.step(of_upper, self.noise[0], steps, sequence.upper)
        lower = self.lower.step(of_lower, self.noise[1], steps, sequence.lower, [upper])
        pose, logits = self.decoder.step(upper, lower, of_decoder, frame, sequence.decoder)
        self.contacts = logits.sigmoid().numpy()
        residuals = tracker_residuals(pose.numpy()[None, None], seen[None, None], self.unit_rest)[0, 0]
        return self.refiner.step(pose, frame, torch.from_numpy(residuals.astype(np.float32)))


class _SequenceCaches:
    """KV caches of the three networks for one sequence, which is every second token."""

    def __init__(self, decoder: TokenDecoder) -> None:
        self.upper: dict[int, KVCache] = {}
        self.lower: dict[int, KVCache] = {}
        self.decoder = KVCache(decoder.blocks)
