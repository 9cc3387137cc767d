"""SAGE on whole recordings: frames see those near them, in windows that cross-fade. ``streaming`` has it online."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..body.proportions import body_size, proportions
from ..geometry.filters import gaussian_reach, gaussian_smooth
from ..geometry.rotations import matrix_to_sixd, sixd_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, MIRRORED
from ..observation import SIXD_MIRRORED, Observation, features, mirrored_features
from ..window_blending import Places, blend_sequences
from .attention import Span
from .ensemble import SageEnsemble, members_of
from .inertialization import inertialize_gaps
from .model import MEAN, Sage, Sampling, placed_by_head
from .precision import reduced, without_tf32
from .stillness import stillness

WINDOW, OVERLAP = 240, 40
"""Frames of a window, and those in which it cross-fades into the next: tokens at its edges see one side alone, and
count little."""
WINDOWS_PER_BATCH = 12
OFFLINE_STRETCH = 1.5
"""A token sees so many times as many frames as training's windows have, half before it and half after: measured to be
better (``evaluate --ablations``)."""
REFINER_WINDOW, REFINER_OVERLAP, REFINER_WINDOWS_PER_BATCH = 120, 30, 32
"""The same of the refiner, whose frames come one after the other: shorter windows, and more at once."""
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
    context: int | None = None,
    refine: bool = True,
    progress: Progress | None = None,
    half: bool = False,
) -> Prediction:
    """The motion of a whole ``Observation`` (``Prediction``) of a person with ``rest_joints`` (22 or 24, 3).

    See ``predict_all``.
    """
    return predict_all(sage, [observation], [rest_joints], sampling, context, refine, progress, half)[0]


@torch.inference_mode()
@without_tf32()
def predict_all(
    sage: Sage | SageEnsemble,
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    sampling: Sampling = MEAN,
    context: int | None = None,
    refine: bool = True,
    progress: Progress | None = None,
    half: bool = False,
) -> list[Prediction]:
    """The motions of whole ``observations`` of people with ``rest_joints`` (22 or 24, 3), on the device of ``sage``.

    Each of SAGE's tokens sees ``context`` frames, half of them before it and half after (``OFFLINE_STRETCH`` times
    training's windows unless given). Windows of ``WINDOW`` frames cross-fade; a recording that is shorter is one window
    of its own length. Windows of several recordings share batches.
    What the members of an ensemble decode is averaged, with what the first makes of the mirror image, and the first's
    refiner corrects the mean; where noise draws one motion of many the first member does all alone. ``refine`` False
    leaves the refiner out. Where trackers are lost and found the pose is inertialized. ``progress(fraction, stage)``
    may raise ``Cancelled``. ``half`` computes in half precision (``precision.reduced``).
    """
    first, device = members_of(sage)[0], next(sage.parameters()).device
    people = [observed_features(seen, rest, device) for seen, rest in zip(observations, rest_joints, strict=True)]
    views: list[tuple[Sage, bool]] = [(first, False)]
    if isinstance(sage, SageEnsemble) and sampling.noise == 0:
        views = [*((member, False) for member in sage.members), (first, True)]
    steps = len(views) + refine
    rests = torch.stack([rest / body_size(rest) for _, _, _, rest in people])
    seen = [_even(features) for features, _, _, _ in people]
    still = [stillness(observation.positions[:, 0])[::2] for observation in observations]
    mirrored_seen = [_even(_mirrored(features, rest)) for features, _, _, rest in people]
    parts: list[list[torch.Tensor]] = [[] for _ in people]
    for number, (member, mirrored) in enumerate(views):
        shown, report = mirrored_seen if mirrored else seen, progress and _part_of(progress, number, steps)
        span = offline_span(member, context)
        for part, decoded in zip(parts, _decode(member, shown, still, sampling, span, report, half), strict=True):
            part.append(_mirrored_pose(decoded) if mirrored else decoded)
    means = [torch.stack(part).mean(0) for part in parts]
    poses = [matrix_to_sixd(_matrices(mean[:, :POSE_SIZE])).flatten(1) for mean in means]  # Unit vectors.
    if refine:
        report = progress and _part_of(progress, steps - 1, steps)
        poses = _refine(first, poses, seen, rests, report)
    predictions = []
    for observation, (_, rotations, positions, rest), pose, mean in zip(
        observations, people, poses, means, strict=True
    ):
        frames = observation.frame_count
        matrices = inertialize_gaps(_matrices(pose[:frames]), observation.valid)
        local, translation, _, _ = placed_by_head(matrices, rotations[:, 0], positions[:, 0], rest)
        predictions.append(Prediction(local, translation, mean[:frames, POSE_SIZE:]))
    return predictions


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
    still: Sequence[np.ndarray],
    sampling: Sampling,
    span: Span,
    progress: Progress | None,
    half: bool,
) -> list[torch.Tensor]:
    """6D poses in the heading frame and contacts (T, 22 * 6 + 4) by one network, given features (T, F), T even, and how
    still the head is, (T / 2,)."""
    device = seen[0].device
    noise = [_start_noise(sampling, of_tokens, sage.latent_size, device) for of_tokens in still]

    def forward(places: Places, length: int) -> torch.Tensor:
        tokens = [own[:, s // 2 : (s + length) // 2] for i, s in places if (own := noise[i]) is not None]
        shown = torch.stack([seen[i][s : s + length] for i, s in places])
        with reduced(device, half):
            pose, contacts = sage(shown, sampling, torch.stack(tokens, 1) if tokens else None, span)
        return torch.cat([pose.float(), contacts.float().sigmoid()], -1)

    return _blend(seen, forward, WINDOW, OVERLAP, WINDOWS_PER_BATCH, progress)


def _refine(
    sage: Sage,
    poses: Sequence[torch.Tensor],
    seen: Sequence[torch.Tensor],
    rests: torch.Tensor,
    progress: Progress | None,
) -> list[torch.Tensor]:
    """Decoded 6D poses (T, 22 * 6) as the refiner corrects them, given features (T, F) and rest joints (B, 22, 3) of
    bodies of size 1."""

    def forward(places: Places, length: int) -> torch.Tensor:
        pose, shown = (torch.stack([values[i][s : s + length] for i, s in places]) for values in (poses, seen))
        return sage.refiner(pose, shown, rests[[i for i, _ in places]])

    sizes = REFINER_WINDOW, REFINER_OVERLAP, REFINER_WINDOWS_PER_BATCH
    return _blend(seen, forward, *sizes, progress)


def _blend(
    seen: Sequence[torch.Tensor],
    forward: Callable[[Places, int], torch.Tensor],
    window: int,
    overlap: int,
    per_batch: int,
    progress: Progress | None,
) -> list[torch.Tensor]:
    counts, device = [len(features) for features in seen], seen[0].device
    return blend_sequences(counts, window, window - overlap, forward, per_batch, progress, STAGE, device=device)


def offline_span(sage: Sage, context: int | None = None) -> Span:
    """What a token, of two frames, attends to in ``predict``; ``context`` as in ``predict_all``."""
    reach = (context or round(sage.config.window * OFFLINE_STRETCH)) // 4
    return Span(reach, reach)


def _start_noise(sampling: Sampling, still: np.ndarray, latent_size: int, device: torch.device) -> torch.Tensor | None:
    """Noise (2, tokens, latent) for a whole recording, the same on every device; None where there is none.

    ``still`` (tokens,), 0 to 1, is how still the head is. Windows that overlap share the noise, so that a take is
    consistent from window to window.
    """
    if sampling.noise == 0:
        return None
    still = still.astype(np.float64)
    pace, strength = (1 - (1 - factor) * still for factor in (sampling.still_pace, sampling.still_noise))
    time = np.cumsum(pace) - pace[0]
    before, after = (each(time).astype(np.int64) for each in (np.floor, np.ceil))
    generator = torch.Generator().manual_seed(sampling.seed)
    reach = gaussian_reach(sampling.smoothing)
    noise = torch.randn(2, after[-1] + 1 + 2 * reach, latent_size, generator=generator)
    if reach:
        impulse = torch.zeros(2 * reach + 1)
        impulse[reach] = 1
        kept = gaussian_smooth(impulse, sampling.smoothing).norm()
        noise = (gaussian_smooth(noise.transpose(0, 1), sampling.smoothing) / kept).transpose(0, 1)
        noise = noise[:, reach : noise.shape[1] - reach]
    between, strength = (torch.as_tensor(values)[:, None].to(noise) for values in (time - before, strength))
    return (sampling.noise * strength * torch.lerp(noise[:, before], noise[:, after], between)).to(device)
