"""The one way by which a motion comes onto a character, for the button, the command line and the evaluation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.skeleton import ANKLES, HIPS, KNEES, SHOULDERS
from ...model_core.motion import Motion
from ..animation.timing import frames_to_seconds
from ..avatar.bake import action_frames, interpolate_motion
from ..avatar.contacts import foot_contacts
from ..bpy_types import ArmatureObject, Scene
from ..steps import Steps, all_at_once
from .baking import writing_channels
from .bones.metarig import ORIGINAL, is_generated, own_bones
from .channels import Channels, Placement, channels_of
from .character import Character, character_of
from .choices import PLAYER, SCALED, Choices
from .hands.finger_poses import Fingers, finger_turns
from .player import Player, player_of
from .reading import read_rest
from .rigs.constraint_controls import controlled, read_controls
from .rigs.rigify_controls import control_channels
from .transfer import CharacterPose, transfer

SAME_SIZE = 1.15
"""How many times as large as the player a character may be, or as small, to hold its hands where theirs were."""


@dataclass(frozen=True)
class Carried:
    """A motion on a character: who moved, who moves now and how, and the scene's ``frames`` (T,).

    ``names``: of the bones that ``channels`` number, the armature's own; ``prefix``: what the armature's bones have
    before the names of the character's.
    """

    player: Player
    character: Character
    pose: CharacterPose
    channels: Channels
    frames: np.ndarray
    names: tuple[str, ...]
    prefix: str

    def shown_by(self, bone: int) -> str:
        """The name of the armature's bone that one of the character's is."""
        return self.prefix + self.character.rest.names[bone]


def carry(
    motion: Motion, body: Body, armature: ArmatureObject, bones: Mapping[str, str], scene: Scene, choices: Choices,
    placement: Placement, fingers: Fingers | None = None,
) -> Carried:  # fmt: skip
    """A motion, whose second 0 is the scene's first frame, on the armature whose ``bones`` are known. Writes nothing.

    Raises ``InputError`` where the bones do not make a character.
    """
    return prepare(motion, body, armature, bones, scene, choices, placement, fingers)()


def prepare(
    motion: Motion, body: Body, armature: ArmatureObject, bones: Mapping[str, str], scene: Scene, choices: Choices,
    placement: Placement, fingers: Fingers | None = None,
) -> Callable[[], Carried]:  # fmt: skip
    """``carry`` in two parts: the scene is read here; what is returned does the rest and never touches ``bpy``.

    ``fingers``: how they turn, None leaves them alone; where they move, at the motion's ``action_frames``.

    Raises ``InputError`` where the bones do not make a character.
    """
    frames = action_frames(motion, scene)
    rest = read_rest(armature)
    controls = None if is_generated(rest) else read_controls(armature, rest)
    seconds, fps = frames_to_seconds(frames, scene), scene.render.fps / scene.render.fps_base
    character = character_of(own_bones(rest), bones)

    def carried() -> Carried:
        player = player_of(_at_seconds(motion, seconds, fps), body).scaled(placement.scale)
        pose = transfer(player, character, choices)
        if fingers is not None:
            pose = replace(pose, turns={**pose.turns, **finger_turns(character, pose.turns, fingers)})
        if controls is None:
            channels = control_channels(rest, character, pose, placement, choices.root, choices.hands)
        else:
            keyed = controlled(pose, character, controls)
            channels = channels_of(character, keyed, placement, choices.root)
        return Carried(player, character, pose, channels, frames, rest.names, ORIGINAL if controls is None else "")

    return carried


def _at_seconds(motion: Motion, seconds: np.ndarray, fps: float) -> Motion:
    """A motion at the scene's frames, ``seconds`` (T,) of its clock; its contacts those that its avatar shows."""
    rotations, translation = interpolate_motion(motion, seconds)
    standing = foot_contacts(motion, seconds)
    contacts = None if standing is None else np.concatenate([standing, standing], 1).astype(np.float32)
    return replace(motion, rotations=rotations, translation=translation, contacts=contacts, fps=fps,
                   start=float(seconds[0]), uncertainty=None)  # fmt: skip


def write_carried(armature: ArmatureObject, action: bpy.types.Action, carried: Carried) -> None:
    """Key it in an action of the armature, in place of what the action held of these bones."""
    all_at_once(writing_carried(armature, action, carried))


def writing_carried(armature: ArmatureObject, action: bpy.types.Action, carried: Carried) -> Steps[None]:
    """``write_carried`` in steps, between which a window may draw."""
    yield from writing_channels(armature, action, carried.names, carried.channels, carried.frames)


def placement_of(armature: ArmatureObject) -> Placement:
    """Where an avatar's armature stands, and how large it is there."""
    world = np.array(armature.matrix_world)
    scale = float(np.linalg.norm(world[:3, :3], axis=0).mean())
    return Placement(world[:3, :3] / scale, world[:3, 3].copy(), scale)


def fitting_choice(rest_joints: np.ndarray, character: Character) -> str:
    """Where the hands of a character go unless somebody chooses: where the player's were, if it is of their size.

    ``rest_joints`` (24, 3): the player's in a T-pose, +Y up.
    """
    leg = np.linalg.norm(np.diff(rest_joints[[HIPS[0], KNEES[0], ANKLES[0]]], axis=0), axis=1).sum()
    trunk = rest_joints[SHOULDERS[0], 1] - rest_joints[HIPS[0], 1]
    heads = character.rest.heads
    own_trunk = heads[character.arms[0].upper.bone, 2] - heads[character.legs[0].upper.bone, 2]
    ratios = (character.legs[0].length / leg, own_trunk / trunk)
    return PLAYER if all(1 / SAME_SIZE < ratio < SAME_SIZE for ratio in ratios) else SCALED
