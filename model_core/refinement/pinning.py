"""Refinement around pins: a pin is a tracker that somebody made, at some moments only.

What a pin asks of its joint is interpolated in time, a body tracker of the windows' energy is made of that, and only
the stretches within the pins' reach are refined anew and cross-faded into the rest. What hard pins lack afterwards is
closed over the whole body (``closed_form.whole_body``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..flag.model import Flag
from ..geometry.filters import smoothstep
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, slerp_matrices, transpose
from ..geometry.skeleton import ANKLES, BODY_JOINT_COUNT, ELBOWS, HEAD, PARENTS, TOES, WRISTS
from ..observation import FPS, Observation
from ..progress import Progress, part_of
from ..window_blending import cross_fade
from .body_trackers import BodyTrackers
from .closed_form.whole_body import WholeBodyTargets, reach_with_whole_body
from .initial_motion import Unrefined
from .refine import Refined, refine

FADE_FRAMES = 12
"""Frames over which a stretch that is refined anew goes over into the rest, beyond the pins' reach."""
SURE_FRAMES = 9.0
"""Frames from a pin at which what it asks for is believed half as much."""
RESTING = 0.001
"""Metres a frame that are added to a foot's path: what pins ask of feet changes while these move."""
FARTHEST_CLOSED = (0.4, 0.1)
"""Metres of what a pin lacks after refinement that are closed by geometry; more would break the body. The second where
with the first a joint jumps; where it does so even then, the pin is out of reach and nothing is closed."""
FASTEST = 0.4
"""Metres that no joint moves in a frame."""
LARGEST_TURN = 0.8
"""Radians of the same."""
CLOSINGS, MET, NEARLY = 8, 0.005, 0.05
"""So often that is done while the worst hard pin is off by so many metres; from farther off it is out of reach, and
more would only pull the head after it."""


@dataclass(frozen=True)
class HeldJoint:
    """Where one joint is pinned, on the frames of a motion in the model's frame.

    ``frames`` (M,) grow; ``positions`` (M, 3) metres; world ``rotations`` (M, 3, 3), which count where ``turned`` (M,)
    bool; ``hard`` (M,) bool; ``reach`` (M,) frames.
    """

    joint: int
    frames: np.ndarray
    positions: torch.Tensor
    rotations: torch.Tensor
    turned: torch.Tensor
    hard: torch.Tensor
    reach: np.ndarray

    def within(self, begin: int, end: int) -> "HeldJoint | None":
        """The same of the frames from ``begin`` to before ``end``, counted from there; None where there are none."""
        found = self.only((self.frames >= begin) & (self.frames < end))
        return None if found is None else replace(found, frames=found.frames - begin)

    def only(self, chosen: np.ndarray) -> "HeldJoint | None":
        """The same of some frames, ``chosen`` (M,) bool; None where there are none."""
        some = np.flatnonzero(chosen)
        if not len(some):
            return None
        index = torch.as_tensor(some).to(self.positions.device)
        return HeldJoint(
            self.joint, self.frames[some], self.positions[index], self.rotations[index], self.turned[index],
            self.hard[index], self.reach[some],
        )  # fmt: skip


@dataclass(frozen=True)
class Pinned:
    """A motion that meets its pins: as in ``refine.Refined``, and what pins told as body trackers."""

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor
    body_trackers: BodyTrackers


@torch.no_grad()
def refine_to_pins(
    model: Flag,
    observation: Observation,
    motion: Unrefined,
    rest_joints: np.ndarray | torch.Tensor,
    held: Sequence[HeldJoint],
    body_trackers: BodyTrackers | None = None,
    progress: Progress | None = None,
    given_contacts: np.ndarray | None = None,
) -> Pinned:
    """The motion, refined anew within the pins' reach; elsewhere it is the same to the last bit.

    ``motion`` has contacts; ``held`` has one value a joint, of one at least. Other arguments as in ``refine``.
    """
    like = model.pose.scale
    rest = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
    rotations, translation = (part.to(like).clone() for part in (motion.rotations, motion.translation))
    assert motion.contacts is not None
    contacts = motion.contacts.to(like).clone()
    count = len(translation)
    told = _no_trackers(held, count, like)
    stretches = stretches_of(held, count)
    for number, (begin, end) in enumerate(stretches):
        some = slice(begin, end)
        here = [part for part in (joint.within(begin, end) for joint in held) if part is not None]
        report = part_of(progress, number / len(stretches), (number + 1) / len(stretches))
        trackers = None if body_trackers is None else body_trackers.take(torch.arange(begin, end, device=like.device))
        start = Unrefined(rotations[some], translation[some], contacts[some])
        given = None if given_contacts is None else given_contacts[some]
        seen = part_of_observation(observation, begin, end)
        found, new = _refine_stretch(model, seen, start, rest, here, trackers, report, given)
        fade = torch.as_tensor(cross_fade([begin], end - begin, count, FADE_FRAMES, hold_ends=True)[0]).to(like)
        mixed = between((rotations[some], translation[some]), (found.rotations, found.translation), fade)
        joints = forward_kinematics(rotations[some], translation[some], rest)[1]
        for _ in range(CLOSINGS):
            mixed = _close_without_jumps(*mixed, rest, here, joints[:, list(ELBOWS)])
            if not MET < max(float((out_of_reach(*mixed, rest, joint) * joint.hard).max()) for joint in here) < NEARLY:
                break
        rotations[some], translation[some] = mixed
        contacts[some] = torch.lerp(contacts[some], found.contacts, fade[:, None])
        for column, joint in enumerate(new.joints):
            index = told.joints.index(joint)
            told.valid[some, index] = new.valid[:, column]
            told.positions[some, index], told.rotations[some, index] = (
                new.positions[:, column],
                new.rotations[:, column],
            )
    together = told if body_trackers is None else beside(body_trackers, told)
    return Pinned(rotations, translation, contacts, together)


def stretches_of(held: Sequence[HeldJoint], count: int) -> list[tuple[int, int]]:
    """First frame and the one after the last of the stretches of a motion that pins reach, apart from each other."""
    reached = np.zeros(count + 1, np.int64)
    for joint in held:
        margin = joint.reach + FADE_FRAMES
        np.add.at(reached, np.maximum(joint.frames - margin, 0), 1)
        np.add.at(reached, np.minimum(joint.frames + margin + 1, count), -1)
    inside = np.concatenate([[False], np.cumsum(reached)[:count] > 0, [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def out_of_reach(
    rotations: torch.Tensor, translation: torch.Tensor, rest_joints: torch.Tensor, joint: HeldJoint
) -> torch.Tensor:
    """Metres (M,) by which a joint of a motion is off its pins."""
    frames = torch.as_tensor(joint.frames).to(translation.device)
    rest = torch.as_tensor(rest_joints).to(translation)[:BODY_JOINT_COUNT]
    joints = forward_kinematics(rotations[frames], translation[frames], rest)[1]
    return (joints[:, joint.joint] - joint.positions).norm(dim=-1)


def _refine_stretch(
    model: Flag,
    observation: Observation,
    motion: Unrefined,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    body_trackers: BodyTrackers | None,
    progress: Callable[[float, str], None],
    given_contacts: np.ndarray | None,
) -> tuple[Refined, BodyTrackers]:
    """A stretch refined with pins as trackers, and these."""
    world, joints = forward_kinematics(motion.rotations, motion.translation, rest)
    parts: dict[int, tuple[torch.Tensor, ...]] = {}
    for joint in held:
        tracked, position, rotation, valid = _as_tracker(joint, world, joints, rest)
        if tracked in parts:  # Ankle and toes of one foot: where both are pinned the surer one counts.
            surer = valid > parts[tracked][2]
            before = parts[tracked]
            position = torch.where(surer[:, None], position, before[0])
            rotation = torch.where(surer[:, None, None], rotation, before[1])
            valid = torch.maximum(valid, before[2])
        parts[tracked] = position, rotation, valid
    positions, rotations, valid = (torch.stack(values, 1) for values in zip(*parts.values(), strict=True))
    pins = BodyTrackers(tuple(parts), rotations, positions, valid)
    trackers = pins if body_trackers is None else beside(body_trackers, pins)
    found = refine(model, observation, motion, rest, trackers, progress=progress, given_contacts=given_contacts)
    return found, pins


def _as_tracker(
    held: HeldJoint, world: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor
) -> tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The joint that a body tracker would be worn on, its positions (T, 3), rotations (T, 3, 3) and validity (T,)."""
    frames = torch.as_tensor(held.frames).to(joints.device)
    moved, turned = _asked(held, world, joints, rest, FAR, FAR)
    targets = _reachable(joints[:, held.joint] + moved, joints[:, HEAD], held.joint, rest)
    rotation = axis_angle_to_matrix(turned) @ world[:, held.joint]
    away = (torch.arange(len(joints), device=joints.device)[:, None] - frames).abs().to(joints)
    reach = torch.as_tensor(held.reach).to(joints)
    fraction = 1 - away / (reach + 1)
    valid = (smoothstep(fraction) / (1 + (away / SURE_FRAMES).square())).amax(1)
    if held.joint in TOES:
        ankle = ANKLES[TOES.index(held.joint)]
        rotation = axis_angle_to_matrix(turned) @ world[:, ankle]
        return ankle, targets - rotation @ (rest[held.joint] - rest[ankle]), rotation, valid
    return held.joint, targets, rotation, valid


FAR = 100.0
"""More than any pin asks for."""


def _asked(
    held: HeldJoint, world: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor, farthest: float, largest: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """What pins ask of a joint, at every frame: to move (T, 3) in metres, and to turn (T, 3), an axis-angle.

    At a pin it is all that lacks, up to ``farthest`` and ``largest``. From one pin to the next it goes over, for feet
    while they move; where nothing follows within reach it fades.
    """
    frames = torch.as_tensor(held.frames).to(joints.device)
    # What nobody reaches is not asked for: on the way to it a joint would be at its limit within a frame or two.
    goals = _reachable(held.positions, joints[frames, HEAD], held.joint, rest)
    lacking = goals - joints[frames, held.joint]
    turn = matrix_to_axis_angle(held.rotations @ transpose(world[frames, held.joint])) * held.turned[:, None]
    lacking, turn = _shortened(lacking, farthest), _shortened(turn, largest)
    path = None
    if held.joint in (*ANKLES, *TOES):
        step = joints[1:, held.joint] - joints[:-1, held.joint]
        path = np.concatenate([[0.0], np.cumsum(step.norm(dim=-1).cpu().double().numpy() + RESTING)])
    weights = torch.as_tensor(time_weights(held.frames, held.reach, len(joints), path)).to(joints)
    return weights @ lacking, weights @ turn


def time_weights(frames: np.ndarray, reach: np.ndarray, count: int, path: np.ndarray | None = None) -> np.ndarray:
    """Weights (T, M) with which what is known at M ``frames`` holds at each of ``count`` frames.

    1 at the frame itself. Two frames that lie within each other's ``reach`` (M,) are joined by a smooth step along
    ``path`` (T,), which is time where it is None; other sides fade over the reach.
    """
    time = np.arange(count, dtype=np.float64)
    weights = np.zeros((count, len(frames)))
    along = time if path is None else path
    weights[frames, np.arange(len(frames))] = 1
    for number, (before, after) in enumerate(zip(frames[:-1], frames[1:], strict=True)):
        between = slice(before + 1, after)
        if after - before <= reach[number] + reach[number + 1]:
            step = smoothstep((along[between] - along[before]) / max(along[after] - along[before], 1e-9))
            weights[between, number], weights[between, number + 1] = 1 - step, step
        else:
            weights[between, number] = _fading(time[between] - before, reach[number])
            weights[between, number + 1] = _fading(after - time[between], reach[number + 1])
    weights[: frames[0], 0] = _fading(frames[0] - time[: frames[0]], reach[0])
    weights[frames[-1] + 1 :, -1] = _fading(time[frames[-1] + 1 :] - frames[-1], reach[-1])
    return weights


def _fading(away: np.ndarray, reach: int) -> np.ndarray:
    """What is left of a pin so many frames ``away`` (n,)."""
    return 1 - smoothstep(away / (reach + 1))


def _close_without_jumps(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    elbows: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """``_close`` by as much as leaves the body whole: out of reach, one frame finds another pose than the next."""
    for farthest in FARTHEST_CLOSED:
        closed = _close(rotations, translation, rest, held, elbows, farthest)
        joints = forward_kinematics(*closed, rest)[1]
        if not bool(((joints[1:] - joints[:-1]).norm(dim=-1) > FASTEST).any()):
            return closed
    return rotations, translation


def _close(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest: torch.Tensor,
    held: Sequence[HeldJoint],
    elbows: torch.Tensor,
    farthest: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion with what hard pins lack closed by up to ``farthest`` metres.

    Head and hands stay where they are, ``elbows`` (T, 2, 3) about where they were before: pins of other joints say
    nothing of them.
    """
    world, joints = forward_kinematics(rotations, translation, rest)
    targets = WholeBodyTargets.staying(world, joints)
    targets.keep(ELBOWS, elbows)
    for joint in held:
        hard_pins = joint.only(joint.hard.cpu().numpy())
        if hard_pins is None:
            continue
        moved, turned = _asked(hard_pins, world, joints, rest, farthest, LARGEST_TURN)
        weights = torch.as_tensor(time_weights(hard_pins.frames, hard_pins.reach, len(joints))).to(joints)
        target = _reachable(joints[:, joint.joint] + moved, joints[:, HEAD], joint.joint, rest)
        if joint.joint in ELBOWS:
            target = _beside_wrist(target, joints, joint.joint)
        targets.hold(joint.joint, target, weights.sum(1).clamp(0, 1))
        if joint.joint in TOES:
            targets.release(ANKLES[TOES.index(joint.joint)], weights.sum(1).clamp(0, 1))
        if bool(hard_pins.turned.any()):
            targets.turn(joint.joint, turned, (weights @ hard_pins.turned.to(joints)).clamp(0, 1))
    return reach_with_whole_body(rotations, translation, rest, targets)


def _reachable(targets: torch.Tensor, head: torch.Tensor, joint: int, rest: torch.Tensor) -> torch.Tensor:
    """Targets (T, 3) of a joint, brought as near to the head (T, 3) as the bones between are long."""
    length, paths = rest.new_zeros(()), ([HEAD], [joint])
    for path in paths:
        while PARENTS[path[-1]] >= 0:
            path.append(PARENTS[path[-1]])
    shared = set(paths[0]) & set(paths[1])
    for path in paths:
        for bone in path:
            if bone not in shared:
                length = length + (rest[bone] - rest[PARENTS[bone]]).norm()
    away = targets - head
    return head + away * (length / away.norm(dim=-1, keepdim=True).clamp_min(1e-6)).clamp_max(1)


def _beside_wrist(targets: torch.Tensor, joints: torch.Tensor, elbow: int) -> torch.Tensor:
    """Targets (T, 3) of an elbow, brought as near to its wrist as the forearm is long: hands stay where they are."""
    wrist = joints[:, WRISTS[ELBOWS.index(elbow)]]
    length, away = (joints[:, elbow] - wrist).norm(dim=-1, keepdim=True), targets - wrist
    return wrist + away * length / away.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def beside(trackers: BodyTrackers, pins: BodyTrackers) -> BodyTrackers:
    """Trackers and pins together: where a joint has both, the pin counts."""
    valid = trackers.valid.clone()
    for index, joint in enumerate(trackers.joints):
        if joint in pins.joints:
            valid[:, index] *= pins.valid[:, pins.joints.index(joint)] == 0
    return BodyTrackers(
        (*pins.joints, *trackers.joints), torch.cat([pins.rotations, trackers.rotations], 1),
        torch.cat([pins.positions, trackers.positions], 1), torch.cat([pins.valid, valid], 1),
    )  # fmt: skip


def _no_trackers(held: Sequence[HeldJoint], count: int, like: torch.Tensor) -> BodyTrackers:
    """Body trackers of the pinned joints that tell nothing yet."""
    joints = tuple(dict.fromkeys(ANKLES[TOES.index(one.joint)] if one.joint in TOES else one.joint for one in held))
    eye = torch.eye(3).to(like).expand(count, len(joints), 3, 3).clone()
    return BodyTrackers(joints, eye, like.new_zeros(count, len(joints), 3), like.new_zeros(count, len(joints)))


def part_of_observation(observation: Observation, begin: int, end: int) -> Observation:
    """The frames from ``begin`` to before ``end``; body trackers are taken by themselves."""
    some = {name: getattr(observation, name)[begin:end] for name in ("rotations", "positions", "valid")}
    return replace(observation, **some, start=observation.start + begin / FPS, body_trackers=None)


def between(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor], weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations and translation between two motions, ``weight`` (T,) of the second."""
    each = weight[:, None].expand(first[0].shape[:2])
    return slerp_matrices(first[0], second[0], each), torch.lerp(first[1], second[1], weight[:, None])


def _shortened(vectors: torch.Tensor, longest: float) -> torch.Tensor:
    """Vectors (M, 3), none of them longer than ``longest``."""
    return vectors * (longest / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-9)).clamp_max(1)
