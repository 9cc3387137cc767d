"""USD through Blender's exporter, and what that leaves out: uncertainty over time, on the mesh's vertices.

Of a skinned mesh Blender writes attributes once. Blender 4.4 and newer bring USD's own library along, which adds
samples of them in time.
"""

import importlib
import importlib.util
from typing import Any

import bpy
import numpy as np

from ...model_core.exports.gltf_finish import ColourRange, metres_of
from ...model_core.motion import Uncertainty
from ..avatar.uncertainty import MEAN_PROPERTY, mean_centimetres
from ..avatar.uncertainty_nodes import VALUE
from .prepare import FIRST, Subject

SAMPLES_A_SECOND, MOST_SAMPLES = 4.0, 240
"""Of the values of all vertices, between which USD interpolates: each sample takes as much room as the mesh itself."""


def write_usd(path: str, subject: Subject, uncertainty: Uncertainty | None, scale: ColourRange | None) -> None:
    """Write the avatar to ``path``; where ``uncertainty`` (a row a frame) is given, coloured by ``scale`` over time."""
    if not has_library():
        uncertainty = None
    if uncertainty is not None:
        _apply_shape_keys(subject.mesh)
    bpy.ops.wm.usd_export(filepath=path, selected_objects_only=True, export_animation=True, export_armatures=True)
    if uncertainty is not None and scale is not None:
        _add_uncertainty(path, subject, uncertainty, scale)


def has_library() -> bool:
    """Whether this Blender brings USD's own library along."""
    if hasattr(bpy.utils, "expose_bundled_modules"):
        bpy.utils.expose_bundled_modules()
    return importlib.util.find_spec("pxr") is not None


def _apply_shape_keys(mesh: Any) -> None:
    """Give vertices the places that shape keys show: Blender reads no keys of a mesh whose colours change."""
    if mesh.data.shape_keys is None:
        return
    mixed = mesh.shape_key_add(name="mixed", from_mix=True)
    points = np.empty(3 * len(mesh.data.vertices), np.float32)
    mixed.data.foreach_get("co", points)
    mesh.shape_key_clear()
    mesh.data.vertices.foreach_set("co", points)
    mesh.data.update()


def _add_uncertainty(path: str, subject: Subject, uncertainty: Uncertainty, scale: ColourRange) -> None:
    usd, geometry, kinds, arrays = (importlib.import_module(f"pxr.{name}") for name in ("Usd", "UsdGeom", "Sdf", "Vt"))
    stage: Any = usd.Stage.Open(path)
    mesh = next(prim for prim in stage.Traverse() if prim.IsA(geometry.Mesh))
    primvars = geometry.PrimvarsAPI(mesh)
    types, vertex = kinds.ValueTypeNames, geometry.Tokens.vertex
    colours = primvars.CreatePrimvar("displayColor", types.Color3fArray, vertex)
    values = primvars.CreatePrimvar(VALUE, types.FloatArray, vertex)
    seconds = (subject.frame_count - 1) / subject.motion.fps
    count = int(np.clip(np.ceil(seconds * SAMPLES_A_SECOND) + 1, 1, min(MOST_SAMPLES, subject.frame_count)))
    for row in np.unique(np.rint(np.linspace(0, subject.frame_count - 1, count)).astype(int)).tolist():
        metres = metres_of(uncertainty, uncertainty.probes[row : row + 1])[0]
        values.Set(arrays.FloatArray.FromNumpy(metres), FIRST + row)
        colours.Set(arrays.Vec3fArray.FromNumpy(scale.of(metres)), FIRST + row)
    mean = mesh.CreateAttribute(f"userProperties:{MEAN_PROPERTY}", types.Float)
    for row, centimetres in enumerate(mean_centimetres(uncertainty, uncertainty.probes).tolist()):
        mean.Set(centimetres, FIRST + row)
    stage.GetRootLayer().Save()
