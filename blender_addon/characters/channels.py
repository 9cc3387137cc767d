"""A pose in the world as the values of bones' own channels, and the way over the floor taken from the hips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ...model_core.geometry.rotations import (
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    quaternion_conjugate,
    quaternion_to_matrix,
)
from ...model_core.geometry.rotations import quaternion_multiply as multiply
from .character import Character
from .choices import IN_PLACE, ON_HIPS, ON_ROOT_TURNING
from .transfer import CharacterPose


@dataclass(frozen=True)
class Placement:
    """Where the player's space lies in the world: a rotation (3, 3), a shift (3,) in metres, and how large it is."""

    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    shift: np.ndarray = field(default_factory=lambda: np.zeros(3))
    scale: float = 1.0


@dataclass(frozen=True)
class Channels:
    """What is keyed, by bone: ``rotations`` (T, 4) and ``locations`` (T, 3), in the bone's own axes and units.

    ``resting`` are bones that carry others and stay as they rest. ``ground``: where there is no bone for root motion,
    how the object moves: (turn (T,) about +Z in radians, place (T, 3), about (3,)) in the world; else None.
    ``properties``: (bone, custom property) -> what it is set to.
    """

    rotations: dict[int, np.ndarray]
    locations: dict[int, np.ndarray]
    resting: tuple[int, ...]
    ground: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    properties: Mapping[tuple[str, str], float] = field(default_factory=dict)


def channels_of(character: Character, pose: CharacterPose, placement: Placement, root_motion: str) -> Channels:
    """The channels by which a character's bones come to a pose in the player's space."""
    own = matrix_to_quaternion(placement.turn)
    turns = {bone: multiply(np.broadcast_to(own, turn.shape), turn) for bone, turn in pose.turns.items()}
    hips = pose.hips @ placement.turn.T + placement.shift
    feet = {bone: place @ placement.turn.T + placement.shift for bone, place in pose.feet.items()}
    rest = _Rest(character)
    ground = None
    if root_motion == IN_PLACE:
        away = hips[:, :2] - rest.head(character.hips)[:2]
        hips = _shifted(hips, -away)
        feet = {bone: _shifted(place, -away) for bone, place in feet.items()}
    elif root_motion != ON_HIPS:
        pivot = None if character.root < 0 else rest.head(character.root)
        ground = _ground(character, turns[character.hips], hips, placement, root_motion == ON_ROOT_TURNING, pivot)
    if ground is not None and character.root >= 0:
        turns[character.root] = multiply(_yaw(ground[0]), np.broadcast_to(rest.turn, (len(hips), 4)))
    moves_object = ground is not None and character.root < 0
    if ground is not None and moves_object:
        turns = {bone: multiply(_yaw(-ground[0]), turn) for bone, turn in turns.items()}
    rotations, locations, rest_bones = {}, {}, set(pose.solved)
    for bone, turn in turns.items():
        if bone not in pose.solved:
            rotations[bone] = rest.local(bone, turn, turns)
        rest_bones.update(above for above in character.rest.ancestors(bone) if above not in turns)
    back = _brought_back(ground) if ground is not None else None
    for bone, place in {character.hips: hips, **feet}.items():
        locations[bone] = rest.location(bone, place if back is None else back(place))
    if ground is not None and character.root >= 0:
        locations[character.root] = rest.location(character.root, ground[1])
    return Channels(rotations, locations, tuple(sorted(rest_bones)), ground if moves_object else None)


@dataclass(frozen=True)
class ControlSpace:
    """The world as it is for controls whose root is at rest: what they need to be keyed one by one.

    ``own`` (4,): the rotation of the player's space in the world. ``away`` (T, 3): what is taken from places, of a
    character that stays. ``ground``: the root's way, as in ``Channels``. ``standard`` (4,): what turned the character.
    """

    placement: Placement
    own: np.ndarray
    away: np.ndarray
    ground: tuple[np.ndarray, np.ndarray, np.ndarray] | None
    standard: np.ndarray

    @staticmethod
    def of(
        character: Character, pose: CharacterPose, placement: Placement, root_motion: str, root: np.ndarray
    ) -> "ControlSpace":
        """The space of a character's controls whose root's control rests at ``root`` (3,)."""
        own = matrix_to_quaternion(placement.turn)
        hips = pose.hips @ placement.turn.T + placement.shift
        away, ground = np.zeros_like(hips), None
        if root_motion == IN_PLACE:
            away[:, :2] = hips[:, :2] - _Rest(character).head(character.hips)[:2]
        elif root_motion != ON_HIPS:
            turn = pose.turns[character.hips]
            turn = multiply(np.broadcast_to(own, turn.shape), turn)
            ground = _ground(character, turn, hips, placement, root_motion == ON_ROOT_TURNING, root)
        return ControlSpace(placement, own, away, ground, matrix_to_quaternion(character.turn))

    def place(self, places: np.ndarray) -> np.ndarray:
        """Places in the player's space (T, 3), in the world with the root at rest."""
        world = places @ self.placement.turn.T + self.placement.shift - self.away
        return world if self.ground is None else _brought_back(self.ground)(world)

    def turn(self, turn: np.ndarray) -> np.ndarray:
        """A bone's rotation from rest in the player's space (T, 4), in the world with the root at rest."""
        turned = multiply(np.broadcast_to(self.own, turn.shape), turn)
        turned = turned if self.ground is None else multiply(_yaw(-self.ground[0]), turned)
        return multiply(turned, np.broadcast_to(self.standard, turn.shape))

    def root(self, axes: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Rotation (T, 4) and location (T, 3) of the root's control, of these rest axes (3, 3)."""
        assert self.ground is not None
        angle, place, pivot = self.ground
        return local_turn(axes, _yaw(angle), None), (place - pivot) @ axes / scale


def local_turn(axes: np.ndarray, turn: np.ndarray, carrier: np.ndarray | None) -> np.ndarray:
    """A rotation from rest (T, 4) in the axes (3, 3) of its bone, seen from what carries it (T, 4), if that moves."""
    own = np.broadcast_to(matrix_to_quaternion(axes), turn.shape)
    seen = turn if carrier is None else multiply(quaternion_conjugate(carrier), turn)
    return multiply(multiply(quaternion_conjugate(own), seen), own)


class _Rest:
    """The character's rest pose where it is in the world, as quaternions."""

    def __init__(self, character: Character) -> None:
        self.character = character
        self.turn = matrix_to_quaternion(character.turn.T)
        self.axes = matrix_to_quaternion(character.rest.axes)

    def head(self, bone: int) -> np.ndarray:
        return self.character.turn.T @ self.character.rest.heads[bone]

    def local(self, bone: int, turn: np.ndarray, turns: dict[int, np.ndarray]) -> np.ndarray:
        """A rotation from rest in the world (T, 4) in the bone's own axes, seen from what carries it."""
        rest = self.character.rest
        above = next((above for above in rest.ancestors(bone) if above in turns), -1) if rest.inherits[bone] else -1
        carrier = turns[above] if above >= 0 else np.broadcast_to(self.turn, turn.shape)
        axes = np.broadcast_to(self.axes[bone], turn.shape)
        return multiply(multiply(quaternion_conjugate(axes), multiply(quaternion_conjugate(carrier), turn)), axes)

    def location(self, bone: int, place: np.ndarray) -> np.ndarray:
        """A place in the world (T, 3) as the bone's location, where what carries it rests."""
        rest = self.character.rest
        axes = self.character.turn.T @ rest.location_axes[bone]
        return (place - self.head(bone)) @ axes / rest.scale


def _ground(
    character: Character,
    hips_turn: np.ndarray,
    hips: np.ndarray,
    placement: Placement,
    turns: bool,
    pivot: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hips' projection on the ground: turn about +Z (T,), place (T, 3) of the root, and its place at rest (3,).

    ``pivot`` (3,) is where the root bone rests; without one the place below the hips is taken.
    """
    rest = _Rest(character)
    hips_rest = rest.head(character.hips)
    pivot = np.array([*hips_rest[:2], 0.0]) if pivot is None else pivot
    faces = quaternion_to_matrix(hips_turn) @ np.array([0.0, -1.0, 0.0])
    # Counted from how the character faces at rest.
    ahead = character.turn.T @ np.array([0.0, -1.0, 0.0])
    angle = np.unwrap(np.arctan2(faces[:, 1], faces[:, 0])) - np.arctan2(ahead[1], ahead[0])
    angle = angle - 2 * np.pi * np.rint(angle[0] / (2 * np.pi)) if turns else np.zeros(len(hips))
    offset = hips_rest - pivot
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([c * offset[0] - s * offset[1], s * offset[0] + c * offset[1]], 1)
    standing = float((character.turn.T @ np.array([0, 0, character.floor]))[2])
    height = np.full(len(hips), pivot[2] - standing + placement.shift[2])
    return angle, np.concatenate([hips[:, :2] - turned, height[:, None]], 1), pivot


def _brought_back(
    ground: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Places in the world -> where they would be if the root were at rest."""
    angle, place, pivot = ground

    def back(places: np.ndarray) -> np.ndarray:
        away = places - place
        c, s = np.cos(angle), np.sin(angle)
        return pivot + np.stack([c * away[:, 0] + s * away[:, 1], c * away[:, 1] - s * away[:, 0], away[:, 2]], 1)

    return back


def _yaw(angle: np.ndarray) -> np.ndarray:
    return axis_angle_to_quaternion(np.stack([np.zeros_like(angle), np.zeros_like(angle), angle], 1))


def _shifted(places: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.concatenate([places[:, :2] + by, places[:, 2:]], 1)
