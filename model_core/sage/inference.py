"""SAGE on whole recordings: offline in overlapping windows that cross-fade, online one frame at a time."""

from dataclasses import dataclass

import numpy as np
import torch

from ..observation import body_size, features, proportions
from ..skeleton import BODY_JOINT_COUNT, FEET
from .model import MEAN, to_world

WINDOWS_AT_ONCE = 64
FILL_FRAMES = 2
"""A stream's first frame is repeated: a window has at least two frames, one token."""


@dataclass(frozen=True)
class Prediction:
    """A body over time in the model's frame.

    Local ``rotations`` (T, 22, 3, 3), the first one the global orient; pelvis ``translation`` (T, 3) metres; and for
    ankles and toes (``skeleton.FEET``) the probability ``contacts`` (T, 4) that they stand still on the floor.
    """

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor


def observed_features(observation, rest_joints, device="cpu"):
    """An ``Observation`` of a person with rest joints (22 or 24, 3) as float32 tensors on ``device``.

    Returns features (T, F), the observed rotations (T, 3, 3, 3) and positions (T, 3, 3), and the rest joints (22, 3).
    """
    rest = torch.as_tensor(np.asarray(rest_joints), dtype=torch.float32, device=device)[:BODY_JOINT_COUNT]
    rotations, positions, valid = (
        torch.as_tensor(np.asarray(values), dtype=torch.float32, device=device)
        for values in (observation.rotations, observation.positions, observation.valid)
    )
    size = body_size(rest)
    return features(rotations, positions, valid, size, proportions(rest, size)), rotations, positions, rest


@torch.inference_mode()
def predict(sage, observation, rest_joints, sampling=MEAN, overlap=0.5, refine=True, progress=None):
    """The motion of a whole ``Observation`` (``Prediction``), on the device of ``sage``.

    Windows of the training length overlap by the share ``overlap`` and are cross-faded with a ramp; a recording that
    is shorter than a window is one window of its own length. ``progress(fraction, stage)`` may raise ``Cancelled``.
    """
    device = next(sage.parameters()).device
    seen, rotations, positions, rest = observed_features(observation, rest_joints, device)
    frames = len(seen)
    padded = torch.cat([seen, seen[-1:].expand(frames % 2, -1)])
    window = min(sage.config.window, len(padded))
    starts = _window_starts(len(padded), window, overlap)
    noise = _start_noise(sampling, len(padded) // 2, sage.latent_size, device)
    ramp = _ramp(window, device)
    blended = torch.zeros(len(padded), 6 * BODY_JOINT_COUNT + len(FEET), device=device)
    weights = torch.zeros(len(padded), 1, device=device)
    for first in range(0, len(starts), WINDOWS_AT_ONCE):
        if progress:
            progress(first / len(starts), "predicting the body")
        some = starts[first : first + WINDOWS_AT_ONCE]
        tokens = None
        if noise is not None:
            tokens = torch.stack([noise[:, s // 2 : (s + window) // 2] for s in some], 1)
        pose, contacts = sage(torch.stack([padded[s : s + window] for s in some]), sampling, tokens, refine)
        for start, values in zip(some, torch.cat([pose.float(), contacts.float().sigmoid()], -1), strict=True):
            blended[start : start + window] += ramp * values
            weights[start : start + window] += ramp
    blended = (blended / weights)[:frames]
    pose, contacts = blended[:, : 6 * BODY_JOINT_COUNT], blended[:, 6 * BODY_JOINT_COUNT :]
    local, translation, _, _ = to_world(pose, rotations[:, 0], positions[:, 0], rest)
    return Prediction(local, translation, contacts)


def _window_starts(frames, window, overlap):
    """Even starts of windows that cover all frames, the last one flush with the end."""
    step = max(2, round(window * (1 - overlap) / 2) * 2)
    starts = list(range(0, frames - window, step))
    return [*starts, frames - window]


def _ramp(window, device):
    """Weights (window, 1) that rise from the ends to the middle, where a window sees most around a frame."""
    place = torch.arange(window, device=device, dtype=torch.float32)
    return torch.minimum(place + 1, window - place)[:, None]


def _start_noise(sampling, tokens, latent_size, device):
    """Noise (2, tokens, latent) for a whole recording, the same on every device; None where there is none.

    Windows that overlap share it, so that a take does not change its mind from window to window.
    """
    if sampling.noise == 0:
        return None
    generator = torch.Generator().manual_seed(sampling.seed)
    return (sampling.noise * torch.randn(2, tokens, latent_size, generator=generator)).to(device)


class SageStream:
    """Online use: one frame in, one pose out, from the last window of frames."""

    def __init__(self, sage, rest_joints, sampling=MEAN):
        """``rest_joints`` (22 or 24, 3) of the person. Noise keeps its place in the window: a take stays one take."""
        self.sage, self.sampling = sage, sampling
        self.device = next(sage.parameters()).device
        rest = torch.as_tensor(np.asarray(rest_joints), dtype=torch.float32, device=self.device)
        self.rest = rest[:BODY_JOINT_COUNT]
        self.size = body_size(self.rest)
        self.proportions = proportions(self.rest, self.size)
        self.noise = _start_noise(sampling, sage.config.window // 2, sage.latent_size, self.device)
        self.previous, self.seen = None, None

    @torch.inference_mode()
    def step(self, rotations, positions, valid):
        """One frame of head and wrists, (3, 3, 3), (3, 3) and (3,) in the model's frame, 1/60 s after the last.

        Returns local rotations (22, 3, 3) and the pelvis position (3,).
        """
        frame = [
            torch.as_tensor(np.asarray(values), dtype=torch.float32, device=self.device)[None]
            for values in (rotations, positions, valid)
        ]
        pair = [torch.cat([a, b]) for a, b in zip(self.previous or frame, frame, strict=True)]
        self.previous = frame
        newest = features(*pair, self.size, self.proportions)[1:]
        self.seen = newest.repeat(FILL_FRAMES, 1) if self.seen is None else torch.cat([self.seen, newest])
        self.seen = self.seen[-self.sage.config.window :]
        window = self.seen[len(self.seen) % 2 :]
        noise = None if self.noise is None else self.noise[:, None, -(len(window) // 2) :]
        pose, _ = self.sage(window[None], self.sampling, noise)
        local, translation, _, _ = to_world(pose[0, -1:], frame[0][:, 0], frame[1][:, 0], self.rest)
        return local[0], translation[0]
