"""A clip as a VRM animation, .vrma: a glTF binary whose nodes are humanoid bones in T-pose (numpy only).

https://github.com/vrm-c/vrm-specification/tree/master/specification/VRMC_vrm_animation-1.0: +Y up, facing +Z, metres;
bones turn, and the hips move. A player of VRM scales the hips' path by the height of its own hips.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..geometry.rotations import make_continuous
from .clip import SkeletonClip
from .gltf_binary import Glb

EXTENSION, VERSION = "VRMC_vrm_animation", "1.0"
REQUIRED = (
    "hips", "spine", "head", "leftUpperArm", "leftLowerArm", "leftHand", "rightUpperArm", "rightLowerArm", "rightHand",
    "leftUpperLeg", "leftLowerLeg", "leftFoot", "rightUpperLeg", "rightLowerLeg", "rightFoot",
)  # fmt: skip
"""Bones that every humanoid has."""
XYZW = [1, 2, 3, 0]


def write_vrma(path: Path | str, clip: SkeletonClip, humanoid: Mapping[str, int], name: str) -> None:
    """Write a clip called ``name`` to ``path``. ``humanoid``: VRM's name of a bone -> joint; the hips are the root.

    Joints that are no humanoid bones are left out, and so must be all below them. Raises ``InputError``.
    """
    missing = [bone for bone in REQUIRED if bone not in humanoid]
    if missing or humanoid["hips"] != 0:
        raise InputError(f"{path}: a VRM animation needs the bones {', '.join(missing) or 'hips as the root'}")
    joints = sorted(humanoid.values())
    nodes = {joint: number for number, joint in enumerate(joints)}
    bones = {joint: bone for bone, joint in humanoid.items()}
    entries: list[dict[str, Any]] = []
    for joint in joints:
        entry: dict[str, Any] = {"name": bones[joint], "translation": clip.offsets[joint].tolist()}
        children = [nodes[child] for child in clip.children(joint) if child in nodes]
        entries.append(entry | ({"children": children} if children else {}))
    glb = Glb({
        "asset": {"version": "2.0", "generator": "Threepoint"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": entries, "extensionsUsed": [EXTENSION],
        "extensions": {EXTENSION: {
            "specVersion": VERSION,
            "humanoid": {"humanBones": {bone: {"node": nodes[joint]} for bone, joint in humanoid.items()}},
        }},
    })  # fmt: skip
    seconds = glb.add(np.arange(len(clip.translation)) / clip.fps)
    rotations = make_continuous(clip.rotations.astype(np.float64))
    outputs = [(nodes[joint], "rotation", glb.add(rotations[:, joint][:, XYZW])) for joint in joints]
    outputs.append((0, "translation", glb.add(clip.translation)))
    glb.document["animations"] = [{
        "name": name,
        "samplers": [{"input": seconds, "output": output, "interpolation": "LINEAR"} for _, _, output in outputs],
        "channels": [
            {"sampler": sampler, "target": {"node": node, "path": kind}}
            for sampler, (node, kind, _) in enumerate(outputs)
        ],
    }]  # fmt: skip
    glb.write(path)
