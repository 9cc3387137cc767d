"""One hand missing for two seconds: does the body jump at the dropout's edges, freeze in it, or lose its legs?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...model_core.evaluation.methods import METHODS, Predicted, observe_truth, scored_joints
from ...model_core.evaluation.metrics import LOWER, joint_errors, velocity
from ...model_core.geometry.skeleton import LEFT_WRIST, RIGHT_WRIST, TRACKED_JOINTS
from ...model_core.mocap.clips import Clip
from ...model_core.observation import FPS
from ...model_core.pipeline import Networks
from ...model_core.progress import Progress

Rows = list[dict[str, Any]]
"""What was measured, a dict a dropout."""

DROPOUT_FRAMES = round(2 * FPS)
EDGE_FRAMES = round(FPS / 2)
"""Frames before and after an edge in which a joint may not be fast."""
FASTEST = 6.0
"""Metres a second: a joint that is faster, where the true one is not, has jumped."""
TINY = 1e-9
"""Centimetres: the error of a method that knows the truth is no divisor."""
ARMS = {LEFT_WRIST: (18, LEFT_WRIST), RIGHT_WRIST: (19, RIGHT_WRIST)}
FROZEN, STILL = 0.1, 0.05
"""A body is frozen that moves at less than this share of its speed with both hands seen, where that is more than so
many metres a second."""


def measure_dropouts(networks: Networks, clips: Sequence[Clip], method: str, progress: Progress | None = None) -> Rows:
    """Lose each hand of each clip in turn for two seconds in its middle; clips too short for it are left out.

    Returns a dict a dropout: ``clip``, ``hand``; ``fastest`` of all joints near the edges whose true ones keep below
    ``FASTEST``, in m/s, and ``fastest_seen``, the same with both hands seen; ``speed``, ``speed_seen`` and
    ``speed_true``, the mean of all joints in the dropout, ``arm`` and ``arm_true``, of the lost elbow and wrist;
    ``lower`` and ``lower_seen``, the legs' error in cm.
    """
    rows = []
    long_enough = [clip for clip in clips if len(clip) >= DROPOUT_FRAMES + 2 * EDGE_FRAMES]
    for number, clip in enumerate(long_enough):
        if progress:
            progress(number / len(long_enough), f"{method}, one hand missing: {clip.name}")
        start = (len(clip) - DROPOUT_FRAMES) // 2
        dropout = slice(start, start + DROPOUT_FRAMES)
        true = clip.world()[1]
        seen = _joints(networks, clip, method, np.ones((len(clip), 3), bool))
        for tracker, wrist in enumerate(TRACKED_JOINTS[1:], start=1):
            valid = np.ones((len(clip), 3), bool)
            valid[dropout, tracker] = False
            lost = _joints(networks, clip, method, valid)
            rows.append({"clip": clip.name, "hand": tracker} | _row(lost, seen, true, dropout, list(ARMS[wrist])))
    return rows


def _joints(networks: Networks, clip: Clip, method: str, valid: np.ndarray) -> np.ndarray:
    found = METHODS[method](networks, clip, observe_truth(clip, valid))
    return scored_joints(method, Predicted(found.rotations.cpu().numpy(), found.translation.cpu().numpy()), clip)


def _row(lost: np.ndarray, seen: np.ndarray, true: np.ndarray, dropout: slice, arm: list[int]) -> dict[str, float]:
    speeds = {"": speed(lost), "_seen": speed(seen), "_true": speed(true)}
    ends = dropout.start, dropout.stop
    edges = np.concatenate([np.arange(end - EDGE_FRAMES, end + EDGE_FRAMES) for end in ends])
    edges = edges[(edges >= 0) & (edges < len(true) - 1)]
    slow = speeds["_true"][edges].max(0) < FASTEST
    row = {f"fastest{kind}": float(speeds[kind][edges][:, slow].max()) for kind in ("", "_seen")}
    row |= {f"speed{kind}": float(values[dropout.start : dropout.stop - 1].mean()) for kind, values in speeds.items()}
    row |= {f"arm{kind}": float(speeds[kind][dropout.start : dropout.stop - 1, arm].mean()) for kind in ("", "_true")}
    legs = dropout, list(LOWER)
    row |= {f"lower{kind}": float(joint_errors(j[legs[0]], true[legs[0]])[:, legs[1]].mean())
            for kind, j in {"": lost, "_seen": seen}.items()}  # fmt: skip
    return row


def speed(joints: np.ndarray) -> np.ndarray:
    """Metres a second (T - 1, J) of joint positions (T, J, 3)."""
    return np.linalg.norm(velocity(joints), axis=-1)


def summarise(rows: Rows) -> dict[str, float]:
    """What the dropouts of one method show together: counts, the worst, and ratios of means."""
    mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name not in ("clip", "hand")}
    jumped = [row for row in rows if row["fastest"] > FASTEST]
    frozen = [row for row in rows if row["speed_seen"] > STILL and row["speed"] < FROZEN * row["speed_seen"]]
    return {
        "dropouts": len(rows),
        "jumps": len(jumped),
        "jumps_of_the_dropout": sum(row["fastest_seen"] <= FASTEST for row in jumped),
        "fastest": max(row["fastest"] for row in rows),
        "fastest_seen": max(row["fastest_seen"] for row in rows),
        "frozen": len(frozen),
        "speed": mean["speed"] / mean["speed_true"],
        "arm": mean["arm"] / mean["arm_true"],
        "lower": mean["lower"],
        "lower_seen": mean["lower_seen"],
        "lower_rise": mean["lower"] / max(mean["lower_seen"], TINY) - 1,
    }


def describe(method: str, summary: dict[str, float]) -> str:
    """Lines for a terminal."""
    return "\n".join([
        f"{method}: one hand missing for two seconds, {summary['dropouts']} dropouts",
        f"  joints over {FASTEST:.0f} m/s near an edge where the true ones are not: in {summary['jumps']} dropouts, "
        f"{summary['jumps_of_the_dropout']} of them only because of the dropout; fastest {summary['fastest']:.1f} m/s, "
        f"{summary['fastest_seen']:.1f} with both hands seen",
        f"  frozen: {summary['frozen']} dropouts; in one the body moves at {100 * summary['speed']:.0f} % of the true "
        f"speed, the lost arm at {100 * summary['arm']:.0f} %",
        f"  lower PE in the dropout {summary['lower']:.2f} cm, {summary['lower_seen']:.2f} with both hands seen: "
        f"{100 * summary['lower_rise']:+.1f} %",
    ])  # fmt: skip
