"""Draw takes of motion capture from head and hands alone, and show how they lie about the truth.

Of each clip the mean motion and some takes are found, by SAGE with unit noise as in training and with that of takes,
and refined with the latter. Means are over clips; what the columns are: ``COLUMNS``. In a second table the left hand is
lost for the middle ``GAP_SECONDS``, and its arm is looked at there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ...model_core.evaluation.methods import observe_truth
from ...model_core.evaluation.metrics import foot_skate, mean_jerk, true_contacts
from ...model_core.evaluation.plausibility import LIMITS, plausibility
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
    "skate": "cm/s of ankles and toes of a take while the true ones stand, slides and steps alike",
    "skate_0": "the same of the mean motion",
    "slide": f"{LIMITS['still_sliding'].what}, of a take",
    "slide_0": "the same of the mean motion",
    "jitter": "of a take over the mean motion's",
}


@dataclass(frozen=True)
class Found:
    """The true joints (T, 22, 3) of a clip in metres, and those of its mean motion and, (N, T, 22, 3), of takes."""

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
    rows, seen = {}, observe_truth(clip).first(count)
    found: dict[str, Sequence[BodyMotion]] = {
        f"SAGE alone, {name}": draw_with_sage(clip, seen, sampling, takes, networks) for name, sampling in DRAWN.items()
    }
    found["refined, as takes"] = [
        solve_pose(seen, clip.rest_joints, Options(take=take), networks) for take in range(takes + 1)
    ]
    for name, motions in found.items():
        rows[f"legs, {name}"] = numbers(found_of(clip, motions), LEGS) | numbers_of_feet(clip, motions)
    lost, gap = with_gap(seen)
    for name, sampling in DRAWN.items():
        whole = found_of(clip, draw_with_sage(clip, lost, sampling, takes, networks))
        rows[f"arm of a lost hand, {name}"] = numbers(
            Found(whole.truth[gap], whole.mean[gap], whole.takes[:, gap]), LEFT_ARM
        )
    return rows


GAP_FRAMES = round(GAP_SECONDS * FPS)


def with_gap(seen: Observation) -> tuple[Observation, slice]:
    """The observation with the left hand lost in its middle, and the frames of that."""
    begin = (seen.frame_count - GAP_FRAMES) // 2
    gap, valid = slice(begin, begin + GAP_FRAMES), seen.valid.copy()
    valid[gap, 1] = False
    return replace(seen, valid=valid), gap


def draw_with_sage(
    clip: Clip, seen: Observation, sampling: Sampling, takes: int, networks: Networks
) -> list[BodyMotion]:
    """SAGE's mean motion and takes, unrefined."""
    return [
        predict_takes(networks.sage, [seen], [clip.rest_joints], drawn)[0]
        for drawn in (MEAN, *(replace(sampling, seed=take) for take in range(1, takes + 1)))
    ]


def found_of(clip: Clip, motions: Sequence[BodyMotion]) -> Found:
    """``Found`` of a mean motion and the takes after it."""
    joints = [joints_of(motion, clip) for motion in motions]
    return Found(clip.world()[1][: len(joints[0])], joints[0], np.stack(joints[1:]))


def joints_of(motion: BodyMotion, clip: Clip) -> np.ndarray:
    """Joints (T, 22, 3) of a motion of a clip's person, metres."""
    rest = torch.as_tensor(clip.rest_joints).double()
    return forward_kinematics(motion.rotations.cpu().double(), motion.translation.cpu().double(), rest)[1].numpy()


def numbers(found: Found, joints: tuple[int, ...]) -> dict[str, float]:
    """The numbers of ``COLUMNS`` that are of some ``joints``, and of those that were seen."""
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
        "jitter": float(np.mean([mean_jerk(take) for take in whole])) / mean_jerk(found.mean),
    }


def numbers_of_feet(clip: Clip, motions: Sequence[BodyMotion]) -> dict[str, float]:
    """The numbers of ``COLUMNS`` that are of feet, of a mean motion and the takes after it."""
    truth = clip.world()[1][: len(motions[0].translation)]
    contacts = true_contacts(truth, clip.rest_joints, clip.sole)
    skates = [foot_skate(joints_of(motion, clip), contacts) for motion in motions]
    arrays = [(motion.rotations.cpu().numpy(), motion.translation.cpu().numpy()) for motion in motions]
    slides = [plausibility(*body, clip.rest_joints, clip.sole, FPS)["still_sliding"] for body in arrays]
    return {
        "skate": float(np.mean(skates[1:])),
        "skate_0": skates[0],
        "slide": float(np.mean(slides[1:])),
        "slide_0": slides[0],
    }


def table(rows: dict[str, list[dict[str, float]]]) -> list[str]:
    """Lines of what was found: a line for each way to draw takes, means over clips; "-" where nothing was measured."""
    lines = [f"{'':<36}" + "".join(f"{name:>10}" for name in COLUMNS)]
    for name, found in rows.items():
        means = [f"{np.mean([row[column] for row in found]):.2f}" if column in found[0] else "-" for column in COLUMNS]
        lines.append(f"{name:<36}" + "".join(f"{mean:>10}" for mean in means))
    return lines
