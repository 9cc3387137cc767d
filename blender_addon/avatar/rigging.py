"""A person's avatar: made for a motion's shape, and rigged as the person's settings say."""

from functools import lru_cache

import bpy
import numpy as np

from ...model_core.body import load_body
from ...model_core.errors import InputError
from .armature import bone_matrices, create_avatar
from .bake import set_rotation_order
from ..characters.bone_names import rename_bones
from .contacts import rings_of
from .correctives import add_correctives, remove_correctives
from .uncertainty import remove_uncertainty

SAME_SHAPE = 1e-3
"""Betas that differ by less are one person's: the avatar is kept."""


@lru_cache(maxsize=4)
def body_of(path):
    """The body in a file; the free one for an empty path."""
    return load_body(bpy.path.abspath(path) if path else None)


def fits(person, motion):
    """Whether the person's avatar is there, of the chosen body and of the motion's shape."""
    if person.armature is None or person.mesh is None or person.built_from != person.body_path:
        return False
    return np.abs(np.array(person.betas) - motion.betas).max() <= SAME_SHAPE


def make_avatar(person, motion):
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


def _remove_avatar(person):
    if person.mesh is not None:
        remove_uncertainty(person.mesh)
    rings = rings_of(person.armature) if person.armature is not None else []
    for item in (*rings, person.mesh, person.armature):
        if item is not None:
            bpy.data.objects.remove(item)
    for take in person.takes:
        if take.action is not None:
            take.action.use_fake_user = False
    person.takes.clear()


def name_bones(person):
    """Name the avatar's bones by the person's preset, in all takes."""
    if person.armature is not None:
        rename_bones(person.armature, person.bone_names, _actions(person))


def order_rotations(person):
    """Let the avatar's bones turn in the person's rotation order, in all takes."""
    if person.armature is not None:
        set_rotation_order(person.armature, person.rotation_order, _actions(person))


def apply_correctives(person):
    """Add the body's pose correctives to the avatar's mesh or take them away. Raises ``InputError``."""
    if person.mesh is None or person.armature is None:
        return
    remove_correctives(person.mesh)
    if person.correctives:
        body = body_of(person.built_from)
        if len(body.template) != len(person.mesh.data.vertices):
            raise InputError(f"{person.mesh.name}: is no longer the mesh of its body; predict again to make a new one")
        add_correctives(person.mesh, person.armature, body, bone_matrices(person.armature))


def _actions(person):
    return [take.action for take in person.takes if take.action is not None]
