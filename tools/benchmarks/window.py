"""How long a window stands still at most: the longest step of each button, on recordings of two and of ten minutes; and
how long an animator waits for an avatar."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...model_core.calibration import Calibration, preset_offsets
from ...model_core.notes import Note
from ...model_core.observation import FPS
from .blender import wandering_motion
from .timing import Figures, long_recording

if TYPE_CHECKING:
    from ...blender_addon.bpy_types import Scene
    from ...blender_addon.state.properties import THREEPOINT_PG_person
    from ...blender_addon.steps import Steps

MINUTES = (2, 10)
WAITING_SECONDS = 30.0
SCENE_FPS = 30
DONE = object()


def measure(_options: argparse.Namespace) -> Figures:
    """Milliseconds of this thread's processor time, to which other work adds nothing, and by the clock."""
    from ..support.scene_file import scene_properties

    figures: Figures = {}
    with scene_properties():
        for minutes in MINUTES:
            for label, (processor, clock) in _buttons(60 * minutes):
                figures[f"{minutes} min: {label}, longest step"] = (1e3 * processor, "ms")
                figures[f"{minutes} min: {label}, longest step by the clock"] = (1e3 * clock, "ms")
        predicted, pinned = _click_to_avatar()
        figures[f"{WAITING_SECONDS:.0f} s: from Predict to the avatar, engine warm"] = (predicted, "s")
        figures["5 s around pins: from Solve Pins to the avatar, engine warm"] = (pinned, "s")
    return figures


def _click_to_avatar() -> tuple[float, float]:
    """Seconds from the press of *Predict* to keyframes on the avatar of a person who has none yet, and from that of
    *Solve Pins* to new ones around two pins; the engine has done both before."""
    from ...blender_addon.engine import client
    from ...blender_addon.state import people, predictions
    from ...blender_addon.state.new_file import empty_file

    waited = pinned = 0.0
    for _ in ("cold", "warm"):
        scene = empty_file(SCENE_FPS)
        people.add_person(long_recording(WAITING_SECONDS), "bench", scene)
        person, begun = people.people_of(scene)[0], time.perf_counter()
        job = predictions.ask_for_motion(person, scene, sys.executable)
        job.wait()
        assert job.motion is not None and job.calibration is not None
        predictions.receive_calibration(person, job.calibration, job.key)
        predictions.receive_motion(person, job.motion, scene)
        waited, begun = time.perf_counter() - begun, time.perf_counter()
        _solve_pins(person, scene)
        pinned = time.perf_counter() - begun
    client.stop()
    return waited, pinned


def _solve_pins(person: "THREEPOINT_PG_person", scene: "Scene") -> None:
    """Pin the left ankle higher at two moments in the middle, and wait for the take around them."""
    from ...blender_addon.state import predictions
    from ...blender_addon.state.pins import objects
    from ...blender_addon.steps import all_at_once

    middle = round(WAITING_SECONDS * SCENE_FPS / 2)
    place = np.array(person.armature.pose.bones["left_ankle"].matrix)
    place[2, 3] += 0.2
    pins = [objects.make_pin(person, "left_ankle", place, middle + away, scene) for away in (-SCENE_FPS, SCENE_FPS)]
    held = [(objects.pin_frames(pin), pin.threepoint.pin.reach) for pin in pins]
    for around in objects.ranges_around(held, scene):
        job = all_at_once(predictions.asking_for_motion(person, scene, sys.executable, 0, around, shown=True))
        job.wait()
        assert job.motion is not None
        for _ in predictions.receiving_range(person, job.motion, scene, *around, []):
            pass


def _buttons(seconds: float) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each button's label, as they are pressed, and the seconds of its longest step: of the processor, by the clock."""
    from ...blender_addon.animation.curves import curves_in
    from ...blender_addon.avatar.bake import setting_rotation_order
    from ...blender_addon.avatar.rolls import name_and_roll
    from ...blender_addon.state import people, person_avatar, predictions, takes
    from ...blender_addon.state.new_file import empty_file
    from ..evaluation.characters.made_up_rigs import Rig, make_rig

    scene, rng = empty_file(SCENE_FPS), np.random.default_rng(0)
    body = person_avatar.body_of("")  # Where there is a window, another process reads it.
    yield "import", _longest(people.adding_person(long_recording(seconds), "bench", scene))
    person = people.people_of(scene)[0]
    yield "read the trackers", _longest(people.reading_recording(person, scene))
    person.head.constraints.new("LIMIT_SCALE")
    yield "read the trackers, constrained", _longest(people.reading_recording(person, scene))
    person.head.constraints.clear()
    calibration = Calibration(np.zeros(10), 0.0, preset_offsets("grip"), (Note("person", {}),))
    yield "calibrate", _longest(predictions.receiving_calibration(person, calibration, ""))
    for label in ("predict", "predict again"):
        motion = wandering_motion(body, rng, round(seconds * FPS))
        yield label, _longest(predictions.receiving(person, motion, scene, []))
        curve = curves_in(person.armature, person.takes[0].action).fcurves[0]
        curve.keyframe_points[0].co.y += 1  # The next one keeps it.
    middle = scene.frame_start + round(seconds * SCENE_FPS / 2)
    around = middle - SCENE_FPS, middle + SCENE_FPS
    yield "re-solve a range", _longest(predictions.receiving_range(person, motion, scene, *around, []))
    yield "takes to the NLA", _longest(_at_once(lambda: takes.push_to_nla(person)))
    with tempfile.TemporaryDirectory() as folder:
        yield "export", _longest(_at_once(lambda: _export(person, Path(folder), scene)))
    person.character.armature = make_rig(Rig("mixamo"), "character", scene)
    yield "put on a character", _longest(_putting_on(person, scene))
    actions, armature = takes.actions_of(person), person.armature
    turning = setting_rotation_order(armature, "XYZ", actions)
    yield "rotation order", _longest(takes.converting(person, turning))
    renaming = _at_once(lambda: name_and_roll(armature, "MIXAMO", actions))
    yield "bone names", _longest(takes.converting(person, renaming))


def _export(person: "THREEPOINT_PG_person", folder: Path, scene: "Scene") -> None:
    from ...blender_addon.export.process import AvatarCopy, Choices, Export

    avatar = AvatarCopy(person.armature, person.mesh, person.takes[0].action, person.betas, "")
    Export("NPZ", folder / "bench.npz", avatar, scene, Choices("SMPL", "SMPL", True)).cancel()


def _putting_on(person: "THREEPOINT_PG_person", scene: "Scene") -> "Steps[None]":
    from ...blender_addon.state import characters
    from ...blender_addon.steps import beside

    carried = {}
    for identifier, work in (yield from characters.preparing(person, scene)).items():
        carried[identifier] = yield from beside(work)
    yield from characters.writing(person, carried)


def _at_once(work: Callable[[], object]) -> "Steps[None]":
    work()
    yield


def _longest(steps: Iterator[None]) -> tuple[float, float]:
    """Seconds of the longest step, of the processor and by the clock."""
    processor = clock = 0.0
    going = True
    while going:
        begun, begun_clock = time.thread_time(), time.perf_counter()
        going = next(steps, DONE) is not DONE
        processor = max(processor, time.thread_time() - begun)
        clock = max(clock, time.perf_counter() - begun_clock)
    return processor, clock
