"""Turn headset recordings into keyframed avatars, coloured by how sure each vertex is: a .blend, or files for other
programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..model_core.body import Body
from ..model_core.command_line import reading
from ..model_core.command_line.animate_arguments import SCENE_SUFFIX, export_files, numbered
from ..model_core.notes import Note
from ..model_core.notes.pipeline import TEMPLATES as SOLVING
from ..model_core.progress import Progress, part_of
from ..model_core.recordings import Recording
from ..model_core.whole_files import Outputs, say_sizes
from .support.animate_options import all_targets, parse, pipeline_options, targets
from .support.person import Person, finger_rotations
from .support.progress import TerminalProgress
from .support.recording_report import draw_report, json_of, table_of

if TYPE_CHECKING:
    from ..model_core.pipeline import Networks, Options

PREDICT_FRACTION = 0.8
"""Where, of the whole work, the prediction ends: only the bar depends on it."""
CALIBRATING = 0.02
"""The fraction of a prediction that calibrating is, for the bar only."""


def run(arguments: list[str]) -> int:
    """Read, predict, build, write. Files appear when all of them are complete."""
    options = parse(arguments, __doc__)
    reports: list[tuple[Recording, list[str]]] = []
    recordings = [read_recording(path, options, reports) for path in options.recordings]
    if options.json:
        print(json_of(reports))
    if not targets(options):
        return 0
    try:
        with Outputs() as outputs, TerminalProgress() as progress:
            for path in all_targets(options):
                outputs.claim(path)
            body, people = predict(options, recordings, part_of(progress, 0, PREDICT_FRACTION))
            write_outputs(options, body, people, outputs, part_of(progress, PREDICT_FRACTION, 1))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("none of the files asked for is written, as not all were ready") from None
    say_what_was_found(people)
    say_sizes(outputs.pending)
    return 0


def read_recording(
    path: Path, options: argparse.Namespace, reports: list[tuple[Recording, list[str]]] | None = None
) -> Recording:
    """A recording as the options say.

    It is reported where ``--report`` asks for it: as a table at once, or appended to ``reports`` for JSON.
    """
    recording = reading.read_recording(path, options)
    fixed = reading.fixed(recording, options.fix)
    if options.report:
        notes = [str(note) for note in notes_of_calibration(fixed, options)]
        if options.json and reports is not None:
            reports.append((recording, notes))
        else:
            print(table_of(recording, notes))
        if options.report_picture:
            with Outputs() as outputs:
                draw_report(outputs.path_for(options.report_picture), recording)
    return fixed


def notes_of_calibration(recording: Recording, options: argparse.Namespace) -> Sequence[Note]:
    """What calibration finds: how tall the person is and how sure that is, where the floor is, how devices sit."""
    from ..model_core.pipeline import calibrate, model_frame

    return calibrate(model_frame(recording), pipeline_options(options)).notes


def predict(
    options: argparse.Namespace, recordings: Sequence[Recording], progress: Progress
) -> tuple[Body, list[Person]]:
    """The body, and a ``Person`` for each recording."""
    from ..model_core.body import load_body
    from ..model_core.pipeline import load_networks

    choices = pipeline_options(options)
    progress(0, "loading the networks")
    networks = load_networks(options.device)
    people, count = [], len(recordings)
    for number, (path, recording) in enumerate(zip(options.recordings, recordings, strict=True)):
        report = part_of(progress, number / count, (number + 1) / count)
        people.append(predict_person(path.stem, recording, choices, options.takes, networks, report))
    return choices.body or load_body(), people


def predict_person(
    name: str, recording: Recording, choices: Options, takes: int, networks: Networks, progress: Progress
) -> Person:
    """The ``Person`` of one recording, calibrated once for all takes."""
    from ..model_core.pipeline import calibrate_on_ground, model_frame, observe, solve

    progress(0, "calibrating")
    report = part_of(progress, 0, CALIBRATING)
    placed, calibration, choices = calibrate_on_ground(model_frame(recording), choices, networks, report)
    observation, motions = observe(placed, calibration), []
    for take in range(takes):
        begin, end = (CALIBRATING + (1 - CALIBRATING) * number / takes for number in (take, take + 1))
        chosen = replace(choices, take=take)
        motions.append(solve(observation, calibration, chosen, networks, part_of(progress, begin, end)))
    return Person(name, recording, calibration, motions)


def write_outputs(
    options: argparse.Namespace, body: Body, people: list[Person], outputs: Outputs, progress: Progress
) -> None:
    """Write what was asked for; the scene is built only where a file needs it."""
    if options.npz:
        from ..model_core.amass_writer import OWN_BODY, write_amass

        body_model = options.body.stem if options.body else OWN_BODY
        for take, motion in enumerate(people[0].takes):
            path = outputs.path_for(numbered(options.npz, take))
            fingers = finger_rotations(people[0].recording, motion, body)
            write_amass(path, motion, body, body_model, options.npz_layout.upper(), fingers)
    if options.keep_calibration:
        from ..model_core.calibration import save

        save(outputs.path_for(options.keep_calibration), people[0].calibration)
    if options.output or options.preview:
        write_scene(options, people, outputs, progress)


def write_scene(options: argparse.Namespace, people: list[Person], outputs: Outputs, progress: Progress) -> None:
    """Build the scene, save it, export from it and take the previews."""
    from .support.scene_file import build_file, export_take, save_preview, save_scene, scene_properties

    with scene_properties():
        subjects = build_file(people, options, part_of(progress, 0, 0.3))
        for path in options.output:
            if path.suffix.lower() == SCENE_SUFFIX:
                save_scene(outputs.path_for(path))
        for take, path in export_files(options):
            progress(0.3, f"writing {path.name}")
            export_take(outputs.path_for(path), take)
        for number, path in enumerate(options.preview):
            begin, end = (0.3 + 0.7 * part / len(options.preview) for part in (number, number + 1))
            report = in_words(part_of(progress, begin, end), f"rendering {path.name}")
            report(0)
            moments = options.preview_moments
            save_preview(outputs.path_for(path), subjects, options.preview_part, moments, report)


def in_words(progress: Progress, words: str) -> Callable[[float], None]:
    """A progress whose stage is known."""
    return lambda fraction: progress(fraction, words)


def say_what_was_found(people: list[Person]) -> None:
    """Say what was read, what looks wrong in it and what was found of each person."""
    from ..model_core.recordings.checks import check

    for person in people:
        print(f"{person.name}: {person.takes[0].duration:.1f} s")
        doubts = [f"warning: {finding.note} (--fix {finding.check})" for finding in check(person.recording)]
        told = {}
        for note in (note for take in person.takes for note in take.notes if note.code in SOLVING):
            told.setdefault((note.code, note.values.get("role")), str(note))  # Takes say much the same.
        for said in (*person.recording.warnings, *doubts, *person.calibration.notes, *told.values()):
            print(f"  {said}")
