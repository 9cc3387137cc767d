"""Draw takes of motion capture from head and hands alone, and show how they lie about the truth.

Of each clip the mean motion and some takes are found, by SAGE with unit noise as in training and with that of takes,
and refined with the latter. Means are over clips; what the columns are: ``COLUMNS``. In a second table the left hand is
lost for the middle ``GAP_SECONDS``, and its arm is looked at there.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ...model_core.evaluation.methods import observe_truth
from ...model_core.evaluation.metrics import foot_skate, mean_jerk, true_contacts
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.skeleton import ANKLES, ELBOWS, HEAD, KNEES, TOES, WRISTS
from ...model_core.mocap.clips import Clip, load_clips
from ...model_core.observation import FPS, Observation
from ...model_core.pipeline import Networks, Options, load_networks, solve_pose
from ...model_core.pipeline.takes import TAKE, predict_takes
from ...model_core.refinement.initial_motion import BodyMotion
from ...model_core.sage.model import MEAN, Sampling
from ..support.arguments import command_parser
from ..support.checkout import WORK

TAKES = 5
DRAWN = {"white noise 1.0": Sampling(TAKE.steps, 1.0), "as takes": TAKE}
"""Ways to draw: as in training, and as takes are."""
GAP_SECONDS = 2.0
LEGS, LEFT_ARM, SEEN = (*KNEES, *ANKLES, *TOES), (ELBOWS[0], WRISTS[0]), (HEAD, *ELBOWS, *WRISTS)
CM = 100.0
COLUMNS = {
    "mean": "cm, error of the mean motion",
    "take": "cm, error of a take",
    "best": "cm, error of that take of a clip that is nearest to the truth",
    "spread": "cm, root mean square distance of takes from their average",
    "skill": "error of the takes' average over their spread: 1 where they lie about the truth as often as it is true",
    "outside": "% of coordinates in which the truth is beyond all takes; expected by chance: 2 in takes + 1",
    "seen": "cm by which head, elbows and wrists differ from the mean motion's",
    "skate": "cm/s of true contacts, of a take over the mean motion's",
    "jitter": "of a take over the mean motion's",
}


@dataclass(frozen=True)
class Found:
    """Joints in metres of the truth and the mean motion (T, 22, 3), and of takes (N, T, 22, 3)."""

    truth: np.ndarray
    mean: np.ndarray
    takes: np.ndarray


def run(arguments: list[str]) -> int:
    """Draw takes of each clip, print tables."""
    parser = command_parser("simulate takes", __doc__)
    parser.add_argument("clips", nargs="?", type=Path, default=WORK / "data" / "motion" / "val.npz",
                        metavar="CLIPS.npz", help="by default val")  # fmt: skip
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="from this clip on, counted from 0")
    parser.add_argument("--takes", type=int, default=TAKES, metavar="N", help=f"of each clip, {TAKES}")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="of each clip, 10; shorter clips are left out"
    )
    options = parser.parse_args(arguments)
    networks, count = load_networks(), round(options.seconds * FPS)
    clips = [clip for clip in load_clips(options.clips) if len(clip) >= count][options.first :: options.every]
    rows: dict[str, list[dict[str, float]]] = {}
    for number, clip in enumerate(clips, start=1):
        for name, row in rows_of(clip, count, options.takes, networks).items():
            rows.setdefault(name, []).append(row)
        print("\n".join([f"{options.clips.name}: {number} of {len(clips)} clips", *table(rows)]), flush=True)
    print("\n".join(f"{name}: {what}" for name, what in COLUMNS.items()))
    return 0


def rows_of(clip: Clip, count: int, takes: int, networks: Networks) -> dict[str, dict[str, float]]:
    """The numbers of ``COLUMNS`` of the first ``count`` frames of a clip, by how its takes are drawn."""
    rows, contacts = {}, true_contacts(clip.world()[1][:count], clip.rest_joints, clip.sole)
    seen = observe_truth(clip).first(count)
    for name, sampling in DRAWN.items():
        found = draw_with_sage(clip, seen, sampling, takes, networks)
        rows[f"legs, SAGE alone, {name}"] = numbers(found, LEGS, contacts)
    solved = [solve_pose(seen, clip.rest_joints, Options(take=take), networks) for take in range(takes + 1)]
    found = found_of(clip, [joints_of(motion, clip) for motion in solved])
    rows["legs, refined, as takes"] = numbers(found, LEGS, contacts)
    lost, gap = with_gap(seen)
    for name, sampling in DRAWN.items():
        found = draw_with_sage(clip, lost, sampling, takes, networks)
        part = Found(found.truth[gap], found.mean[gap], found.takes[:, gap])
        rows[f"arm of a lost hand, {name}"] = numbers(part, LEFT_ARM, contacts[gap][: GAP_FRAMES - 1])
    return rows


GAP_FRAMES = round(GAP_SECONDS * FPS)


def with_gap(seen: Observation) -> tuple[Observation, slice]:
    """The observation with the left hand lost in its middle, and the frames of that."""
    begin = (seen.frame_count - GAP_FRAMES) // 2
    gap, valid = slice(begin, begin + GAP_FRAMES), seen.valid.copy()
    valid[gap, 1] = False
    return replace(seen, valid=valid), gap


def draw_with_sage(clip: Clip, seen: Observation, sampling: Sampling, takes: int, networks: Networks) -> Found:
    """SAGE's mean motion and takes, unrefined."""
    drawn = [
        predict_takes(networks.sage, [seen], [clip.rest_joints], drawn)[0]
        for drawn in (MEAN, *(replace(sampling, seed=take) for take in range(1, takes + 1)))
    ]
    return found_of(clip, [joints_of(motion, clip) for motion in drawn])


def found_of(clip: Clip, motions: list[np.ndarray]) -> Found:
    """``Found`` of a mean motion and the takes after it."""
    return Found(clip.world()[1][: len(motions[0])], motions[0], np.stack(motions[1:]))


def joints_of(motion: BodyMotion, clip: Clip) -> np.ndarray:
    """Joints (T, 22, 3) of a motion of a clip's person, metres."""
    rest = torch.as_tensor(clip.rest_joints).double()
    return forward_kinematics(motion.rotations.cpu().double(), motion.translation.cpu().double(), rest)[1].numpy()


def numbers(found: Found, joints: tuple[int, ...], contacts: np.ndarray) -> dict[str, float]:
    """The numbers of ``COLUMNS``, of some ``joints``; ``contacts`` (T - 1, 4) as in ``true_contacts``."""
    some = list(joints)
    truth, mean, takes = found.truth[:, some], found.mean[:, some], found.takes[:, :, some]
    count, average = len(takes), takes.mean(0)
    errors = [CM * np.linalg.norm(take - truth, axis=-1).mean() for take in takes]
    spread = np.sqrt(((takes - average) ** 2).sum(-1).sum(0).mean() / max(count - 1, 1))
    # The average of N takes is itself off by a spread over the root of N.
    skill = np.sqrt(((average - truth) ** 2).sum(-1).mean() / (1 + 1 / count)) / max(spread, 1e-9)
    outside = (truth > takes.max(0)) | (truth < takes.min(0))
    seen, whole = list(SEEN), found.takes
    return {
        "mean": CM * float(np.linalg.norm(mean - truth, axis=-1).mean()),
        "take": float(np.mean(errors)),
        "best": float(np.min(errors)),
        "spread": CM * float(spread),
        "skill": float(skill),
        "outside": 100 * float(outside.mean()),
        "seen": CM * float(np.linalg.norm(whole[:, :, seen] - found.mean[:, seen], axis=-1).mean()),
        "skate": float(np.mean([foot_skate(take, contacts) for take in whole])) / max(
            foot_skate(found.mean, contacts), 1e-9),
        "jitter": float(np.mean([mean_jerk(take) for take in whole])) / mean_jerk(found.mean),
    }  # fmt: skip


def table(rows: dict[str, list[dict[str, float]]]) -> list[str]:
    """Lines of what was found: a line for each way to draw takes, means over clips."""
    lines = [f"{'':<36}" + "".join(f"{name:>10}" for name in COLUMNS)]
    for name, found in rows.items():
        lines.append(f"{name:<36}" + "".join(f"{np.mean([row[column] for row in found]):10.2f}" for column in COLUMNS))
    return lines
