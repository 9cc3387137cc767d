"""The one way by which a motion comes onto a character, for the button, the command line and the evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.motion import Motion
from ..animation.timing import frames_to_seconds
from ..avatar.bake import action_frames, interpolate_motion
from ..avatar.contacts import foot_contacts
from ..bpy_types import ArmatureObject, Scene
from .baking import write_channels
from .channels import Channels, Placement, channels_of
from .character import Character, character_of
from .choices import Choices
from .player import Player, player_of
from .reading import read_rest
from .transfer import CharacterPose, transfer


@dataclass(frozen=True)
class Carried:
    """A motion on a character: who moved, who moves now and how, and the scene's ``frames`` (T,)."""

    player: Player
    character: Character
    pose: CharacterPose
    channels: Channels
    frames: np.ndarray


def carry(
    motion: Motion, body: Body, armature: ArmatureObject, bones: Mapping[str, str], scene: Scene, choices: Choices,
    placement: Placement,
) -> Carried:  # fmt: skip
    """A motion, whose second 0 is the scene's first frame, on the armature whose ``bones`` are known. Writes nothing.

    Raises ``InputError`` where the bones do not make a character.
    """
    frames = action_frames(motion, scene)
    player = player_of(at_frames(motion, frames, scene), body)
    character = character_of(read_rest(armature), bones)
    pose = transfer(player, character, choices)
    return Carried(player, character, pose, channels_of(character, pose, placement, choices.root), frames)


def at_frames(motion: Motion, frames: np.ndarray, scene: Scene) -> Motion:
    """A motion at whole frames of the scene (T,), its contacts those that its avatar shows."""
    seconds = frames_to_seconds(frames, scene)
    rotations, translation = interpolate_motion(motion, seconds)
    standing = foot_contacts(motion, seconds)
    contacts = None if standing is None else np.concatenate([standing, standing], 1).astype(np.float32)
    fps = scene.render.fps / scene.render.fps_base
    return replace(motion, rotations=rotations, translation=translation, contacts=contacts, fps=fps,
                   start=float(seconds[0]), uncertainty=None)  # fmt: skip


def write_carried(armature: ArmatureObject, action: bpy.types.Action, carried: Carried) -> None:
    """Key it in an action of the armature, in place of what the action held of these bones."""
    write_channels(armature, action, carried.character, carried.channels, carried.frames)
