"""Reader of Acclaim's pair: the motion in an ``.amc``, its skeleton in the ``.asf`` beside it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion
from ..notes import Note
from ..untrusted.budgets import read_bytes
from .capture import Capture
from .joint_names import find_anatomy
from .rest_pose import is_standing, need_person
from .skeletons import CMU_ASF, SkeletonMap, recognise
from .unknown_skeleton import map_by_anatomy, upright_frame

INCH = 0.0254
USUAL_LENGTH = 0.45
"""The ``length`` of CMU's skeletons: their numbers are inches times that."""
USUAL_RATE = 120.0
"""Frames a second of CMU's captures; the file does not say."""
MOST_BONES = 500
ROOT = "root"


@dataclass
class _Bone:
    """A bone at rest: from its joint by ``vector`` (3,) to the next; ``axes`` (3, 3) are what its angles turn about."""

    vector: np.ndarray
    axes: np.ndarray
    channels: list[str] = field(default_factory=list)


def skeleton_of(path: Path) -> Path:
    """The ``.asf`` that belongs to an ``.amc``: of its name, of its subject's, or the only one."""
    beside = sorted(file for file in path.parent.iterdir() if file.suffix.lower() == ".asf")
    for stem in (path.stem, path.stem.rpartition("_")[0]):
        for file in beside:
            if file.stem.lower() == stem.lower():
                return file
    if len(beside) == 1:
        return beside[0]
    found = f"{len(beside)} lie beside it, none of its name" if beside else "none lies beside it"
    raise InputError(f"{path.name}: its skeleton (.asf) is not found: {found}")


def read_asf_amc(path: Path, fps: float | None = None) -> tuple[Capture, SkeletonMap]:
    """The motion of an ``.amc`` on its own skeleton, in metres, facing +Z, +Y up. Raises ``InputError``."""
    path = Path(path)
    bones, parents, scale, degrees = _read_skeleton(skeleton_of(path))
    notes = [] if fps else [Note("rate_assumed", {"rate": USUAL_RATE})]
    frames = _read_motion(path, bones)
    names = tuple(bones)
    factor = np.pi / 180 if degrees else 1.0
    count = len(next(iter(frames.values())))
    local = np.tile(np.eye(3), (count, len(names), 1, 1))
    root = np.zeros((count, 3))
    for index, (name, bone) in enumerate(bones.items()):
        values = frames.get(name)
        if values is None:
            continue
        turn = np.tile(np.eye(3), (count, 1, 1))
        for column, channel in enumerate(bone.channels):
            axis = "xyz".find(channel[-1])
            if channel.startswith("t") and axis >= 0 and name == ROOT:
                root[:, axis] = values[:, column] * scale
            elif channel.startswith("r") and axis >= 0:
                turn = axis_angle_to_matrix(values[:, column, None] * factor * np.eye(3)[axis]) @ turn
        local[:, index] = bone.axes @ turn @ bone.axes.T
    offsets = np.stack(
        [np.zeros(3) if parents[name] in (None, ROOT) else bones[str(parents[name])].vector * scale for name in names]
    )
    links = tuple(-1 if parents[name] is None else names.index(str(parents[name])) for name in names)
    rotations = matrix_to_quaternion(local)
    skeleton = recognise(names, (CMU_ASF,))
    anatomy = find_anatomy(path, names, links)
    if not is_standing(anatomy, names, links, offsets):
        raise InputError(f"{path.name}: the pose at rest of its skeleton is no person who stands")
    if skeleton is None:
        frame = upright_frame(path, anatomy, names, links, offsets)
        offsets, root, rotations = frame.vectors(offsets), frame.vectors(root), frame.quaternions(rotations)
        skeleton = map_by_anatomy(anatomy, names, links, offsets)
    bad = np.zeros(count, bool)
    rate = float(fps or USUAL_RATE)
    capture = Capture(
        path.stem, path.stem.partition("_")[0], path.stem, path.name, rate, names, links, offsets, rotations, root, bad,
        notes=tuple(notes),
    )  # fmt: skip
    need_person(path, anatomy, capture)
    return capture, skeleton


def _lines(path):
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    return [line.split("#")[0].strip() for line in text.splitlines()]


def _read_skeleton(path):
    """Bones by name (the root first, parents before children), parents by name, metres a unit, whether degrees."""
    section, length, degrees = "", 1.0, True
    bones, current = {ROOT: _Bone(np.zeros(3), np.eye(3))}, {}
    parents: dict[str, str | None] = {ROOT: None}
    order = {ROOT: ["tx", "ty", "tz", "rx", "ry", "rz"]}
    try:
        for line in _lines(path):
            words = line.split()
            if not words:
                continue
            if words[0].startswith(":"):
                section = words[0].lower()
            elif section == ":units" and words[0] == "length":
                length = float(words[1])
            elif section == ":units" and words[0] == "angle":
                degrees = words[1].startswith("deg")
            elif section == ":root" and words[0] == "order":
                order[ROOT] = [word.lower() for word in words[1:]]
            elif section == ":root" and words[0] == "orientation":
                bones[ROOT].axes = _axes(words[1:4], "XYZ", degrees)
            elif section == ":bonedata":
                current = _bone_line(words, current, bones, degrees)
            elif section == ":hierarchy" and words[0] not in ("begin", "end"):
                for child in words[1:]:
                    if words[0] not in bones or child not in bones:
                        raise ValueError(f"'{child}' hangs on '{words[0]}', and one of them is no bone")
                    parents[child] = words[0]
    except (ValueError, IndexError, KeyError) as error:
        raise InputError(f"{path.name}: its skeleton cannot be understood: {error}") from None
    if len(bones) > MOST_BONES or len(parents) < 2 or length <= 0:
        raise InputError(f"{path.name}: has {len(parents)} bones in its hierarchy; a person has more")
    bones[ROOT].channels = order[ROOT]
    ordered = _ordered(path, parents)
    return {name: bones[name] for name in ordered}, parents, INCH / length if length != 1 else INCH, degrees


def _bone_line(words, current, bones, degrees):
    """One line of a bone's data; the bone is added where it ends."""
    key = words[0].lower()
    if key == "begin":
        return {}
    if key == "end":
        vector = np.array([float(word) for word in current["direction"][:3]]) * float(current["length"][0])
        axis = current.get("axis", ["0", "0", "0", "XYZ"])
        turns = axis[3] if len(axis) > 3 else "XYZ"
        bones[current["name"][0]] = _Bone(
            vector, _axes(axis[:3], turns, degrees), [w.lower() for w in current.get("dof", [])]
        )
        return {}
    return current | {key: words[1:]}


def _axes(angles, order, degrees):
    """Axes (3, 3) from three angles about fixed axes in an order such as ``XYZ``."""
    turn = np.eye(3)
    for letter, angle in zip(order.upper(), angles, strict=False):
        radians = float(angle) * (np.pi / 180 if degrees else 1.0)
        turn = axis_angle_to_matrix(radians * np.eye(3)["XYZ".index(letter)]) @ turn
    return turn


def _ordered(path, parents):
    """Names, parents before children; bones that hang nowhere are left out."""
    found = [ROOT]
    for name in found:
        found += [child for child, parent in parents.items() if parent == name and child not in found]
    if len(found) > MOST_BONES:
        raise InputError(f"{path.name}: its hierarchy goes round in a circle")
    return found


def _read_motion(path, bones):
    """Bone -> values (N, channels)."""
    rows: dict[str, list[list[float]]] = {}
    frames = 0
    for number, line in enumerate(_lines(path), 1):
        words = line.split()
        if not words or words[0].startswith(":"):
            continue
        if len(words) == 1 and words[0].isdigit():
            frames += 1
            continue
        if words[0] in bones and frames:
            try:
                values = [float(word) for word in words[1:]]
            except ValueError:
                raise InputError(f"{path.name}: line {number} holds something that is no number") from None
            if len(values) != len(bones[words[0]].channels):
                raise InputError(f"{path.name}: line {number} has {len(values)} numbers for '{words[0]}', which has "
                                 f"{len(bones[words[0]].channels)} angles")  # fmt: skip
            rows.setdefault(words[0], []).append(values)
    whole = min((len(values) for values in rows.values()), default=0)
    if whole < 2 or ROOT not in rows:
        raise InputError(f"{path.name}: has {whole} whole frames; at least 2 are needed")
    found = {name: np.array(values[:whole]) for name, values in rows.items()}
    if not all(np.isfinite(values).all() for values in found.values()):
        raise InputError(f"{path.name}: its frames hold values that are not finite")
    return found
