"""Reader of BVH files: any skeleton of a person whose joints have names that say what they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.rotations import axis_angle_to_quaternion, quaternion_multiply, quaternion_to_matrix
from ..notes import Note
from ..shown import printable
from ..untrusted.budgets import Budget, read_bytes
from .capture import Capture
from .joint_names import Anatomy, find_anatomy
from .rest_pose import is_standing, need_person, with_rest_pose
from .skeletons import BANDAI_NAMCO, CMU_DAZ, CMU_MOTIONBUILDER, SkeletonMap, recognise
from .unknown_skeleton import UprightFrame, map_by_anatomy, upright_frame

UNITS = {"metre": 1.0, "centimetre": 0.01, "inch": 0.0254, "CMU unit": 0.0254 / 0.45, "millimetre": 0.001}
"""Metres in each unit of length that BVH files are written in; the file does not say which."""
KNOWN_IN_BVH = (CMU_DAZ, CMU_MOTIONBUILDER, BANDAI_NAMCO)
"""Skeletons that are distributed as BVH and whose joints' names belong to nobody else."""
CMU_TRIAL = re.compile(r"(\d{2,3})_\d{2}$")
"""CMU's files are named by subject and trial."""
LIKELY_LEG = 0.85
"""Metres from hip to ankle; the unit that brings a skeleton closest to it is taken."""
LEG_RANGE = (0.3, 1.6)
"""Metres; a skeleton outside of it in every unit is no person's."""
MOST_JOINTS = 1000
POSE_BYTES = 7 * 8
"""A joint's rotation and position in a frame."""
LONGEST_JOINT_NAME = 64
"""Words of the longest name of a joint."""
MISCOUNTED = 1
"""Frames by which exporters miscount."""
FILM_RATE = 1000 / 1001
"""Of a whole number: the frame rates of film and television, 23.976, 29.97 and 59.94."""


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: tuple[tuple[str, int], ...] = ()
    first_channel: int = 0


def read_bvh(path: Path) -> tuple[Capture, SkeletonMap]:
    """One BVH file as a capture that faces +Z, +Y up, in metres, and how its joints map to SMPL's.

    Raises ``InputError`` where the file is no BVH, is cut short, or its joints are not those of a person.
    """
    path = Path(path)
    notes: list[Note] = []
    joints, values, fps = _parse(path, notes)
    names, parents, offsets, rotations, root = _from_pelvis(path, joints, *_local_motion(joints, values))
    skeleton = recognise(names, KNOWN_IN_BVH)
    anatomy = find_anatomy(path, names, parents)
    if skeleton is not BANDAI_NAMCO and not is_standing(anatomy, names, parents, offsets):
        offsets, rotations, note = with_rest_pose(path, anatomy, names, parents, offsets, rotations, root)
        notes.append(note)
        skeleton = None  # What is known of it counts from its own zero pose.
    # Bandai-Namco's axes lie along the bones: its zero pose is nobody's, and its frame is ours.
    frame = (
        UprightFrame.identity() if skeleton is BANDAI_NAMCO else upright_frame(path, anatomy, names, parents, offsets)
    )
    unit = _unit(path, anatomy, names, parents, offsets)
    offsets, root, rotations = frame.vectors(offsets) * unit, frame.vectors(root) * unit, frame.quaternions(rotations)
    if skeleton is None:
        skeleton = map_by_anatomy(anatomy, names, parents, offsets)
    trial = CMU_TRIAL.match(path.stem) if skeleton in (CMU_DAZ, CMU_MOTIONBUILDER) else None
    subject = int(trial[1]) if trial else path.parent.name
    bad = np.zeros(len(root), bool)
    capture = Capture(
        path.stem, subject, path.stem, path.name, fps, names, parents, offsets, rotations, root, bad, notes=tuple(notes)
    )
    need_person(path, anatomy, capture)
    return capture, skeleton


def _parse(path: Path, notes: list[Note]) -> tuple[list[_Joint], np.ndarray, float]:
    """Joints (parents first), channel values (N, C) and frames a second."""
    content = read_bytes(path)
    budget = Budget(path.name, len(content))
    text = content.decode("utf-8-sig", errors="replace")
    hierarchy, found, motion = text.partition("MOTION")
    if not hierarchy.lstrip().startswith("HIERARCHY") or not found:
        raise InputError(f"{path}: not a BVH file: should begin with HIERARCHY and go on with MOTION")
    joints = _parse_hierarchy(path, hierarchy.split())
    match = re.match(r"\s*Frames:\s*(\d+)\s+Frame\s+Time:\s*([0-9.eE+-]+)", motion)
    if not match:
        raise InputError(f"{path}: after MOTION should come 'Frames: N' and 'Frame Time: SECONDS'")
    width = sum(len(joint.channels) for joint in joints)
    try:
        count = int(match[1])
        frame_time = float(match[2])
        values = np.array(motion[match.end() :].split(), dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}: the frames hold something that is no number: {printable(error)}") from None
    if not 1e-4 < frame_time < 1:
        raise InputError(f"{path}: a frame time of {match[2]} s; should be between 0.0001 and 1")
    found, rest = divmod(len(values), max(width, 1))
    if found < 2 or count < 2 or rest or abs(found - count) > MISCOUNTED:
        raise InputError(
            f"{path}: {len(values)} numbers for {count} frames of {width} channels; should be at least 2 frames and "
            f"{count * width} numbers (cut short?)"
        )
    if found != count:
        notes.append(Note("frames_miscounted", {"said": count, "found": found}))
        count = found
    if not np.isfinite(values).all():
        raise InputError(f"{path}: the frames hold values that are not finite")
    budget.claim(count * len(joints) * POSE_BYTES, f"{len(joints)} joints in {count} frames")
    return joints, values.reshape(count, width), _rate(match[2])


def _rate(written: str) -> float:
    """Frames a second of a frame time. It has few digits: a whole rate, or one of film, that rounds to it is meant."""
    rate, digits = 1 / float(written), len(written.partition(".")[2])
    meant = (round(rate), round(rate / FILM_RATE) * FILM_RATE)
    if written.replace(".", "").isdigit():
        rate = next((near for near in meant if near > 0 and round(1 / near, digits) == float(written)), rate)
    return rate


def _parse_hierarchy(path: Path, words: list[str]) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    channels, position = 0, 1
    try:
        while position < len(words):
            word = words[position]
            if word in ("ROOT", "JOINT"):
                name_end = words.index("{", position, position + LONGEST_JOINT_NAME)  # Names may hold blanks.
                if len(joints) == MOST_JOINTS:
                    raise ValueError(f"more than {MOST_JOINTS} joints")
                name = " ".join(words[position + 1 : name_end])
                joints.append(_Joint(name, open_joints[-1] if open_joints else -1))
                open_joints.append(len(joints) - 1)
                position = name_end + 1
            elif word == "End":
                closing = words.index("}", position)
                position = closing + 1
            elif word == "OFFSET":
                joints[open_joints[-1]].offset = tuple(float(w) for w in words[position + 1 : position + 4])
                position += 4
            elif word == "CHANNELS":
                count = int(words[position + 1])
                kinds = tuple(_channel(w) for w in words[position + 2 : position + 2 + count])
                if len(kinds) != count:
                    raise ValueError(f"{count} channels are told of, {len(kinds)} follow")
                if joints[open_joints[-1]].channels:
                    raise ValueError(f"joint '{joints[open_joints[-1]].name}' has CHANNELS twice")
                joints[open_joints[-1]].channels, joints[open_joints[-1]].first_channel = kinds, channels
                channels, position = channels + count, position + 2 + count
            elif word == "}":
                open_joints.pop()
                position += 1
            else:
                raise ValueError(f"'{word}' is unexpected")
    except (ValueError, IndexError) as error:
        raise InputError(f"{path}: the HIERARCHY cannot be understood near word {position}: {error}") from None
    if not joints or open_joints:
        raise InputError(f"{path}: the HIERARCHY is cut short: should close every brace")
    return joints


def _channel(word: str) -> tuple[str, int]:
    """``Xposition`` -> ("position", 0)."""
    kind, axis = word[1:].lower(), "XYZ".find(word[:1].upper())
    if kind not in ("position", "rotation") or axis < 0:
        raise ValueError(f"'{word}' is no channel")
    return kind, axis


def _local_motion(joints: list[_Joint], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Local rotations (N, J, 4) and positions in the parent's frame (N, J, 3), in the file's frame and unit."""
    rotations = np.zeros((len(values), len(joints), 4))
    rotations[..., 0] = 1
    positions = np.tile(np.array([joint.offset for joint in joints]), (len(values), 1, 1))
    for index, joint in enumerate(joints):
        for number, (kind, axis) in enumerate(joint.channels):
            column = values[:, joint.first_channel + number]
            if kind == "position":
                positions[:, index, axis] = column
            else:
                rotation = axis_angle_to_quaternion(np.radians(column)[:, None] * np.eye(3)[axis])
                rotations[:, index] = quaternion_multiply(rotations[:, index], rotation)
    return rotations, positions


def _from_pelvis(
    path: Path, joints: list[_Joint], rotations: np.ndarray, positions: np.ndarray
) -> tuple[tuple[str, ...], tuple[int, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Fold the joints above the pelvis into it, so that the pelvis comes first and carries the position in the world.

    Returns names, parents, offsets (J, 3), local rotations (N, J, 4) and the pelvis's position (N, 3). Where joints
    other than these move, their offsets are the medians: bones do not stretch.
    """
    names, parents = [joint.name for joint in joints], [joint.parent for joint in joints]
    pelvis = names.index(find_anatomy(path, names, parents).pelvis)
    chain = [pelvis]
    while parents[chain[0]] >= 0:
        chain.insert(0, parents[chain[0]])
    world, position = rotations[:, chain[0]], positions[:, chain[0]]
    for index in chain[1:]:
        position = position + np.einsum("nij,nj->ni", quaternion_to_matrix(world), positions[:, index])
        world = quaternion_multiply(world, rotations[:, index])
    kept = [pelvis]
    for index, parent in enumerate(parents):
        if parent in kept:
            kept.append(index)
    renumbered = {old: new for new, old in enumerate(kept)}
    offsets = np.median(positions[:, kept], axis=0)
    offsets[0] = 0
    rotations = np.concatenate([world[:, None], rotations[:, kept[1:]]], 1)
    return (
        tuple(names[i] for i in kept),
        tuple(renumbered.get(parents[i], -1) for i in kept),
        offsets,
        rotations,
        position,
    )


def _unit(path: Path, anatomy: Anatomy, names: Sequence[str], parents: Sequence[int], offsets: np.ndarray) -> float:
    """Metres in the file's unit of length, by the leg."""
    length = {name: float(np.linalg.norm(offsets[names.index(name)])) for name in names}
    leg = 0.0
    joint = names.index(anatomy.ankles[0])
    while names[joint] != anatomy.hips[0]:
        leg += length[names[joint]]
        joint = parents[joint]
    unit = min(UNITS.values(), key=lambda metres: abs(np.log(max(leg * metres, 1e-9) / LIKELY_LEG)))
    if not LEG_RANGE[0] < leg * unit < LEG_RANGE[1]:
        raise InputError(f"{path}: a leg of {leg:.3g} units is no person's in {', '.join(UNITS)}")
    return unit
