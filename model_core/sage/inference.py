"""SAGE on whole recordings: offline in overlapping windows that cross-fade, online one frame at a time."""

from dataclasses import dataclass

import numpy as np
import torch

from ..observation import body_size, features, proportions
from ..rotations import matrix_to_sixd, sixd_to_matrix
from ..skeleton import BODY_JOINT_COUNT
from .bridging import Bridge, bridge_gaps
from .model import MEAN, to_world

WINDOWS_AT_ONCE = 64
OFFLINE_STRETCH = 1.5
"""Offline windows are so many times as long as those of training: measured to be better (``evaluate --ablations``)."""
HALF_PRECISION = torch.float16
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
def predict(
    sage, observation, rest_joints, sampling=MEAN, window=None, overlap=0.5, refine=True, progress=None, half=False
):
    """The motion of a whole ``Observation`` (``Prediction``), on the device of ``sage``.

    Windows of ``window`` frames (even; ``offline_window`` unless given) overlap by the share ``overlap`` and are
    cross-faded with a ramp; a recording that is shorter than a window is one window of its own length. Where trackers
    are lost and found the pose is bridged. ``progress(fraction, stage)`` may raise ``Cancelled``. ``half`` computes in
    ``HALF_PRECISION``.
    """
    device = next(sage.parameters()).device
    seen, rotations, positions, rest = observed_features(observation, rest_joints, device)
    frames = len(seen)
    padded = torch.cat([seen, seen[-1:].expand(frames % 2, -1)])
    window = min(window or offline_window(sage), len(padded))
    noise = _start_noise(sampling, len(padded) // 2, sage.latent_size, device)
    unit_rest = (rest / body_size(rest)).expand(WINDOWS_AT_ONCE, -1, -1)

    def forward(starts):
        tokens = None
        if noise is not None:
            tokens = torch.stack([noise[:, s // 2 : (s + window) // 2] for s in starts], 1)
        windows = torch.stack([padded[s : s + window] for s in starts])
        with torch.autocast(device.type, HALF_PRECISION, enabled=half):
            pose, contacts = sage(windows, unit_rest[: len(starts)], sampling, tokens, refine)
        return torch.cat([pose.float(), contacts.float().sigmoid()], -1)

    blended = blend_windows(len(padded), window, overlap, forward, progress)[:frames]
    pose, contacts = blended[:, : 6 * BODY_JOINT_COUNT], blended[:, 6 * BODY_JOINT_COUNT :]
    pose = _change(pose, lambda turned: bridge_gaps(turned, observation.valid))
    local, translation, _, _ = to_world(pose, rotations[:, 0], positions[:, 0], rest)
    return Prediction(local, translation, contacts)


def offline_window(sage):
    """Frames of a window of ``predict``; even."""
    return 2 * round(sage.config.window * OFFLINE_STRETCH / 2)


def blend_windows(frames, window, overlap, forward, progress=None):
    """Cross-fade what ``forward(starts)`` says (B, window, n) of windows that begin at frames ``starts``; (frames, n).

    Both numbers of frames are even.
    """
    starts = _window_starts(frames, window, overlap)
    sums = weights = None
    for first in range(0, len(starts), WINDOWS_AT_ONCE):
        if progress:
            progress(first / len(starts), "predicting the body")
        some = starts[first : first + WINDOWS_AT_ONCE]
        values = forward(some)
        ramp = _ramp(window, values.device)
        if sums is None:
            sums, weights = values.new_zeros(frames, values.shape[-1]), values.new_zeros(frames, 1)
        for start, of_window in zip(some, values, strict=True):
            sums[start : start + window] += ramp * of_window
            weights[start : start + window] += ramp
    return sums / weights


def _change(pose, change):
    """6D rotations (..., 22 * 6) after ``change`` of them as matrices (..., 22, 3, 3)."""
    return matrix_to_sixd(change(sixd_to_matrix(pose.unflatten(-1, (BODY_JOINT_COUNT, 6))))).flatten(-2)


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
        self.unit_rest = (self.rest / self.size)[None]
        self.proportions = proportions(self.rest, self.size)
        self.noise = _start_noise(sampling, sage.config.window // 2, sage.latent_size, self.device)
        self.previous, self.seen = None, None
        self.bridge = Bridge()

    @torch.inference_mode()
    def step(self, rotations, positions, valid):
        """One frame of head and wrists, (3, 3, 3), (3, 3) and (3,) in the model's frame, 1/60 s after the last.

        Returns local rotations (22, 3, 3) and the pelvis position (3,). A tracker that comes back is followed again
        after ``bridging.RETURN_FRAMES``.
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
        pose, _ = self.sage(window[None], self.unit_rest, self.sampling, noise)
        pose = _change(pose[0, -1], lambda turned: self.bridge.step(turned, valid))[None]
        local, translation, _, _ = to_world(pose, frame[0][:, 0], frame[1][:, 0], self.rest)
        return local[0], translation[0]
