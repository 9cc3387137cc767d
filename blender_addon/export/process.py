"""The other Blender: what it is given, how it is started, what it answers."""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ...model_core.errors import InputError
from ..animation.curves import use_action
from ..animation.timing import scene_fps
from ..avatar.bake import take_frames
from ..avatar.uncertainty import modifier_of, read_uncertainty
from ..avatar.uncertainty_nodes import colour_scale
from ..bpy_types import ArmatureObject, MeshObject, Scene
from ..i18n.messages import message, temporary_refusal

SCRIPT = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class AvatarCopy:
    """What is written: ``armature`` plays ``action`` alone; ``betas`` (10,) and ``body_path`` say whose body it is."""

    armature: ArmatureObject
    mesh: MeshObject | None
    action: bpy.types.Action
    betas: Sequence[float]
    body_path: str


@dataclass(frozen=True)
class CharacterCopy:
    """What is written of a character of the user's own: ``armature``, which plays the take's action, and the
    ``others``: what it moves and what it hangs from."""

    armature: ArmatureObject
    others: Sequence[bpy.types.Object]


@dataclass(frozen=True)
class Choices:
    """How it is written: ``bone_names`` of ``bone_names.NAMES``; ``layout`` of ``amass_writer.LAYOUTS``, for npz;
    ``uncertainty``: whether to write it where the format can hold it."""

    bone_names: str
    layout: str
    uncertainty: bool


class Export:
    """An export under way. ``poll`` until the file is there, whole, or ``InputError`` says why it is not."""

    def __init__(
        self, kind: str, path: Path, copied: AvatarCopy | CharacterCopy, scene: Scene, choices: Choices
    ) -> None:
        """``kind`` of ``writers.WRITERS`` into ``path``: the avatar, as the ``choices`` say; or of
        ``character_file.WRITERS`` a character.

        Raises ``InputError`` where the action lacks a curve that a motion has, or where what the other Blender needs
        cannot be written.
        """
        self.path = path
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="threepoint-export-", dir=bpy.app.tempdir or None)
        except OSError as error:
            raise InputError(temporary_refusal(bpy.app.tempdir, error)) from None
        folder = Path(self._folder.name)
        job: dict[str, Any] = {
            "kind": kind, "path": str(path), "blend": str(folder / "copied.blend"),
            "fps": [scene.render.fps, scene.render.fps_base], "rate": scene_fps(scene),
        }  # fmt: skip
        try:
            if isinstance(copied, CharacterCopy):
                job |= _save_character(job["blend"], copied)
            else:
                job |= _save_avatar_job(folder, job["blend"], copied, scene, choices)
            (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        except OSError as error:
            self._folder.cleanup()
            raise InputError(temporary_refusal(folder, error)) from None
        try:
            self._process = start_blender(folder)
        except OSError as error:
            self._folder.cleanup()
            raise self._refusal(str(error)) from None

    def poll(self) -> bool:
        """Whether the file is there. Raises ``InputError`` where it will never be."""
        status = self._process.poll()
        if status is None:
            return False
        answer = Path(self._folder.name) / "answer.json"
        reason = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else self._last_line(status)
        self._folder.cleanup()
        if reason:
            part_of(self.path).unlink(missing_ok=True)  # Of a Blender that was ended.
            raise self._refusal(reason)
        return True

    def wait(self) -> None:
        """Block until the file is there."""
        self._process.wait()
        self.poll()

    def cancel(self) -> None:
        """Stop it; nothing of the file is left."""
        self._process.kill()
        self._process.wait()
        part_of(self.path).unlink(missing_ok=True)
        self._folder.cleanup()

    def _refusal(self, reason: str) -> InputError:
        return InputError(message("{path}: could not be written ({reason})", path=self.path, reason=reason))

    def _last_line(self, status: int) -> str:
        lines = (Path(self._folder.name) / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else str(status)


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole: beside it, so that it can take its place."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


def start_blender(folder: Path) -> subprocess.Popen:
    """Another Blender that does ``job.json`` of a folder, writes its answer and its log there and ends.

    It has a user's folder of its own: one that is started without the user's preferences takes the wheels of all
    their extensions for left over, and would delete them from the folder that it shares with this one.
    """
    resources = folder / "user"
    resources.mkdir()
    with open(folder / "log.txt", "wb") as log:
        return subprocess.Popen(
            [*blender_command(), str(folder / "job.json")], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**clean_environment(), "BLENDER_USER_RESOURCES": str(resources)}, **OWN_PROCESS,
        )  # fmt: skip


def blender_command() -> list[str]:
    """The command that runs ``child.py`` in another Blender of this kind."""
    if not bpy.app.binary_path:  # Blender as a module.
        return command(sys.executable, SCRIPT)
    return [bpy.app.binary_path, "--background", "--factory-startup", "--python", str(SCRIPT), "--"]


def _save_avatar_job(folder: Path, blend: str, avatar: AvatarCopy, scene: Scene, choices: Choices) -> dict[str, Any]:
    """Save an avatar; what the other Blender has to know of it."""
    frames = take_frames(avatar.armature, avatar.action)
    job = {
        "title": avatar.action.name, "frames": [scene.frame_start, scene.frame_end], "betas": list(avatar.betas),
        "body": avatar.body_path, "bone_names": choices.bone_names, "layout": choices.layout,
    }  # fmt: skip
    job |= _save_uncertainty(folder, avatar.mesh if choices.uncertainty else None, frames)
    return job | _save_avatar(blend, avatar.armature, avatar.mesh, avatar.action)


def _save_character(blend: str, character: CharacterCopy) -> dict[str, Any]:
    """Save a character as it is; what the other Blender has to know of it."""
    items, animation = [character.armature, *character.others], character.armature.animation_data
    assert animation is not None and animation.action is not None
    bpy.data.libraries.write(blend, set(items), fake_user=True, path_remap="ABSOLUTE")
    return {"title": animation.action.name, "items": [item.name for item in items]}


def _save_uncertainty(folder: Path, mesh: MeshObject | None, frames: np.ndarray) -> dict[str, Any]:
    """Write how sure a take is at its ``frames`` (n,) into a file; its path, and the colours that show it."""
    found = read_uncertainty(mesh, frames) if mesh is not None else None
    if mesh is None or found is None:
        return {"uncertainty": ""}
    path = folder / "uncertainty.npz"
    arrays = io.BytesIO()  # What np.savez leaves of a file that cannot be written complains when it is forgotten.
    np.savez(arrays, probes=found.probes, index=found.index, weight=found.weight)
    path.write_bytes(arrays.getbuffer())
    colours, low, high = colour_scale(modifier_of(mesh))
    return {"uncertainty": str(path), "colours": colours, "range": [low, high]}


def _save_avatar(
    path: str, armature: ArmatureObject, mesh: MeshObject | None, action: bpy.types.Action
) -> dict[str, str | None]:
    """Write copies of armature and mesh, standing alone, with one action into a .blend; their names there.

    The originals cannot be written: they point at their person, and that at everybody's actions.
    """
    rig: Any = armature.copy()
    skin: Any = mesh.copy() if mesh is not None else None
    try:
        rig.threepoint.root = rig.parent = None
        rig.matrix_world = armature.matrix_world
        animation = rig.animation_data or rig.animation_data_create()
        animation.use_tweak_mode = False
        for track in list(animation.nla_tracks):
            animation.nla_tracks.remove(track)
        use_action(rig, action)
        if skin is not None:
            skin.threepoint.root = None
            for pointer in [name for name, value in skin.items() if isinstance(value, bpy.types.ID)]:
                del skin[pointer]
            skin.parent = rig
            for modifier in list(skin.modifiers):
                if modifier.type == "ARMATURE" and modifier.object == armature:
                    modifier.object = rig
                elif modifier.type == "NODES":  # Colours of uncertainty, which no format takes.
                    skin.modifiers.remove(modifier)
        names = {"armature": rig.name, "mesh": skin.name if skin is not None else None}
        bpy.data.libraries.write(path, {rig, skin} - {None}, fake_user=True)
        return names | {"armature_name": armature.name, "mesh_name": mesh.name if mesh is not None else None}
    finally:
        for item in (skin, rig):
            if item is not None:
                bpy.data.objects.remove(item)
