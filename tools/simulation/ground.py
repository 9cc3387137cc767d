"""Animate made-up people who climb stairs, sit down on a chair, and kneel, crawl and lie, and show how they do it.

Prints by how much standing toes are off their treads, soles are inside of them, and the body is off its seat; of who is
near the floor how far joints are from the truth, and how deep their skin is in the floor, as it is predicted and at the
end. With -o and Blender's module also pictures of moments, from the side.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...model_core.body import Body, load_body
from ...model_core.body.foot_contacts import foot_rest_heights
from ...model_core.body.model import skin
from ...model_core.direction.ground import Ground, GroundHeights
from ...model_core.direction.seats import Seat
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import quaternion_to_matrix
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, TOES
from ...model_core.motion import Motion
from ...model_core.pipeline import Networks, Options, animate, load_networks
from ..support.animate_options import has_blender
from ..support.arguments import command_parser
from .directed_recordings import SEAT, chair, climbing, sitting, stairs
from .low_poses import POSES, measure

SEATED = (2.2, 4.4)
"""Seconds in which the made-up person is given as sitting."""
STANDING_SPEED = 0.1
"""Metres a second below which toes stand, if the frames beside are so slow, too: in the air they turn back in one."""
BUTTOCKS = 0.05
"""Metres before the pelvis up to which a body sits on its buttocks; what is ahead are thighs, which may slope down."""
MOMENTS = 6


def run(arguments: list[str]) -> int:
    """Animate both, print a line each, and write pictures."""
    parser = command_parser("simulate ground", __doc__)
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where to put pictures")
    options = parser.parse_args(arguments)
    body, networks = load_body(), load_networks("cpu")
    climbed, sat = climb(body, networks), sit(body, networks)
    toes, inside, treads = off_treads(climbed, body)
    print(f"stairs: {treads} heights are stood on; standing toes are off by {100 * toes:.1f} cm at most, "
          f"feet are inside by {100 * inside:.1f} cm at most")  # fmt: skip
    print(f"chair: the buttocks are off their seat by {100 * off_seat(sat, body):.1f} cm at most")
    for line in low_table(body, networks):
        print(line, flush=True)
    if options.output is not None:
        if not has_blender():
            parser.error("pictures need Blender's module")
        from .ground_pictures import save_pictures

        options.output.mkdir(parents=True, exist_ok=True)
        duration = np.linspace(0.15, 0.75, MOMENTS)
        save_pictures(options.output / "ground_stairs.png", climbed, stairs(), duration * climbed.duration)
        save_pictures(options.output / "ground_chair.png", sat, chair(), np.linspace(0.6, 3.4, MOMENTS))
    return 0


def low_table(body: Body, networks: Networks) -> Iterator[str]:
    """Lines of ``POSES``: how far joints are from the truth, and how deep skin is in the floor, before and after."""
    yield f"{'':<20}{'joints':>10}{'predicted':>12}{'refined':>10}   cm off, skin in the floor"
    for name, pose in POSES.items():
        low = measure(body, pose, networks)
        yield f"{name:<20}{100 * low.error:>10.1f}{100 * low.predicted:>12.1f}{100 * low.refined:>10.1f}"


def climb(body: Body, networks: Networks) -> Motion:
    """Who climbs the stairs, on these as ground."""
    options = Options(ground=stairs(), uncertainty=False, device="cpu")
    return animate(climbing(body).recording, options, networks=networks)


def sit(body: Body, networks: Networks) -> Motion:
    """Who sits down, on a seat."""
    options = Options(seats=(Seat(SEATED, SEAT),), uncertainty=False, device="cpu")
    return animate(sitting(body).recording, options, networks=networks)


def off_treads(motion: Motion, body: Body, ground: Ground | None = None) -> tuple[float, float, int]:
    """Metres by which standing toes are off the ground and feet inside it at most; how many heights are stood on."""
    joints, rest = joints_of(motion, body)
    heights, used, worst, inside = GroundHeights(ground or stairs()), set(), 0.0, 0.0
    for joint, height in zip(FEET, foot_rest_heights(rest), strict=True):
        foot = joints[:, joint]
        under = heights.at(np.arange(len(foot)) / motion.fps, foot[:, [0, 2]], foot[:, 1] + 0.3)
        off = foot[:, 1] - height - under
        inside = max(inside, float(-off.min()))
        if joint in TOES:
            slow = np.linalg.norm(np.gradient(foot, axis=0), axis=1) * motion.fps < STANDING_SPEED
            stands = slow & np.append(slow[1:], True) & np.append(True, slow[:-1])
            worst = max(worst, float(np.abs(off[stands]).max()))
            used |= set(under[stands].round(2).tolist())
    return worst, inside, len(used)


def off_seat(motion: Motion, body: Body) -> float:
    """Metres by which the lowest vertex of the buttocks is off the seat at most."""
    first, last = (round(second * motion.fps) for second in SEATED)
    frames = np.arange(first, last, 15)
    rotations = quaternion_to_matrix(motion.rotations[frames].astype(np.float64))
    vertices = skin(body, rotations, motion.translation[frames].astype(np.float64), motion.betas)
    near = vertices[..., 2] - motion.translation[frames, None, 2] < BUTTOCKS
    sits = (body.weights[:, [0, 1, 2]].sum(1) > 0.6) & near
    return float(np.abs(np.where(sits, vertices[..., 1], np.inf).min(1) - SEAT).max())


def joints_of(motion: Motion, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, 22, 3) of a motion, and the rest joints (22, 3)."""
    rest = body.rest_joints(motion.betas)[:BODY_JOINT_COUNT]
    rotations = quaternion_to_matrix(motion.rotations.astype(np.float64))
    return forward_kinematics(rotations, motion.translation.astype(np.float64), rest)[1], rest
