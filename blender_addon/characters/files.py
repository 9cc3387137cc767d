"""A character out of a file: ``.blend``, ``.glb``, ``.gltf``, ``.vrm`` or ``.fbx``."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, cast

import bpy

from ...model_core.command_line.animate_arguments import CHARACTER_SUFFIXES
from ...model_core.errors import InputError
from ...model_core.untrusted.budgets import read_bytes
from ..bpy_types import ArmatureObject, Scene, current_context
from ..i18n.messages import message

SUFFIXES = CHARACTER_SUFFIXES


def import_character(path: Path, scene: Scene) -> ArmatureObject:
    """Bring a file's character into the scene; its armature. Raises ``InputError`` where there is none, or several."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(message("{path}: is no character; it should be one of {suffixes}", path=path.name,
                                 suffixes=", ".join(SUFFIXES)))  # fmt: skip
    if not path.is_file():
        raise InputError(message("{path}: there is no such file", path=path))
    before = set(bpy.data.objects)
    render: Any = scene.render
    time = render.fps, render.fps_base, scene.frame_start, scene.frame_end, scene.frame_current
    try:
        _load(path, scene)
        current_context().view_layer.update()
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InputError(message("{path}: cannot be read ({reason})", path=path.name, reason=reason)) from error
    # Importers set the scene's frame rate and range to their file's.
    render.fps, render.fps_base, scene.frame_start, scene.frame_end = time[:4]
    scene.frame_set(time[4])
    new: list[Any] = [item for item in bpy.data.objects if item not in before]
    armatures = [item for item in new if item.type == "ARMATURE"]
    if not armatures:
        raise InputError(message("{path}: has no armature", path=path.name))
    # Of several, as of a generated rig beside its metarig, the one that moves most of a mesh.
    skinned = {item: sum(_moves(mesh, item) for mesh in new if mesh.type == "MESH") for item in armatures}
    return cast(ArmatureObject, max(armatures, key=lambda item: (skinned[item], len(item.data.bones))))


def _moves(mesh: Any, armature: Any) -> int:
    moved = any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in mesh.modifiers)
    return len(mesh.data.vertices) if moved else 0


def _load(path: Path, scene: Scene) -> None:
    suffix = path.suffix.lower()
    if suffix == ".blend":
        libraries: Any = bpy.data.libraries
        with libraries.load(str(path)) as (source, target):
            target.objects = list(source.objects)
        loaded: list[Any] = [item for item in target.objects if item is not None]
        bones = [bone for item in loaded if item.type == "ARMATURE" for bone in item.pose.bones]
        shapes = {bone.custom_shape for bone in bones}  # They would lie in a heap at the origin.
        for item in loaded:
            if item not in shapes and not item.users_scene:
                scene.collection.objects.link(item)
    elif suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path))
    elif suffix == ".vrm":  # The same format as .glb, which Blender's importer knows by its suffix.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"{path.stem}.glb"
            shutil.copyfile(path, copy)
            _load_gltf(copy)
    else:
        _load_gltf(path)


def _load_gltf(path: Path) -> None:
    """Import a glTF; newer Blenders would make balls of its bones, and a mesh for them."""
    importer: Any = bpy.ops.import_scene.gltf
    shapes = "disable_bone_shape" in importer.get_rna_type().properties
    importer(filepath=str(path), **({"disable_bone_shape": True} if shapes else {}))


def humanoid_in(path: Path) -> dict[str, str]:
    """What a ``.vrm`` file says of its bones: VRM's name of a human bone -> node; empty for other files."""
    if path.suffix.lower() not in (".vrm", ".glb"):
        return {}
    content = read_bytes(path)
    if content[:4] != b"glTF" or len(content) < 20:
        return {}
    size = int.from_bytes(content[12:16], "little")
    try:
        file = json.loads(content[20 : 20 + size])
        nodes, extensions = file["nodes"], file.get("extensions", {})
        if "VRMC_vrm" in extensions:
            human = extensions["VRMC_vrm"]["humanoid"]["humanBones"]
            return {role: nodes[bone["node"]]["name"] for role, bone in human.items()}
        human = extensions.get("VRM", {}).get("humanoid", {}).get("humanBones", [])
        return {bone["bone"]: nodes[bone["node"]]["name"] for bone in human}
    except (ValueError, KeyError, IndexError, TypeError):
        return {}
