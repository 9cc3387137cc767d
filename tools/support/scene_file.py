"""Blender's part of the commands: people and their motions become a file, a picture or a film.

Scenes are built by the add-on's own functions while its properties are registered, so that a file opens in a window
with the add-on as if it had been made there.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bpy
import numpy as np
from matplotlib.image import imread, imsave

from ...blender_addon.avatar.armature import Avatar
from ...blender_addon.bpy_types import current_context, current_scene
from ...blender_addon.operators.exporting import write_take
from ...blender_addon.operators.showing import show_in_new_file
from ...blender_addon.quiet import quiet
from ...blender_addon.render.preview import Subject, render_film, render_still
from ...blender_addon.state import characters, people, predictions, properties
from ...blender_addon.state.new_file import empty_file
from ...model_core.calibration import Calibration
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ...model_core.progress import Progress
from ...model_core.recordings import Recording
from ...model_core.whole_files import is_full
from .person import Person

LONGEST_FILM = 60.0
"""Seconds that a preview film shows at most: it is a look at the result, not the result."""
MOMENTS = 3
"""A preview picture shows so many moments unless asked otherwise."""
COLUMNS = 4
"""Moments in a row of it."""
MOMENT_WIDTH, MOMENT_HEIGHT = 160, 360
"""Pixels of a moment: its width is that many for each person, and once more for the margins."""


@contextlib.contextmanager
def scene_properties() -> Iterator[None]:
    """The add-on's properties, for as long as a file is built and saved; nothing else of it is registered."""
    if properties.is_registered():
        yield
        return
    properties.register()
    try:
        yield
    finally:
        properties.unregister()  # Blender hangs at its end where Python has left something registered.


def build_file(found: Sequence[Person], arguments: argparse.Namespace, progress: Progress) -> list[Subject]:
    """An empty file with every person in it; what a preview shows of each. Within ``scene_properties``.

    ``arguments`` are those of ``animate``: what they say of a person becomes the person's settings.
    """
    progress(0, "building the scene")
    scene = empty_file(arguments.fps)
    subjects = []
    for one in found:
        person = people.add_person(one.recording, one.name, scene)
        people.apply_arguments(person, arguments, scene)
        subjects.append(add_takes(person, one.recording, one.calibration, one.takes))
        if arguments.character:
            with quiet():
                said = characters.add_character(person, arguments.character, scene)
            for line in said:
                print(f"{person.name}: {line}")
        progress(len(subjects) / len(found), "building the scene")
    scene.frame_set(scene.frame_start)
    return subjects


def add_takes(
    person: properties.THREEPOINT_PG_person, recording: Recording, calibration: Calibration, takes: Sequence[Motion]
) -> Subject:
    """Give a person, made from a recording, what was found of them; the first take plays."""
    scene = current_scene()
    predictions.receive_calibration(person, calibration, predictions.current_calibration_key(person, scene))
    for motion in takes:
        predictions.receive_motion(person, motion, scene, origin=float(recording.time[0]))
    person.active_take = 0
    people.fit_frame_range(person, scene, recording.duration)
    return subject_of(person)


def add_motion(motion: Motion, name: str) -> Subject:
    """A person in the current scene who has a motion and no trackers. Within ``scene_properties``."""
    scene = current_scene()
    person = people.add_person_from_objects({}, name, scene)
    predictions.receive_motion(person, motion, scene)
    people.fit_frame_range(person, scene, motion.start + motion.duration)
    return subject_of(person)


def subject_of(person: properties.THREEPOINT_PG_person, label: str = "") -> Subject:
    """What a preview shows of a person."""
    return Subject(Avatar(person.armature, person.mesh), people.trackers_of(person), label)


def save_scene(path: Path) -> None:
    """Write the file, compressed, as it is to be seen first. Within ``scene_properties``."""
    show_in_new_file(current_context())
    try:
        with quiet():
            bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True, copy=True)
    except RuntimeError as error:  # What Blender says of any file that it could not write.
        raise InputError(f"{path.name}: the scene cannot be written: {error}") from None


def export_take(path: Path, take: int) -> None:
    """Write the only person's avatar with a take, counted from 0, to ``path``. Within ``scene_properties``."""
    (person,) = people.people_of(current_scene())
    write_take(person, take, path)


def save_preview(
    path: Path,
    subjects: Sequence[Subject],
    part: tuple[float, float] | None = None,
    moments: int = MOMENTS,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write a sheet of pictures or, by the suffix, a film of the ``Subject`` list side by side.

    ``part`` is (begin, end) in seconds from the scene's start, by default all of it; ``moments`` the sheet's pictures.
    ``progress`` is told after each frame of a film which fraction of it is done.
    """
    scene = current_scene()
    fps = scene.render.fps / scene.render.fps_base
    begin, end = part or (0, (scene.frame_end - scene.frame_start) / fps)
    if path.suffix.lower() == ".mp4":
        end = min(end, begin + LONGEST_FILM)
    frames = scene.frame_start + np.array([begin, end]) * fps
    first, last = np.clip(np.rint(frames), scene.frame_start, scene.frame_end).astype(int).tolist()
    with quiet() as aloud:

        def report(fraction: float) -> None:
            if progress is not None:
                with aloud():
                    progress(fraction)

        if path.suffix.lower() == ".mp4":
            render_film(path, subjects, first, last, progress=report)
            if not path.is_file() or is_full(path.parent):  # Blender says nothing of a film that is not whole.
                raise InputError("the film cannot be written: the disk is full")
        else:
            save_sheet(path, subjects, np.rint(first + (last - first) * (np.arange(moments) + 0.5) / moments))


def save_sheet(path: Path, subjects: Sequence[Subject], frames: np.ndarray) -> None:
    """Write one picture of several scene frames, from left to right, at most ``COLUMNS`` in a row."""
    size = (MOMENT_WIDTH * (len(subjects) + 1), MOMENT_HEIGHT)
    pictures = []
    for frame in frames:
        render_still(path, subjects, int(frame), size)
        try:
            pictures.append(imread(path))
        except (OSError, SyntaxError, ValueError):
            raise InputError("a picture cannot be written: is the disk full?") from None
    columns = min(COLUMNS, len(pictures))
    pictures += [np.zeros_like(pictures[0])] * (-len(pictures) % columns)
    rows = [np.concatenate(pictures[i : i + columns], 1) for i in range(0, len(pictures), columns)]
    imsave(path, np.concatenate(rows))
