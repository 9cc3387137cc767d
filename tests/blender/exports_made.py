"""What tests of exports have in common: an avatar in every format, and where bones are in a scene."""

import bpy
import numpy as np

from threepoint.blender_addon.export.process import Choices, Export
from threepoint.model_core.geometry.skeleton import JOINT_NAMES

KINDS = {"FBX": ".fbx", "GLTF": ".glb", "BVH": ".bvh", "USD": ".usdc", "VRMA": ".vrma", "NPZ": ".npz"}
RATE = (30, 1.001)
"""Blender's numbers of 29.97 frames a second."""
BEGINS, SCENE_ENDS = 12, 40
"""The take begins after the scene's first frame, and the scene ends before the take does."""
SECONDS = 1.5


def written(avatar, scene, folder, names="MIXAMO", kinds=KINDS):
    """Every kind at once, each by a Blender of its own; their paths."""

    paths = {kind: folder / f"walk{KINDS[kind]}" for kind in kinds}
    begun = []
    for kind, path in paths.items():
        choices = Choices(names, "SMPLH", kind in ("GLTF", "USD", "NPZ"))
        begun.append(Export(kind, path, avatar, scene, choices))
    for one in begun:
        one.wait()
    return paths


def looked_at(avatar, frames, names=None):
    """World and own positions of bones (T, J, 3), and the mesh's bounds (T, 2, 3), at scene frames."""
    joints, own, skin = [], [], []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame), subframe=float(frame % 1))
        graph = bpy.context.evaluated_depsgraph_get()
        posed = avatar.armature.evaluated_get(graph)
        heads = [posed.pose.bones[name].head for name in names or JOINT_NAMES]
        own.append([list(head) for head in heads])
        joints.append([list(posed.matrix_world @ head) for head in heads])
        if avatar.mesh is not None:
            skinned = avatar.mesh.evaluated_get(graph)
            points = np.empty(3 * len(skinned.data.vertices), np.float32)
            skinned.data.vertices.foreach_get("co", points)
            matrix = np.array(skinned.matrix_world)
            places = points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
            skin.append([places.min(0), places.max(0)])
    return np.array(joints), np.array(own), np.array(skin)
