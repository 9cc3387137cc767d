"""Rigs of any making whose bones follow controls by constraints: IK targets and poles, and what copies a control."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ....model_core.geometry.rotations import normalize, quaternion_to_matrix
from ...bpy_types import ArmatureObject
from ..bones.rest_pose import RestPose
from ..character import Character, Limb
from ..transfer import ELBOWS_BEND, KNEES_BEND, CharacterPose, place_of

COPIES = ("COPY_TRANSFORMS", "COPY_ROTATION", "COPY_LOCATION")
STRAIGHT = 0.005
"""A limb rests straight whose middle joint is less beside the line from its beginning to its end, in its length."""
FOLLOWED = 0.5
"""Influence from which on a bone counts as following a control: it is what a switch between FK and IK moves."""


@dataclass(frozen=True)
class Controls:
    """Which bones follow which, by number: ``copied`` bone -> the controls that turn or carry it, ``targets`` lower
    bone of a limb -> the target of its IK and its pole (-1 where there is none)."""

    copied: dict[int, tuple[int, ...]]
    targets: dict[int, tuple[int, int]]


def read_controls(armature: ArmatureObject, rest: RestPose) -> Controls:
    """The controls of an armature's own bones, as its constraints have them now."""
    copied: dict[int, list[int]] = {}
    targets: dict[int, tuple[int, int]] = {}
    number = {name: place for place, name in enumerate(rest.names)}
    for bone in armature.pose.bones:
        for constraint in _active(bone):
            if constraint.target != armature or constraint.subtarget not in number:
                continue
            control = number[constraint.subtarget]
            if constraint.type in COPIES:
                copied.setdefault(number[bone.name], []).append(control)
            elif constraint.type == "IK":
                has_pole = constraint.pole_target == armature
                targets[number[bone.name]] = (control, number.get(constraint.pole_subtarget, -1) if has_pole else -1)
    return Controls({bone: tuple(controls) for bone, controls in copied.items()}, targets)


def _active(bone: Any) -> Iterator[Any]:
    for constraint in bone.constraints:
        if not constraint.mute and constraint.influence > FOLLOWED and constraint.type in (*COPIES, "IK"):
            yield constraint


def controlled(pose: CharacterPose, character: Character, controls: Controls) -> CharacterPose:
    """The pose with its controls: each stands to the bone that follows it as it does at rest.

    Poles stand to the plane of their limb as they do at rest.
    """
    turns, placed, solved = dict(pose.turns), dict(pose.feet), set()
    matrices = {bone: quaternion_to_matrix(turn) for bone, turn in pose.turns.items()}
    heads = character.rest.heads
    for limb in (*character.arms, *character.legs):
        target, pole = _target_of(limb, controls)
        if target < 0 or limb.end < 0:
            continue
        upper, lower = limb.upper.bone, limb.lower.bone
        start = place_of(character, matrices, pose.hips, upper)
        end = pose.feet.get(limb.end)
        if end is None:
            end = start + matrices[upper] @ limb.upper.vector + matrices[lower] @ limb.lower.vector
        solved |= {upper, lower}
        turns[target] = pose.turns[limb.end]
        placed[target] = end + matrices[limb.end] @ (heads[target] - heads[limb.end])
        if pole >= 0:
            bend = KNEES_BEND if limb in character.legs else ELBOWS_BEND
            at_rest = heads[upper], heads[upper] + limb.upper.vector, heads[limb.end]
            placed[pole] = _pole(start, start + matrices[upper] @ limb.upper.vector, end, at_rest, heads[pole], bend)
    for bone in list(pose.turns):
        for control in _followed(bone, controls):
            turns.setdefault(control, pose.turns[bone])
            if bone == character.hips:
                placed.setdefault(control, pose.hips + matrices[bone] @ (heads[control] - heads[bone]))
    return replace(pose, turns=turns, feet=placed, solved=frozenset(solved))


def _pole(
    start: np.ndarray, middle: np.ndarray, end: np.ndarray, at_rest: tuple[np.ndarray, np.ndarray, np.ndarray],
    pole: np.ndarray, bend: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Where a pole stands (T, 3) for a limb that begins, bends and ends there (T, 3).

    ``at_rest``: the same three (3,), and ``pole`` (3,) at rest; ``bend`` (3,): the way that a limb which rests straight
    bends.
    """
    line = normalize(at_rest[2] - at_rest[0])
    out, away = _across(at_rest[1] - at_rest[0], line), _across(pole - at_rest[0], line)
    if np.linalg.norm(out) < STRAIGHT * np.linalg.norm(at_rest[2] - at_rest[0]):
        out = _across(bend, line)
    angle = np.arctan2(np.cross(out, away) @ line, out @ away)
    along = normalize(end - start)
    out = normalize(_across(middle - start, along))
    turned = np.cos(angle) * out + np.sin(angle) * np.cross(along, out)
    return middle + np.linalg.norm(away) * turned


def _across(vector: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The part of vectors (..., 3) that is perpendicular to directions (..., 3)."""
    return vector - (vector * along).sum(-1, keepdims=True) * along


def _target_of(limb: Limb, controls: Controls) -> tuple[int, int]:
    """Target and pole of the IK of a limb, wherever among its lower pieces it is; -1 where there is none."""
    pieces = [bone for bone, _ in limb.lower.in_line]
    return next((controls.targets[bone] for bone in pieces if bone in controls.targets), (-1, -1))


def _followed(bone: int, controls: Controls) -> Iterator[int]:
    """The controls that a bone follows, and those that these follow."""
    seen, waiting = {bone}, [bone]
    while waiting:
        for control in controls.copied.get(waiting.pop(), ()):
            if control not in seen:
                seen.add(control)
                waiting.append(control)
                yield control
