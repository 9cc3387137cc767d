"""SAGE on whole recordings: overlapping windows that cross-fade. ``streaming`` has it online."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..body.proportions import body_size, proportions
from ..geometry.filters import gaussian_reach, gaussian_smooth
from ..geometry.kinematics import mirror_motion
from ..geometry.rotations import matrix_to_sixd, sixd_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, MIRRORED
from ..observation import Observation, features
from ..window_blending import Places, blend_sequences
from .ensemble import SageEnsemble, members_of
from .inertialization import inertialize_gaps
from .model import MEAN, Sage, Sampling, to_world
from .precision import without_tf32

WINDOWS_PER_BATCH = 32
OFFLINE_STRETCH = 1.5
"""Offline windows are so many times as long as those of training: measured to be better (``evaluate --ablations``)."""
OVERLAP = 0.5
"""Fraction of their length by which windows overlap. A quarter is as near to the truth for a third less work, but lets
feet of real recordings hover more often."""
MIRRORED_FEET = [FEET.index(MIRRORED[joint]) for joint in FEET]
HALF_PRECISION = torch.float16
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
    several recordings share batches. Where trackers are lost and found the pose is inertialized.
    ``progress(fraction, stage)`` may raise ``Cancelled``. ``half`` computes in ``HALF_PRECISION``. What the members of
    an ensemble predict is averaged, with what the first makes of the mirror image; where noise draws one motion of many
    the first member does so alone.
    """
    device = next(sage.parameters()).device
    people = [observed_features(seen, rest, device) for seen, rest in zip(observations, rest_joints, strict=True)]
    views: list[tuple[Sage, bool]] = [(members_of(sage)[0], False)]
    if isinstance(sage, SageEnsemble) and sampling.noise == 0:
        views = [*((member, False) for member in sage.members), (sage.first, True)]
    parts: list[list[torch.Tensor]] = [[] for _ in people]
    for number, (member, mirrored) in enumerate(views):
        report = None if progress is None else _part_of(progress, number, len(views))
        shown = [(features, rest) for features, _, _, rest in people]
        if mirrored:
            shown = [_mirror_image(seen, rest, device) for seen, (_, rest) in zip(observations, shown, strict=True)]
        found = _predict_windows(member, shown, sampling, window, overlap, refine, report, half)
        for part, of_person in zip(parts, found, strict=True):
            pose, contact = of_person[:, : 6 * BODY_JOINT_COUNT], of_person[:, 6 * BODY_JOINT_COUNT :]
            pose = change_pose(pose, _mirror_rotations if mirrored else lambda matrices: matrices)  # Unit vectors.
            part.append(torch.cat([pose, contact[:, MIRRORED_FEET] if mirrored else contact], 1))
    predictions = []
    for observation, (_, rotations, positions, rest), part in zip(observations, people, parts, strict=True):
        mean, valid = torch.stack(part).mean(0), observation.valid
        pose, contacts = mean[:, : 6 * BODY_JOINT_COUNT], mean[:, 6 * BODY_JOINT_COUNT :]
        pose = change_pose(pose, lambda matrices, valid=valid: inertialize_gaps(matrices, valid))
        local, translation, _, _ = to_world(pose, rotations[:, 0], positions[:, 0], rest)
        predictions.append(Prediction(local, translation, contacts))
    return predictions


def _mirror_image(
    observation: Observation, rest: torch.Tensor, device: torch.device | str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (T, F) and rest joints (22, 3) of the mirror image of an observation."""
    flipped = rest[list(MIRRORED[:BODY_JOINT_COUNT])] * rest.new_tensor([-1.0, 1.0, 1.0])
    seen, _, _, person = observed_features(observation.mirrored(), flipped.cpu().numpy(), device)
    return seen, person


def _mirror_rotations(rotations: torch.Tensor) -> torch.Tensor:
    """Local rotations (..., 22, 3, 3) of the mirror image."""
    return mirror_motion(rotations, rotations.new_zeros(3), MIRRORED)[0]


def _part_of(progress: Progress, number: int, count: int) -> Progress:
    """``progress`` of one of several equal parts."""
    return lambda fraction, stage: progress((number + fraction) / count, stage)


def _predict_windows(
    sage: Sage,
    people: Sequence[tuple[torch.Tensor, torch.Tensor]],
    sampling: Sampling,
    window: int | None,
    overlap: float,
    refine: bool,
    progress: Progress | None,
    half: bool,
) -> list[torch.Tensor]:
    """6D poses in the heading frame and contacts (T, 22 * 6 + 4) by one network, its windows blended.

    ``people``: features (T, F) and rest joints (22, 3) of each; the others as for ``predict_all``.
    """
    device = people[0][0].device
    padded = [torch.cat([seen, seen[-1:].expand(len(seen) % 2, -1)]) for seen, _ in people]
    noise = [_start_noise(sampling, len(seen) // 2, sage.latent_size, device) for seen in padded]
    unit_rest = torch.stack([rest / body_size(rest) for _, rest in people])

    def forward(places: Places, window: int) -> torch.Tensor:
        tokens = [own[:, s // 2 : (s + window) // 2] for i, s in places if (own := noise[i]) is not None]
        windows = torch.stack([padded[i][s : s + window] for i, s in places])
        rest = unit_rest[[i for i, _ in places]]
        with torch.autocast(device.type, HALF_PRECISION, enabled=half):
            pose, contacts = sage(windows, rest, sampling, torch.stack(tokens, 1) if tokens else None, refine)
        return torch.cat([pose.float(), contacts.float().sigmoid()], -1)

    window = window or offline_window(sage)
    counts, step = [len(seen) for seen in padded], window_step(window, overlap)
    blended = blend_sequences(counts, window, step, forward, WINDOWS_PER_BATCH, progress, STAGE, device=device)
    return [of_person[: len(seen)] for of_person, (seen, _) in zip(blended, people, strict=True)]


def offline_window(sage: Sage) -> int:
    """Frames of a window of ``predict``; even."""
    return 2 * round(sage.config.window * OFFLINE_STRETCH / 2)


def change_pose(pose: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """6D rotations (..., 22 * 6) after ``change`` of them as matrices (..., 22, 3, 3)."""
    return matrix_to_sixd(change(sixd_to_matrix(pose.unflatten(-1, (BODY_JOINT_COUNT, 6))))).flatten(-2)


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
