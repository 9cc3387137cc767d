"""What a glTF by Blender's exporter lacks: true seconds at every frame rate, and uncertainty that changes with time.

Blender 4.2 to 5.0 divide frames by ``fps * fps_base`` where they should by ``fps / fps_base``: at 29.97 frames a second
a file plays 0.2 % too fast.

Vertex colours cannot be animated in glTF, but morph targets can be of colours: the mean colours are ``COLOR_0``, and
targets that move no vertex add what changes, as well as so few of them can.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..motion import Uncertainty
from .gltf_binary import Glb

VERTEX, VALUE = "_VERTEX", "_UNCERTAINTY"
"""Attributes of a vertex: its number in the mesh, which becomes its mean uncertainty in metres."""
TARGETS = 8
"""Targets by which colours change. Of a minute's play they are within 1/255 of the colours, on average."""
SEEN_FRAMES = 256
"""Frames, evenly spread, of which the targets are made."""
FRAMES_AT_ONCE = 256
SMALLEST = 1e-3
"""Of a colour: a target that adds less is left out."""


@dataclass(frozen=True)
class ColourRange:
    """The colours (n, 3), linear, of ``low`` to ``high`` metres."""

    colours: np.ndarray
    low: float
    high: float

    def of(self, metres: np.ndarray) -> np.ndarray:
        """Metres (...) -> colours (..., 3) float32."""
        place = (metres - self.low) / max(self.high - self.low, 1e-9) * (len(self.colours) - 1)
        return self.colours.astype(np.float32)[np.rint(np.clip(place, 0, len(self.colours) - 1)).astype(int)]


def set_seconds(glb: Glb, frame_count: int, fps: float, name: str) -> None:
    """Call the animation ``name``, and let its ``frame_count`` frames lie at ``frame / fps``, the first at 0."""
    animations = glb.document.get("animations", [])
    if len(animations) != 1:
        raise InputError(f"glTF: has {len(animations)} animations; should have one")
    animations[0]["name"] = name
    inputs = {sampler["input"] for sampler in animations[0]["samplers"]}
    last = max(float(glb.floats(entry)[-1, 0]) for entry in inputs)
    for entry in inputs:
        frames = np.rint(glb.floats(entry).astype(np.float64) * ((frame_count - 1) / last if last > 0 else 0))
        glb.replace(entry, frames / fps)


def free_mesh(glb: Glb) -> None:
    """Hang the skinned mesh below the scene itself: transforms above it count for nothing, and a validator warns."""
    node, _ = _skinned_mesh(glb)
    for other in glb.document["nodes"]:
        if node in other.get("children", []):
            other["children"].remove(node)
            glb.document["scenes"][0]["nodes"].append(node)


def colour_over_time(glb: Glb, uncertainty: Uncertainty, scale: ColourRange, fps: float) -> None:
    """Colour the one mesh by an ``uncertainty`` whose rows are the frames.

    The mesh's vertices have the attribute ``VERTEX``. Raises ``InputError`` where there is no such mesh.
    """
    node, mesh = _skinned_mesh(glb)
    (primitive,) = mesh["primitives"]
    attributes = primitive["attributes"]
    if VERTEX not in attributes:
        raise InputError(f"glTF: the mesh's vertices have no {VERTEX}")
    numbers = np.rint(glb.floats(attributes[VERTEX])[:, 0]).astype(int)
    mixed = Uncertainty(uncertainty.probes, uncertainty.index[numbers], uncertainty.weight[numbers])
    values = uncertainty.probes.astype(np.float32)
    seen = values[np.unique(np.linspace(0, len(values) - 1, SEEN_FRAMES).astype(int))]
    glb.replace(attributes[VERTEX], metres_of(mixed, seen).mean(0))
    attributes[VALUE] = attributes.pop(VERTEX)
    colours = scale.of(metres_of(mixed, seen)).reshape(len(seen), -1)
    mean = colours.mean(0)
    targets = _targets(colours - mean)
    attributes["COLOR_0"] = glb.add(mean.reshape(-1, 3), is_vertices=True)
    weights = _weights(mixed, scale, mean, targets)
    _add_targets(glb, primitive, mesh, node, targets, weights, fps)


def _skinned_mesh(glb: Glb) -> tuple[int, dict[str, Any]]:
    nodes = [(number, node) for number, node in enumerate(glb.document["nodes"]) if "mesh" in node]
    if len(nodes) != 1 or len(glb.document["meshes"][nodes[0][1]["mesh"]]["primitives"]) != 1:
        raise InputError(f"glTF: has {len(nodes)} meshes; should have one of one part")
    return nodes[0][0], glb.document["meshes"][nodes[0][1]["mesh"]]


def metres_of(uncertainty: Uncertainty, probes: np.ndarray) -> np.ndarray:
    """Metres (n, V) float32 of all vertices, of probe values (n, P)."""
    metres = np.zeros((len(probes), len(uncertainty.index)), np.float32)
    for index, weight in zip(uncertainty.index.T, uncertainty.weight.T, strict=True):
        metres += probes[:, index] * weight
    return metres


def _targets(changes: np.ndarray) -> np.ndarray:
    """The directions (n, 3 V) in which colours change most, as long as the change is."""
    # The small matrix of the frames' products has the same singular vectors as the large one of colours.
    square, vectors = np.linalg.eigh(changes @ changes.T)
    order = np.argsort(-square)[:TARGETS]
    directions = vectors[:, order].T @ changes
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    largest = np.abs(directions).max(1, initial=0)
    return (directions / np.maximum(length, 1e-12))[largest > SMALLEST] if len(changes) > 1 else directions[:0]


def _weights(uncertainty: Uncertainty, scale: ColourRange, mean: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How much (T, n) of each target there is in each frame."""
    parts = []
    for first in range(0, len(uncertainty.probes), FRAMES_AT_ONCE):
        colours = scale.of(metres_of(uncertainty, uncertainty.probes[first : first + FRAMES_AT_ONCE]))
        parts.append((colours.reshape(len(colours), -1) - mean) @ targets.T)
    return np.concatenate(parts)


def _add_targets(
    glb: Glb, primitive: dict[str, Any], mesh: dict[str, Any], node: int, targets: np.ndarray, weights: np.ndarray,
    fps: float,
) -> None:  # fmt: skip
    if not len(targets):
        return
    # Weights from -1 to 1: some programs show no others.
    largest = np.maximum(np.abs(weights).max(0), 1e-9)
    targets, weights = targets * largest[:, None], weights / largest
    before = primitive.setdefault("targets", [])
    zeros = glb.add(np.zeros((targets.shape[1] // 3, 3)), is_vertices=True)
    for target in before:
        target["COLOR_0"] = zeros
    held = list(mesh.get("weights", [0.0] * len(before)))
    names = mesh.setdefault("extras", {}).setdefault("targetNames", [f"target_{k}" for k in range(len(before))])
    for number, target in enumerate(targets):
        colours = glb.add(target.reshape(-1, 3), is_vertices=True)
        before.append({"POSITION": zeros, "COLOR_0": colours})
        names.append(f"uncertainty_{number}")
    if any("NORMAL" in target for target in before):
        for target in before:
            target.setdefault("NORMAL", zeros)
    mesh["weights"] = [*held, *[0.0] * len(targets)]
    animation = glb.document["animations"][0]
    seconds = glb.add(np.arange(len(weights)) / fps)
    all_weights = np.concatenate([np.tile(np.array(held, np.float32), (len(weights), 1)), weights], 1)
    animation["samplers"].append({"input": seconds, "output": glb.add(all_weights.ravel()), "interpolation": "LINEAR"})
    animation["channels"].append(
        {"sampler": len(animation["samplers"]) - 1, "target": {"node": node, "path": "weights"}}
    )
