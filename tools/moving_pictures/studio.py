"""Where the moving pictures are taken: real recordings, the people found for them, and the camera."""

import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...blender_addon.bpy_types import current_context, current_scene
from ...blender_addon.quiet import quiet
from ...blender_addon.render.framing import Framing
from ...blender_addon.render.preview import Subject, render_frames
from ...blender_addon.state import people
from ...model_core.body import load_body
from ...model_core.calibration import Calibration
from ...model_core.errors import InputError
from ...model_core.geometry.frames import MODEL_TO_BLENDER
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT
from ...model_core.live.body import follow
from ...model_core.motion import Motion
from ...model_core.pipeline import Networks, Options, calibrate, load_networks, model_frame, observe, solve
from ...model_core.recordings import Recording, read
from ...model_core.sage.ensemble import members_of
from ..support.scene_file import add_takes
from .webp import read_frame

SCENE_FPS, EVERY = 30, 2
"""Of the scenes, and which of their frames a picture has."""
FILM_FPS = SCENE_FPS / EVERY


@dataclass(frozen=True)
class Played:
    """A part of a recording: the file below the folder of recordings, and seconds of its clock."""

    file: str
    begin: float
    end: float


@dataclass(frozen=True)
class Found:
    """A person in the scene, what they were found from, and what was found."""

    person: Any
    recording: Recording
    calibration: Calibration
    motion: Motion
    subject: Subject

    def joint(self, joint: int, second: float) -> np.ndarray:
        """Where a joint of SMPL's is ``second`` seconds after the motion begins: (3,) metres, the motion's frame."""
        frame = round(second * self.motion.fps)
        rest_joints = load_body().rest_joints(self.motion.betas)[:BODY_JOINT_COUNT]
        rotations = quaternion_to_matrix(self.motion.rotations[frame].astype(np.float64))
        return forward_kinematics(rotations, self.motion.translation[frame].astype(np.float64), rest_joints)[1][joint]


@dataclass(frozen=True)
class Studio:
    """The folders with real recordings and with characters, neither of which is the project's, and the networks."""

    recordings: Path
    characters: Path
    device: str = "auto"

    @cached_property
    def networks(self) -> Networks:
        """SAGE and FLAG, loaded once."""
        return load_networks(self.device)

    def recording(self, played: Played) -> Recording:
        """The part of the recording. Raises ``InputError`` where the file is not there."""
        recording = read(self._file(self.recordings, played.file, "--recordings"))
        begin = float(recording.time[0])
        return recording.part(begin + played.begin, begin + played.end)

    def character(self, file: str) -> Path:
        """The file of a character. Raises ``InputError`` where it is not there."""
        return self._file(self.characters, file, "--characters")

    @staticmethod
    def _file(folder: Path, name: str, option: str) -> Path:
        if not (folder / name).is_file():
            raise InputError(f"pictures: {folder} has no {name}; {option} names the folder that has (README: credits)")
        return folder / name

    def find(self, played: Played, options: Options | None = None) -> Found:
        """Find the body for a recording and bring the person into the current scene."""
        recording, chosen = self.recording(played), options or Options(uncertainty=False)
        placed = model_frame(recording)
        calibration = calibrate(placed, chosen, self.networks)
        motion = solve(observe(placed, calibration), calibration, chosen, self.networks)
        return self._bring(recording, calibration, motion)

    def follow(self, found: Found) -> Found:
        """The same person as they would have been shown live, each frame from those before it."""
        observation = observe(model_frame(found.recording), found.calibration)
        shown = follow(members_of(self.networks.sage)[0], observation, load_body().rest_joints(observation.betas))
        rotations = matrix_to_quaternion(shown.rotations.numpy()).astype(np.float32)
        translation = (shown.translation.numpy() + observation.origin).astype(np.float32)
        motion = replace(found.motion, rotations=rotations, translation=translation, contacts=shown.contacts.numpy())
        return self._bring(found.recording, found.calibration, motion)

    def _bring(self, recording: Recording, calibration: Calibration, motion: Motion) -> Found:
        person = people.add_person(recording, recording.source, current_scene())
        return Found(person, recording, calibration, motion, add_takes(person, recording, calibration, [motion]))


def mark(found: Found, place: np.ndarray) -> Any:
    """An object at a place (3,) in the frame of somebody's motion, where a picture shows a point."""
    empty = bpy.data.objects.new("mark", None)
    current_context().view_layer.update()  # Until then Blender has objects that were just made at the origin.
    floor = np.array(found.subject.avatar.armature.matrix_world.translation)
    empty.location = (floor + MODEL_TO_BLENDER @ place).tolist()
    current_scene().collection.objects.link(empty)
    return empty


def scale_about_origin(item: bpy.types.Object, scale: float) -> None:
    """Show an object, with what it is a child of, so many times as big; what stands at the origin stays there."""
    top = item
    while top.parent is not None:
        top = top.parent
    holder: Any = bpy.data.objects.new("scale", None)
    holder.scale = (scale,) * 3
    current_scene().collection.objects.link(holder)
    top.parent = holder


def film(subjects: list[Subject], seconds: float, size: tuple[int, int], framing: Framing) -> list[np.ndarray]:
    """The first ``seconds`` of the current scene: frames (height, width, 3) uint8, ``FILM_FPS`` a second."""
    first = current_scene().frame_start
    frames = range(first, first + round(seconds * SCENE_FPS), EVERY)
    with tempfile.TemporaryDirectory() as folder, quiet():
        return [read_frame(path) for path in render_frames(Path(folder), subjects, frames, size, framing)]
