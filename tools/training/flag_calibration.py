"""Calibrate FLAG's uncertainty, so that its number means metres of error, and say how well it then does."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata

from ...model_core.errors import InputError
from ...model_core.evaluation.methods import METHODS, observe_truth
from ...model_core.flag.evidence import gather_evidence
from ...model_core.flag.model import HAND_STATES, Flag, load_flag, save_flag
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, LEFT_WRIST, RIGHT_WRIST
from ...model_core.mocap.clips import Clip, load_clips
from ...model_core.observation import Observation
from ...model_core.pipeline import Networks
from ...model_core.progress import Progress
from ...model_core.refinement.uncertainty import calibrate, draw_noise, fit_calibration, hand_states, sample_sigma
from ...model_core.sage.ensemble import load_ensemble

SAMPLES = 16
EVERY = 4
"""One frame in so many is used: neighbours say the same."""
LEAST = 1e-3
"""Metres below which an expected error is not believed: refined heads and hands are exact."""
LEVELS = (0.5, 0.9)
"""Fractions of the errors that the reported intervals are meant to cover."""


def calibrate_weights(
    path: Path, data: Path, method: str, every: int = 1, progress: Progress | None = None
) -> dict[str, str | float]:
    """Calibrate the weights at ``path`` on the validation clips and write them back; the report on validation and test.

    ``data`` is the folder of val.npz and test.npz; ``method`` whose errors count; ``every`` n-th clip is used.
    """
    flag = load_flag(path)
    networks = Networks(load_ensemble(), flag, "cpu")
    numbers: dict[str, str | float] = {"method": method}
    for split in ("val", "test"):
        clips = list(load_clips(data / f"{split}.npz"))[::every]
        found = sigma_and_error(networks, clips, method, progress)
        if split == "val":
            fit(flag, *found)
        numbers |= {f"{split}_{name}": value for name, value in report(flag, *found).items()}
    save_flag(path, flag)
    return numbers


def observe_with_drops(clip: Clip) -> list[Observation]:
    """Two observations of a clip: all valid; and the left hand lost, both, the right one, none, a quarter each."""
    dropped = np.ones((len(clip), 3), bool)
    quarter = len(clip) // 4
    dropped[: 2 * quarter, 1] = False
    dropped[quarter : 3 * quarter, 2] = False
    return [observe_truth(clip), observe_truth(clip, dropped)]


@torch.no_grad()
def sigma_and_error(
    networks: Networks, clips: Sequence[Clip], method: str, progress: Progress | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Uncalibrated std and true error (N, 22) in metres of every joint, over frames of ``clips``; which trackers
    were seen (N, 3); weights (N,).

    The error is that of ``method`` (a name in ``evaluation.METHODS``), what the user gets. Every person counts alike,
    however long they were captured: the weights, which sum to 1, see to it.
    """
    flag = networks.flag
    like = flag.pose.scale
    noise = draw_noise(SAMPLES, like)
    sigmas, errors, valid, people = [], [], [], []
    for number, clip in enumerate(clips):
        rest = torch.from_numpy(clip.rest_joints).to(like)
        truth = torch.from_numpy(clip.world()[1]).to(like)
        for observation in observe_with_drops(clip):
            found = METHODS[method](networks, clip, observation)
            _, joints = forward_kinematics(found.rotations.to(like), found.translation.to(like), rest)
            errors.append((joints - truth).norm(dim=-1)[::EVERY])
            people += [clip.meta.get("subject", 0)] * len(errors[-1])
            seen = [
                torch.from_numpy(values[::EVERY]).to(like)
                for values in (observation.rotations, observation.positions, observation.valid)
            ]
            valid.append(seen[2])
            evidence = gather_evidence(flag, *seen, rest_joints=rest)
            sigmas.append(
                sample_sigma(flag, evidence, noise, lambda r, t, rest=rest: forward_kinematics(r, t, rest)[1])
            )
        if progress is not None:
            progress((number + 1) / len(clips), f"calibrating on {clip.name}")
    _, person, frames = np.unique(people, return_inverse=True, return_counts=True)
    weight = torch.from_numpy(1 / frames[person] / len(frames)).to(like)
    return torch.cat(sigmas), torch.cat(errors), torch.cat(valid), weight


def fit(flag: Flag, sigma: torch.Tensor, error: torch.Tensor, valid: torch.Tensor, weight: torch.Tensor) -> None:
    """Store every joint's gain and offset, by which hands are lost, and the factors of the intervals, in the model."""
    states = hand_states(valid)
    for state in range(HAND_STATES):
        here = states == state
        if not here.any():
            raise InputError(f"calibration: the clips have too few frames to lose hands in, need {HAND_STATES * EVERY}")
        gain, offset = fit_calibration(sigma[here], error[here], weight[here] / weight[here].sum())
        flag.uncertainty_gain[state], flag.uncertainty_offset[state] = gain, offset
    ratio, order = (error / _expected(flag, sigma, valid)).flatten().sort()
    covered = weight.repeat_interleave(sigma.shape[1])[order].cumsum(0) / sigma.shape[1]
    factors = [ratio[int((covered < level).sum().clamp_max(len(ratio) - 1))] for level in LEVELS]
    flag.uncertainty_interval.copy_(torch.stack(factors))


def rank_correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    """Spearman's, of two tensors (N,)."""
    return float(np.corrcoef(rankdata(a.numpy()), rankdata(b.numpy()))[0, 1])


def report(
    flag: Flag, sigma: torch.Tensor, error: torch.Tensor, valid: torch.Tensor, weight: torch.Tensor
) -> dict[str, float]:
    """Numbers for the log and the card: rank correlation of std and of expected error with the true error, over all
    joints and frames, and of frames' means; mean expected and mean true error in centimetres, of all joints, of seen
    wrists and of lost ones; coverage of intervals."""
    expected = _expected(flag, sigma, valid)
    lost = valid[:, 1:] <= 0
    numbers = {
        "rank_before": rank_correlation(sigma.flatten(), error.flatten()),
        "rank_after": rank_correlation(expected.flatten(), error.flatten()),
        "rank_of_frames": rank_correlation(expected.mean(1), error.mean(1)),
        "expected_cm": 100 * float(weight @ expected.mean(1)),
        "error_cm": 100 * float(weight @ error.mean(1)),
    }
    for name, wrists in (("seen_wrist", ~lost), ("lost_wrist", lost)):
        fraction = weight[:, None] * wrists / (weight[:, None] * wrists).sum()
        for kind, values in (("expected", expected), ("error", error)):
            numbers[f"{name}_{kind}_cm"] = 100 * float((fraction * values[:, [LEFT_WRIST, RIGHT_WRIST]]).sum())
    for level, factor in zip(LEVELS, flag.uncertainty_interval, strict=True):
        numbers[f"coverage_{level:.0%}"] = float(weight @ (error <= factor * expected).float().mean(1))
    return numbers


def _expected(flag: Flag, sigma: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Expected error (N, 22) in metres, at least ``LEAST``."""
    return calibrate(flag, sigma, torch.eye(BODY_JOINT_COUNT).to(sigma), valid).clamp_min(LEAST)
