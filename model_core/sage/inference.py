"""SAGE on whole recordings: overlapping windows that cross-fade. ``streaming`` has it online."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch

from ..body.proportions import body_size, proportions
from ..geometry.filters import gaussian_reach, gaussian_smooth
from ..geometry.rotations import matrix_to_sixd, sixd_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, MIRRORED
from ..observation import SIXD_MIRRORED, Observation, features, mirrored_features
from ..window_blending import Places, blend_sequences
from .ensemble import SageEnsemble, members_of
from .inertialization import inertialize_gaps
from .model import MEAN, Sage, Sampling, placed_by_head
from .precision import reduced, without_tf32

WINDOWS_PER_BATCH = 32
OFFLINE_STRETCH = 1.5
"""Offline windows are so many times as long as those of training: measured to be better (``evaluate --ablations``)."""
OVERLAP = 0.5
"""Fraction of their length by which windows overlap. A quarter is as near to the truth for a third less work, but lets
feet hover and slide more often, also where the windows of the three views are staggered."""
MIRRORED_FEET = [FEET.index(MIRRORED[joint]) for joint in FEET]
MIRRORED_BODY = list(MIRRORED[:BODY_JOINT_COUNT])
POSE_SIZE = 6 * BODY_JOINT_COUNT
STAGE = "predicting the body"
Progress = Callable[[float, str], None]
"""``progress(fraction, stage)``; may raise ``Cancelled``."""


@dataclass(frozen=True)
class Prediction:
    """A body over time in the model's frame.

    Local ``rotations`` (T, 22, 3, 3), the first one the global orient; pelvis ``translation`` (T, 3) metres; and for
    ankles and toes (``skeleton.FEET``) the probability ``contacts`` (T, 4) that they stand still on the floor.
    """

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor


def observed_features(
    observation: Observation, rest_joints: np.ndarray, device: torch.device | str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """An ``Observation`` of a person with rest joints (22 or 24, 3) as float32 tensors on ``device``.

    Returns features (T, F), the observed rotations (T, 3, 3, 3) and positions (T, 3, 3), and the rest joints (22, 3).
    """
    rest = torch.as_tensor(np.asarray(rest_joints), dtype=torch.float32, device=device)[:BODY_JOINT_COUNT]
    rotations, positions, valid = observation.to(rest)
    size = body_size(rest)
    return features(rotations, positions, valid, size, proportions(rest, size)), rotations, positions, rest


def predict(
    sage: Sage | SageEnsemble,
    observation: Observation,
    rest_joints: np.ndarray,
    sampling: Sampling = MEAN,
    window: int | None = None,
    overlap: float = OVERLAP,
    refine: bool = True,
    progress: Progress | None = None,
    half: bool = False,
) -> Prediction:
    """The motion of a whole ``Observation`` (``Prediction``) of a person with ``rest_joints`` (22 or 24, 3).

    See ``predict_all``.
    """
    return predict_all(sage, [observation], [rest_joints], sampling, window, overlap, refine, progress, half)[0]


@torch.inference_mode()
@without_tf32()
def predict_all(
    sage: Sage | SageEnsemble,
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    sampling: Sampling = MEAN,
    window: int | None = None,
    overlap: float = OVERLAP,
    refine: bool = True,
    progress: Progress | None = None,
    half: bool = False,
) -> list[Prediction]:
    """The motions of whole ``observations`` of people with ``rest_joints`` (22 or 24, 3), on the device of ``sage``.

    Windows of ``window`` frames (even; ``offline_window`` unless given) overlap by the fraction ``overlap`` and are
    cross-faded with a ramp; a recording that is shorter than a window is one window of its own length. Windows of
    several recordings share batches. What the members of an ensemble decode is averaged, with what the first makes of
    the mirror image, and the first's refiner corrects the mean; where noise draws one motion of many the first member
    does all alone. ``refine`` False leaves the refiner out.
    Where trackers are lost and found the pose is inertialized. ``progress(fraction, stage)`` may raise ``Cancelled``.
    ``half`` computes in half precision (``precision.reduced``).
    """
    first, device = members_of(sage)[0], next(sage.parameters()).device
    people = [observed_features(seen, rest, device) for seen, rest in zip(observations, rest_joints, strict=True)]
    views: list[tuple[Sage, bool]] = [(first, False)]
    if isinstance(sage, SageEnsemble) and sampling.noise == 0:
        views = [*((member, False) for member in sage.members), (first, True)]
    steps = len(views) + refine
    rests = torch.stack([rest / body_size(rest) for _, _, _, rest in people])
    seen = [_even(features) for features, _, _, _ in people]
    mirrored_seen = [_even(_mirrored(features, rest)) for features, _, _, rest in people]
    parts: list[list[torch.Tensor]] = [[] for _ in people]
    for number, (member, mirrored) in enumerate(views):
        shown, report = mirrored_seen if mirrored else seen, progress and _part_of(progress, number, steps)
        windows = Windows(window or offline_window(member), overlap)
        for part, decoded in zip(parts, _decode(member, shown, sampling, windows, report, half), strict=True):
            part.append(_mirrored_pose(decoded) if mirrored else decoded)
    means = [torch.stack(part).mean(0) for part in parts]
    poses = [matrix_to_sixd(_matrices(mean[:, :POSE_SIZE])).flatten(1) for mean in means]  # Unit vectors.
    if refine:
        report = progress and _part_of(progress, steps - 1, steps)
        poses = _refine(first, poses, seen, rests, Windows(window or offline_window(first), overlap), report)
    predictions = []
    for observation, (_, rotations, positions, rest), pose, mean in zip(
        observations, people, poses, means, strict=True
    ):
        frames = observation.frame_count
        matrices = inertialize_gaps(_matrices(pose[:frames]), observation.valid)
        local, translation, _, _ = placed_by_head(matrices, rotations[:, 0], positions[:, 0], rest)
        predictions.append(Prediction(local, translation, mean[:frames, POSE_SIZE:]))
    return predictions


@dataclass(frozen=True)
class Windows:
    """Windows of ``length`` frames that overlap by a fraction of it."""

    length: int
    overlap: float


def _even(values: torch.Tensor) -> torch.Tensor:
    """Frames (T, n) with the last one twice where their number is odd: two are a token."""
    return torch.cat([values, values[-1:].expand(len(values) % 2, -1)])


def _mirrored(seen: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    """Features (T, F) of the mirror image of a person with rest joints (22, 3)."""
    flipped = rest[MIRRORED_BODY] * rest.new_tensor([-1.0, 1.0, 1.0])
    return mirrored_features(seen, proportions(flipped, body_size(flipped)))


def _mirrored_pose(decoded: torch.Tensor) -> torch.Tensor:
    """Poses and contacts (T, 22 * 6 + 4) of the mirror image."""
    pose, contacts = decoded[:, :POSE_SIZE].unflatten(1, (-1, 6)), decoded[:, POSE_SIZE:]
    pose = pose[:, MIRRORED_BODY] * pose.new_tensor(SIXD_MIRRORED)
    return torch.cat([pose.flatten(1), contacts[:, MIRRORED_FEET]], 1)


def _matrices(pose: torch.Tensor) -> torch.Tensor:
    """Rotations (T, 22, 3, 3) of 6D ones (T, 22 * 6)."""
    return sixd_to_matrix(pose.unflatten(1, (BODY_JOINT_COUNT, 6)))


def _part_of(progress: Progress, number: int, count: int) -> Progress:
    """``progress`` of one of several equal parts."""
    return lambda fraction, stage: progress((number + fraction) / count, stage)


def _decode(
    sage: Sage,
    seen: Sequence[torch.Tensor],
    sampling: Sampling,
    windows: Windows,
    progress: Progress | None,
    half: bool,
) -> list[torch.Tensor]:
    """6D poses in the heading frame and contacts (T, 22 * 6 + 4) by one network, given features (T, F), T even."""
    device = seen[0].device
    noise = [_start_noise(sampling, len(features) // 2, sage.latent_size, device) for features in seen]

    def forward(places: Places, length: int) -> torch.Tensor:
        tokens = [own[:, s // 2 : (s + length) // 2] for i, s in places if (own := noise[i]) is not None]
        shown = torch.stack([seen[i][s : s + length] for i, s in places])
        with reduced(device, half):
            pose, contacts = sage(shown, sampling, torch.stack(tokens, 1) if tokens else None)
        return torch.cat([pose.float(), contacts.float().sigmoid()], -1)

    return _blend(seen, windows, forward, progress)


def _refine(
    sage: Sage,
    poses: Sequence[torch.Tensor],
    seen: Sequence[torch.Tensor],
    rests: torch.Tensor,
    windows: Windows,
    progress: Progress | None,
) -> list[torch.Tensor]:
    """Decoded 6D poses (T, 22 * 6) as the refiner corrects them, given features (T, F) and rest joints (B, 22, 3) of
    bodies of size 1."""

    def forward(places: Places, length: int) -> torch.Tensor:
        pose, shown = (torch.stack([values[i][s : s + length] for i, s in places]) for values in (poses, seen))
        return sage.refiner(pose, shown, rests[[i for i, _ in places]])

    return _blend(seen, windows, forward, progress)


def _blend(
    seen: Sequence[torch.Tensor],
    windows: Windows,
    forward: Callable[[Places, int], torch.Tensor],
    progress: Progress | None,
) -> list[torch.Tensor]:
    counts, step, device = [len(features) for features in seen], window_step(*astuple(windows)), seen[0].device
    return blend_sequences(counts, windows.length, step, forward, WINDOWS_PER_BATCH, progress, STAGE, device=device)


def offline_window(sage: Sage) -> int:
    """Frames of a window of ``predict``; even."""
    return 2 * round(sage.config.window * OFFLINE_STRETCH / 2)


def window_step(window: int, overlap: float) -> int:
    """Frames from one window to the next that overlap by a fraction; even, as what downsamples by two wants."""
    return max(2, round(window * (1 - overlap) / 2) * 2)


def _start_noise(sampling: Sampling, tokens: int, latent_size: int, device: torch.device) -> torch.Tensor | None:
    """Noise (2, tokens, latent) for a whole recording, the same on every device; None where there is none.

    Windows that overlap share it, so that a take is consistent from window to window.
    """
    if sampling.noise == 0:
        return None
    generator = torch.Generator().manual_seed(sampling.seed)
    reach = gaussian_reach(sampling.smoothing)
    noise = torch.randn(2, tokens + 2 * reach, latent_size, generator=generator)
    if reach:
        impulse = torch.zeros(2 * reach + 1)
        impulse[reach] = 1
        kept = gaussian_smooth(impulse, sampling.smoothing).norm()
        noise = (gaussian_smooth(noise.transpose(0, 1), sampling.smoothing) / kept).transpose(0, 1)
        noise = noise[:, reach : reach + tokens]
    return (sampling.noise * noise).to(device)
