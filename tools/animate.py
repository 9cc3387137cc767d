"""Turn headset recordings into a .blend with keyframed avatars, coloured by how sure each vertex is."""

from dataclasses import dataclass, replace

from threepoint.model_core.errors import InputError

from .support.animate_options import ALL_FINDINGS, parse, targets
from .support.outputs import Outputs, say_sizes
from .support.progress import TerminalProgress, part_of
from .support.table_options import read_as_told

PREDICT_SHARE = 0.8
"""Where, of the whole work, the prediction ends: only the bar depends on it."""


@dataclass(frozen=True)
class Person:
    """One recording and what was found from it: ``takes`` are one or more ``Motion``, the first one the mean."""

    name: str
    recording: object
    calibration: object
    takes: list


def run(arguments):
    """Read, predict, build, write. Files appear when all of them are complete."""
    options = parse(arguments, __doc__)
    recordings = [read_recording(path, options) for path in options.recordings]
    if not targets(options):
        return 0
    with Outputs() as outputs, TerminalProgress() as progress:
        body, people = predict(options, recordings, part_of(progress, 0, PREDICT_SHARE))
        write_outputs(options, body, people, outputs, part_of(progress, PREDICT_SHARE, 1))
    say_what_was_found(people)
    say_sizes(outputs.pending)
    return 0


def read_recording(path, options):
    """A recording, with the user's choice of trackers in the roles of head and hands, mended where that is asked."""
    from threepoint.model_core.recordings.report import report

    recording = in_roles(read_as_told(path, options), options.trackers)
    if options.report:
        print("\n".join(report(recording)))
    recording = mended(recording, options.fix)
    if options.report:
        print("\n".join(f"  calibration: {note}" for note in notes_of_calibration(recording, options)))
    return recording


def notes_of_calibration(recording, options):
    """What calibration finds without the networks' help, in lines: how tall the person is and how sure that is."""
    from threepoint.model_core.body import load_body
    from threepoint.model_core.calibration import calibrate

    body = load_body(options.body)
    found = told_calibration(recording, body, options)
    return (found or calibrate(recording, body, options.stature, options.floor, options.controllers)).notes


def in_roles(recording, trackers):
    """The recording with the trackers ``trackers`` (file's name by role) in those roles."""
    for name in trackers.values():
        if name not in recording.tracks:
            raise InputError(f"{recording.source}: has no tracker '{name}'; it has: {', '.join(recording.tracks)}")
    others = {name: track for name, track in recording.tracks.items() if name not in trackers.values()}
    chosen = {role: recording.tracks[name] for role, name in trackers.items()}
    return replace(recording, tracks={**others, **chosen}).validate()


def mended(recording, names):
    """The recording with the findings of these ``names`` corrected; the corrections are told."""
    from threepoint.model_core.recordings.checks import check, fix

    found = [finding.check for finding in check(recording)] if names else []
    unknown = [name for name in names if name not in (*found, ALL_FINDINGS)]
    if unknown:
        raise InputError(f"{recording.source}: nothing to fix by the name '{unknown[0]}'; "
                         f"found: {', '.join(found) or 'nothing wrong'}")  # fmt: skip
    if not found:
        return recording
    refused = () if ALL_FINDINGS in names else tuple(name for name in found if name not in names)
    recording, applied = fix(recording, refused)
    return replace(recording, warnings=(*recording.warnings, *(f"mended: {message}" for message in applied)))


def predict(options, recordings, progress):
    """The body, and a ``Person`` for each recording."""
    from threepoint.model_core.body import load_body
    from threepoint.model_core.pipeline import Options, animate, load_networks

    body = load_body(options.body)
    told = [told_calibration(recording, body, options) for recording in recordings]
    progress(0, "loading the networks")
    networks = load_networks(options.device)
    people, share = [], 1 / (len(recordings) * options.takes)
    for path, recording, calibration in zip(options.recordings, recordings, told, strict=True):
        calibration, takes = calibration or calibrated(recording, body, options, networks), []
        for take in range(options.takes):
            done = (len(people) * options.takes + take) * share
            road = Options(body, calibration, options.device, options.seed, take, options.refinement)
            takes.append(animate(recording, road, part_of(progress, done, done + share), networks))
        people.append(Person(path.stem, recording, calibration, takes))
    return body, people


def told_calibration(recording, body, options):
    """The ``Calibration`` kept from before, or from a pose that the user tells of; None without either."""
    from threepoint.model_core.calibration import calibrate_in_pose, find_t_pose, load

    if options.calibration:
        return load(options.calibration)
    if options.pose is None:
        return None
    pose, second = options.pose
    at = find_t_pose(recording, body) if second is None else recording.time[0] + second
    if at is None:
        raise InputError(f"{recording.source}: nobody holds a T-pose in it; name the second, --pose t=SECOND")
    return calibrate_in_pose(recording, body, at, pose, options.stature, options.floor)


def calibrated(recording, body, options, networks):
    """The ``Calibration`` found from the recording; where its devices are unknown, with the networks' help."""
    from threepoint.model_core.pipeline.unknown_devices import find_calibration

    return find_calibration(recording, body, networks, options.stature, options.floor, options.controllers)


def write_outputs(options, body, people, outputs, progress):
    """Write what was asked for; the scene is built only where a file needs it."""
    if options.npz:
        from threepoint.model_core.amass_writer import OWN_BODY, write_amass

        body_model = options.body.stem if options.body else OWN_BODY
        for take, motion in enumerate(people[0].takes):
            write_amass(outputs.path_for(numbered(options.npz, take)), motion, body, body_model)
    if options.keep_calibration:
        from threepoint.model_core.calibration import save

        save(outputs.path_for(options.keep_calibration), people[0].calibration)
    if options.output or options.preview:
        from threepoint.blender_addon.render.preview import Subject

        from .support.scene_file import build_file, save_preview, save_scene

        results = build_file(people, body, options.fps, part_of(progress, 0, 0.3))
        if options.output:
            save_scene(outputs.path_for(options.output))
        for path in options.preview:
            progress(0.3, f"rendering {path.name}")
            subjects = [Subject(result.avatar, result.trackers) for result in results]
            save_preview(outputs.path_for(path), subjects, options.preview_part)


def numbered(path, take):
    """The file of a take: the first one has the name that was given."""
    return path if take == 0 else path.with_name(f"{path.stem}_take{take + 1}{path.suffix}")


def say_what_was_found(people):
    """Say what was read, what looks wrong in it and what was found of each person."""
    from threepoint.model_core.recordings.checks import check

    for person in people:
        print(f"{person.name}: {person.takes[0].duration:.1f} s")
        doubts = [f"warning: {finding.message} (--fix {finding.check})" for finding in check(person.recording)]
        for note in (*person.recording.warnings, *doubts, *person.calibration.notes):
            print(f"  {note}")
