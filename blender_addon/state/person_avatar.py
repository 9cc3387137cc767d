"""A person's avatar: made for a motion's shape, rigged and coloured as the person's settings say."""

from functools import lru_cache
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...model_core.body import load_body
from ...model_core.body.model import Body
from ...model_core.calibration import PRESETS
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ..avatar.armature import bone_matrices, create_avatar
from ..avatar.bake import set_rotation_order
from ..avatar.bone_names import rename_bones
from ..avatar.contacts import rings_of
from ..avatar.correctives import add_correctives, remove_correctives
from ..avatar.hands import HOLDING, RELAXED
from ..avatar.shape_keys import key_of
from ..avatar.uncertainty import MODIFIER, remove_uncertainty
from ..avatar.uncertainty_nodes import set_range
from ..bpy_types import Modifier
from ..i18n.messages import message
from ..trackers.empties import device_of
from .takes import actions_of, remove_takes

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

SAME_SHAPE = 1e-3
"""Betas that differ by less are one person's: the avatar is kept."""


@lru_cache(maxsize=4)
def body_of(path: str) -> Body:
    """The body in a file; the free one for an empty path."""
    return load_body(bpy.path.abspath(path) if path else None)


def fits(person: "THREEPOINT_PG_person", motion: Motion) -> bool:
    """Whether the person's avatar is there, of the chosen body and of the motion's shape."""
    if person.armature is None or person.mesh is None or person.built_from != person.body_path:
        return False
    return bool(np.abs(np.array(person.betas) - motion.betas).max() <= SAME_SHAPE)


def make_avatar(person: "THREEPOINT_PG_person", motion: Motion) -> None:
    """A new armature and mesh; those of another shape go, with the takes that fitted them."""
    _remove_avatar(person)
    collection = person.head.users_collection[0] if person.head is not None else None
    body = body_of(person.body_path)
    avatar = create_avatar(body, motion.betas, person.name, collection, person.correctives)
    person.armature, person.mesh = avatar.armature, avatar.mesh
    person.betas = [float(beta) for beta in motion.betas]
    person.built_from = person.body_path
    person.has_correctives = body.pose_directions is not None
    name_bones(person)
    order_rotations(person)
    pose_hands(person)


def _remove_avatar(person: "THREEPOINT_PG_person") -> None:
    if person.mesh is not None:
        remove_uncertainty(person.mesh)
    rings = rings_of(person.armature) if person.armature is not None else []
    for item in (*rings, person.mesh, person.armature):
        if item is not None:
            bpy.data.objects.remove(item)
    remove_takes(person)


def name_bones(person: "THREEPOINT_PG_person") -> None:
    """Name the avatar's bones by the person's preset, in all takes."""
    if person.armature is not None:
        rename_bones(person.armature, person.bone_names, actions_of(person))


def pose_hands(person: "THREEPOINT_PG_person") -> None:
    """Close, relax or flatten the avatar's fingers as the person's settings say."""
    choice = person.hand_pose
    if choice == "AUTO":
        objects = {"left_hand": person.left_hand, "right_hand": person.right_hand}
        seen = device_of({role: item for role, item in objects.items() if item is not None})
        device = seen if person.preset == "AUTO" else person.preset
        choice = "HOLDING" if device in PRESETS else "RELAXED"
    for name, pose in ((RELAXED, "RELAXED"), (HOLDING, "HOLDING")):
        key = key_of(person.mesh, name)
        if key is not None:
            key.value = float(choice == pose)


def order_rotations(person: "THREEPOINT_PG_person") -> None:
    """Let the avatar's bones rotate in the person's rotation order, in all takes."""
    if person.armature is not None:
        set_rotation_order(person.armature, person.rotation_order, actions_of(person))


def apply_correctives(person: "THREEPOINT_PG_person") -> None:
    """Add the body's pose correctives to the avatar's mesh or take them away. Raises ``InputError``."""
    if person.mesh is None or person.armature is None:
        return
    remove_correctives(person.mesh)
    if person.correctives:
        body = body_of(person.built_from)
        if len(body.template) != len(person.mesh.data.vertices):
            raise InputError(
                message(
                    "{mesh}: is no longer the mesh of its body; predict again to make a new one", mesh=person.mesh.name
                )
            )
        add_correctives(person.mesh, person.armature, body, bone_matrices(person.armature))


def show_colours(person: "THREEPOINT_PG_person") -> None:
    """Bring the modifier in line with what the person's colour settings say."""
    if person.mesh is None:
        return
    modifier: Modifier = person.mesh.modifiers.get(MODIFIER)
    if modifier is not None:
        modifier.show_viewport = modifier.show_render = person.colours
        set_range(modifier, person.low, max(person.high, person.low + 0.1))
        person.mesh.update_tag()
