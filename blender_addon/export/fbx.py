"""FBX as Mixamo's files are: centimetres, +Y up, hips without a parent, nodes in T-pose, a clip with a name.

Blender's exporter does what there is to do with meshes, skins and curves. What it cannot: it puts an armature's node
above the skeleton, with a scale and a turn on it, and gives nodes the pose of the moment.
"""

import importlib
import struct
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import bpy
from mathutils import Matrix

from ..animation.curves import fcurves_of
from ..bpy_types import current_context
from .prepare import FIRST, Subject, transform_data

CENTIMETRES = 100.0
QUARTER = -1.5707963267948966
"""Radians about X from Blender's frame to the one that is +Y up, facing +Z."""
MIXAMO_CLIP = "mixamo.com"
"""What Mixamo calls its clips: loaders look for it."""
OBJECT, CURVE = b"OO", b"OP"
"""Kinds of connections: between objects, and from an object to another one's property."""


def write_fbx(path: str, subject: Subject, mixamo: bool) -> None:
    """Write the avatar to ``path``; ``mixamo``: its bones have Mixamo's names, and so has the clip."""
    armature, mesh = subject.armature, subject.mesh
    to_fbx = Matrix.Scale(CENTIMETRES, 4) @ Matrix.Rotation(QUARTER, 4, "X")
    transform_data(armature, mesh, to_fbx, CENTIMETRES)
    armature.matrix_world = to_fbx.inverted()
    scene: Any = current_context().scene
    scene.name = MIXAMO_CLIP if mixamo else subject.title
    rest_before(armature)
    scene.frame_set(FIRST - 1)
    encoder = importlib.import_module("io_scene_fbx.encode_bin")
    write = encoder.write

    def write_without_null(file: str, root: Any, version: int) -> None:
        _drop_null(root)
        write(file, root, version)

    with patch.object(encoder, "write", write_without_null):
        export_baked(path)


def export_baked(path: str) -> None:
    """Export what is selected: no leaf bones, no extra actions, every frame as it is, pictures in the file itself."""
    bpy.ops.export_scene.fbx(
        filepath=path, use_selection=True, object_types={"ARMATURE", "MESH", "EMPTY"}, add_leaf_bones=False,
        bake_anim=True, bake_anim_use_all_actions=False, bake_anim_use_nla_strips=False,
        bake_anim_simplify_factor=0.0, use_mesh_modifiers=False, path_mode="COPY", embed_textures=True,
    )  # fmt: skip


def rest_before(armature: Any) -> None:
    """The rest pose in the frame before the first: it is shown while the nodes are written, and is not in the clip."""
    for fcurve in fcurves_of(armature):
        if fcurve.data_path.startswith("pose.bones["):
            kind = fcurve.data_path.rpartition(".")[2]
            one = kind == "scale" or (kind == "rotation_quaternion" and fcurve.array_index == 0)
            fcurve.keyframe_points.insert(FIRST - 1, float(one)).interpolation = "CONSTANT"
            fcurve.update()


def _drop_null(root: Any) -> None:
    """Take the armature's node out of a file's elements: what hung below it hangs below the scene."""
    objects, connections, poses = (_child(root, name) for name in (b"Objects", b"Connections", b"Objects"))
    null = next(_number(item) for item in objects.elems if item.id == b"Model" and _text(item, 2) == b"Null")
    gone = {null}
    for kinds in ((OBJECT, CURVE), (CURVE,)):  # Attribute and curve nodes of the node, then the nodes' curves.
        models = {_number(item) for item in objects.elems if item.id == b"Model"}
        gone |= {_number(c, 1) for c in connections.elems
                 if _text(c, 0) in kinds and _number(c, 2) in gone and _number(c, 1) not in models}  # fmt: skip
    left_out = [item for item in objects.elems if item.props and _number(item) in gone]
    objects.elems = [item for item in objects.elems if item not in left_out]
    connections.elems = [c for c in connections.elems if _number(c, 1) not in gone]
    for connection in connections.elems:
        if _number(connection, 2) == null:
            connection.props[2] = struct.pack("<q", 0)
    for pose in (item for item in poses.elems if item.id == b"Pose"):
        nodes = [item for item in pose.elems if item.id == b"PoseNode"]
        lost = [item for item in nodes if _number(_child(item, b"Node")) == null]
        pose.elems = [item for item in pose.elems if item not in lost]
        _child(pose, b"NbPoseNodes").props[0] = struct.pack("<i", len(nodes) - len(lost))
    _count_again(_child(root, b"Definitions"), [item.id for item in left_out])


def _count_again(definitions: Any, left_out: list[bytes]) -> None:
    """Correct how many objects of each kind a file says that it has."""
    total = _child(definitions, b"Count")
    total.props[0] = struct.pack("<i", struct.unpack("<i", total.props[0])[0] - len(left_out))
    for kind in (item for item in definitions.elems if item.id == b"ObjectType"):
        count = _child(kind, b"Count")
        fewer = left_out.count(_text(kind, 0))
        count.props[0] = struct.pack("<i", struct.unpack("<i", count.props[0])[0] - fewer)


def _children(element: Any, name: bytes) -> Iterator[Any]:
    return (item for item in element.elems if item.id == name)


def _child(element: Any, name: bytes) -> Any:
    return next(_children(element, name))


def _number(element: Any, place: int = 0) -> int:
    """A property that is a 64-bit number."""
    return struct.unpack("<q", element.props[place])[0]


def _text(element: Any, place: int) -> bytes:
    """A property that is text: its length comes first."""
    return element.props[place][4:]
