"""Where the floor under a person has other heights: steps, boxes, obstacles, found from head and hands (numpy only).

A hidden Markov model (Rabiner 1989): the ground under the person has one of ``LEVELS``, and while they go on it may
change. The head joint's height over the ground is distributed as the networks of ``posture`` say of these movements.
A recording is on levels if these explain it far better than a flat floor does and, where the person's height is not
known, if the lowest of them is walked on: who sits down and stands up goes nowhere in the meantime.

The numbers below were chosen on the training motion, of which some people climb a playground and most walk on a floor.
"""

from dataclasses import dataclass

import numpy as np

from ..body import Body
from ..geometry.filters import gaussian_smooth
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import ROLES
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.resample import frame_count, resample
from . import posture
from .calibration import Calibration, joint_pose
from .posture import FLIGHT, FPS, INDEPENDENT_FRAMES, LIFT, LOWEST_HEAD, OUTLIERS, STRIDE, PostureNetworks

LEVELS = np.concatenate([[0.0], np.arange(0.06, 0.60, 0.04)])
"""Metres above the floor: lower steps are not told from postures, higher ones not climbed in a step or two."""
KNOWN_LEVELS = np.concatenate([LEVELS[:1], np.arange(LEVELS[1], 3.0, LEVELS[2] - LEVELS[1])])
"""The same of somebody whose height is known: who climbs stairs goes higher."""
HIGHEST_STEP = 0.40
"""Metres from one level to the next at most."""
STEPS_PER_METRE = 0.8
"""How often the ground changes under somebody who goes, where it changes."""
ON_FLOOR, STARTS_ON_FLOOR = 0.3, 0.5
"""Part of the levels gone to that are the floor itself, and probability that a recording begins there."""
INDEPENDENT = 2.5
"""Independent looks at a posture in a second."""
UNEVEN_STD = 0.015
"""How much more, as a logarithm, the head's height varies on levels than on a floor: nobody climbs as they walk."""
LEAST_EVIDENCE = 8.0
"""Nats by which levels explain a recording better than the floor does before they are believed."""
WALKING, LEAST_WALKED = 0.3, 1.0
"""Metres a second of somebody who walks, and metres that are walked on the floor between the steps, at least."""
PATH_SMOOTHING = 3.0
"""Standard deviation in described frames of the smoothing of the head's path: swaying is not going."""
LOWEST_RAISED = LEVELS[1] / 2
MOST_CELLS = 22000
"""Frames times heights of a person that are compared at most: of longer recordings frames are left out."""
GRID_START, GRID_STEP, GRID_SIZE = -0.9, 0.01, 181
"""Logarithms of the head's height over the rest pose's for which densities are tabulated."""
GRID = GRID_START + GRID_STEP * np.arange(GRID_SIZE)
SHORTEST_STAY = 0.4
"""Seconds: what is shorter is on the way from one level to another, or no level at all."""
SAME_LEVEL = 0.03
"""Metres by which stays differ at most that are on the same thing."""


@dataclass(frozen=True)
class FloorStretches:
    """S stretches of time with a floor each, lasting until the next: ``starts`` (S,) in the recording's seconds, the
    first where it begins; ``heights`` (S,) in metres above the calibration's floor. Short ones between a lower and a
    higher one are steps on the way."""

    starts: np.ndarray
    heights: np.ndarray


@dataclass(frozen=True)
class Ground:
    """Its ``heights`` (T',) in metres above the floor in described frames, and the logarithms (H,) of the likelihood of
    how high the person's head is in the rest pose, of no more than ``posture.INDEPENDENT_FRAMES``."""

    heights: np.ndarray
    log_likelihood: np.ndarray


def find_stretches(
    recording: ModelFrameRecording, body: Body, calibration: Calibration, networks: PostureNetworks | None = None
) -> FloorStretches:
    """The ``FloorStretches`` of a recording whose person, floor and devices ``calibration`` tells: one of height 0
    where no levels are found. A height is right to about 5 cm."""
    regular = regular_frames(recording)
    seen, turns, heads, hands = described_frames(regular, calibration)
    flat = FloorStretches(regular.time[:1].copy(), np.zeros(1))
    if not seen.any():
        return flat
    inputs = posture.describe(turns, heads, hands)[seen]
    head = np.log([float(body.head_height(calibration.betas))])
    found = find_ground(inputs, heads[::STRIDE][seen], head, np.zeros(1), networks, KNOWN_LEVELS)
    if found is None:
        return flat
    times = regular.time[::STRIDE][seen]
    times[0] = regular.time[0]
    starts, heights = _stretches(times, found.heights)
    return FloorStretches(times[starts], heights)


def _stretches(times: np.ndarray, ground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First frames (S,) and heights (S,) of the stretches of a ``ground`` (T',) in metres at ``times`` (T',)."""
    nearest = np.abs(ground[:, None] - KNOWN_LEVELS).argmin(1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(nearest)) + 1])
    on = nearest[starts]
    lasting = np.diff(times[starts], append=times[-1]) >= SHORTEST_STAY
    climbing = np.zeros(len(on), bool)
    climbing[1:-1] = np.diff(on)[:-1] * np.diff(on)[1:] > 0
    lasting[0] = True
    kept = lasting | climbing
    starts, lasting = starts[kept], lasting[kept]
    heights = np.array([np.median(stay) for stay in np.split(ground, starts[1:])])
    seconds = np.diff(times[starts], append=times[-1])
    heights[lasting] = _together(heights[lasting], seconds[lasting])
    heights[heights < LOWEST_RAISED] = 0.0
    new = np.concatenate([[True], np.diff(heights) != 0])
    return starts[new], heights[new]


def _together(heights: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Heights (S,) of stays of so many ``seconds`` (S,), those that are on the same thing at their mean height."""
    order, same = np.argsort(heights, kind="stable"), np.empty_like(heights)
    first = 0
    for last in range(1, len(order) + 1):
        if last == len(order) or heights[order[last]] - heights[order[first]] > SAME_LEVEL:
            some = order[first:last]
            same[some] = np.average(heights[some], weights=seconds[some] + 1e-9)
            first = last
    return same


def regular_frames(recording: ModelFrameRecording) -> ModelFrameRecording:
    """A recording at 60 Hz, of ``posture.STRIDE`` frames at least."""
    return resample(recording, FPS, count=max(frame_count(recording.duration, FPS), STRIDE))


def described_frames(
    regular: ModelFrameRecording, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What ``posture.describe`` asks for of ``regular_frames``: which of the described frames (T',) show a head well
    above the floor, the head's turns (T, 3, 3), its joint (T, 3) and the wrists (T, 2, 3), NaN where one is not seen,
    metres above the calibration's floor in the model's frame."""
    rotations, heads = joint_pose(regular.tracks["head"], calibration, "head")
    hands = np.full((len(heads), 2, 3), np.nan)
    for side, role in enumerate(ROLES[1:]):
        if role in regular.tracks:
            _, wrist = joint_pose(regular.tracks[role], calibration, role)
            hands[:, side] = np.where(regular.tracks[role].valid[:, None], wrist, np.nan)
    seen = (regular.tracks["head"].valid & (heads[:, 1] > LOWEST_HEAD))[::STRIDE]
    return seen, quaternion_to_matrix(rotations), heads, hands


def find_ground(
    inputs: np.ndarray,
    heads: np.ndarray,
    rest: np.ndarray,
    log_prior: np.ndarray,
    networks: PostureNetworks | None = None,
    levels: np.ndarray = LEVELS,
) -> Ground | None:
    """The ``Ground`` under a person in described frames; None where a flat floor explains them. It has one of
    ``levels`` (L,) metres, the first of them 0.

    ``inputs`` (T', 12) of ``posture.describe``, the head joint ``heads`` (T', 3) in metres; the person's head is as
    high in the rest pose as one of ``rest`` (H,), logarithms of metres, with the logarithms ``log_prior`` (H,) of
    these heights' probabilities.
    """
    held = np.flatnonzero(inputs[:, LIFT] > FLIGHT)
    if not len(held):
        return None
    way = np.linalg.norm(np.diff(gaussian_smooth(heads[:, [0, 2]], PATH_SMOOTHING), axis=0), axis=-1)
    gone = np.concatenate([[0.0], np.cumsum(way)])
    skip = 1 + len(held) * len(rest) // MOST_CELLS
    few = held[::skip]
    table = _tabulated(inputs[few], networks or posture.load_networks())
    weight = min(1.0, INDEPENDENT * skip * STRIDE / FPS)
    density = weight * _log_density(_widened(table), heads[few, 1], rest, levels)
    flat = weight * _log_density(table, heads[few, 1], rest, levels[:1])[:, :, 0].sum(0)
    flat = np.maximum(flat, density[:, :, 0].sum(0)) + log_prior
    changes = 1 - np.exp(-STEPS_PER_METRE * np.diff(gone[few], prepend=gone[few[0]]))
    moves = _moves(levels)
    beliefs, likelihood = _forward(density, changes, moves)
    stepped = likelihood + log_prior
    if np.logaddexp.reduce(stepped) - np.logaddexp.reduce(flat) < LEAST_EVIDENCE:
        return None
    best = int(stepped.argmax())
    ground = _smoothed(beliefs[:, best], density[:, best], changes, moves, levels)
    ground = np.interp(np.arange(len(inputs)), few, ground)
    walked = way[(way * FPS / STRIDE > WALKING) & (ground[1:] < LOWEST_RAISED)].sum()
    if np.ptp(ground) < LOWEST_RAISED or (len(rest) > 1 and walked < LEAST_WALKED):
        return None
    return Ground(ground, min(1.0, INDEPENDENT_FRAMES / (weight * len(few))) * likelihood)


def _tabulated(inputs: np.ndarray, networks: PostureNetworks) -> np.ndarray:
    """Densities (T', G) at ``GRID`` of the logarithm of the head's height over the rest pose's."""
    mean, log_std, log_weight = (part.astype(np.float32) for part in networks.mixture(inputs))
    density = np.full((len(inputs), GRID_SIZE), OUTLIERS, np.float32)
    grid, inverse, height = GRID.astype(np.float32), np.exp(-log_std), log_weight - log_std - 0.5 * np.log(2 * np.pi)
    for part in range(mean.shape[1]):
        density += np.exp(height[:, part, None] - 0.5 * ((grid - mean[:, part, None]) * inverse[:, part, None]) ** 2)
    return density


def _widened(table: np.ndarray) -> np.ndarray:
    """Densities (T', G) of the same, varying by ``UNEVEN_STD`` more."""
    return gaussian_smooth(table.T, UNEVEN_STD / GRID_STEP).T


def _log_density(table: np.ndarray, heights: np.ndarray, rest: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Logarithms (T', H, L) of a ``table``'s densities of heads at ``heights`` (T',) on levels (L,) of people (H,)."""
    above = np.log(np.maximum(heights[:, None] - levels, LOWEST_HEAD))
    place = np.clip((above[:, None] - rest[:, None] - GRID_START) / GRID_STEP, 0, GRID_SIZE - 1.001).astype(np.float32)
    first = place.astype(np.int32)
    later = place - first
    first += (GRID_SIZE * np.arange(len(heights), dtype=np.int32))[:, None, None]
    flat = np.log(table).ravel()
    return flat[first] * (1 - later) + flat[first + 1] * later


def _moves(levels: np.ndarray) -> np.ndarray:
    """Probabilities (L, L) of where somebody goes who leaves one of ``levels`` (L,) for another."""
    share = np.full(len(levels), (1 - ON_FLOOR) / (len(levels) - 1))
    share[0] = ON_FLOOR
    moves = (np.abs(levels[:, None] - levels) <= HIGHEST_STEP) * share
    return moves / moves.sum(1, keepdims=True)


def _forward(density: np.ndarray, changes: np.ndarray, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beliefs (T', H, L) in levels by all frames so far, and the logarithms (H,) of the likelihood of all, from log
    densities (T', H, L), the probability (T',) that a level was left since the frame before, and ``_moves``."""
    belief = np.full(density.shape[1:], (1 - STARTS_ON_FLOOR) / (density.shape[2] - 1))
    belief[:, 0] = STARTS_ON_FLOOR
    beliefs, likelihood = np.empty(density.shape), np.zeros(density.shape[1])
    for frame, now in enumerate(density):
        if frame:
            belief = (1 - changes[frame]) * belief + changes[frame] * (belief @ moves)
        most = now.max(-1, keepdims=True)
        belief = belief * np.exp(now - most)
        total = belief.sum(-1, keepdims=True)
        belief /= total
        beliefs[frame] = belief
        likelihood += (np.log(total) + most)[:, 0]
    return beliefs, likelihood


def _smoothed(
    beliefs: np.ndarray, density: np.ndarray, changes: np.ndarray, moves: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """The expected one of ``levels`` (L,) by all frames, (T',), from ``_forward``'s beliefs (T', L) and what it got."""
    later = np.ones(len(levels))
    expected = np.empty(len(beliefs))
    for frame in range(len(beliefs) - 1, -1, -1):
        belief = beliefs[frame] * later
        expected[frame] = belief @ levels / belief.sum()
        later = later * np.exp(density[frame] - density[frame].max())
        later /= later.sum()
        later = (1 - changes[frame]) * later + changes[frame] * (moves @ later)
    return expected
