"""Turn headset recordings into a .blend with keyframed avatars, coloured by how sure each vertex is."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from threepoint.model_core.errors import InputError

from .arguments import CommandParser
from .outputs import Outputs, check_target
from .progress import TerminalProgress, part_of

DEFAULT_FPS = 60
SHORT_ROLES = {"head": "head", "left": "left_hand", "right": "right_hand"}
"""The words that ``--trackers`` takes for the three roles."""
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
    options = parse(arguments)
    recordings = [read_recording(path, options.trackers) for path in options.recordings]
    with Outputs() as outputs, TerminalProgress() as progress:
        body, people = predict(options, recordings, part_of(progress, 0, PREDICT_SHARE))
        write_outputs(options, body, people, outputs, part_of(progress, PREDICT_SHARE, 1))
    report(options, people)
    return 0


def parse(arguments):
    """The options, checked as far as that goes without reading a recording."""
    parser = CommandParser("animate", __doc__)
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="headset recording of a person")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.blend", help="the scene")
    parser.add_argument("--npz", type=Path, metavar="FILE", help="the motion in AMASS's layout, with its uncertainty")
    parser.add_argument("--preview", type=Path, action="append", default=[], metavar="FILE",
                        help="a picture (.png) or a film (.mp4) of the result; may be given for each")  # fmt: skip
    parser.add_argument("--body", type=Path, metavar="FILE", help="your own SMPL, SMPL-H or SMPL-X file")
    parser.add_argument("--fps", type=positive_number, default=DEFAULT_FPS, metavar="N", help="the scene's frame rate")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where networks run")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of everything random")
    parser.add_argument("--takes", type=positive_integer, default=1, metavar="N", help="several plausible motions")
    parser.add_argument("--no-refine", dest="refine", action="store_false", help="SAGE's prediction as it is")
    parser.add_argument("--trackers", type=tracker_names, default={}, metavar="head=..,left=..,right=..",
                        help="which of the file's trackers are head and hands")  # fmt: skip
    options = parser.parse_args(arguments)
    if not targets(options):
        raise InputError("animate: nothing to write; name at least one of -o OUT.blend, --npz FILE and --preview FILE")
    for path, suffixes in targets(options):
        check_target(path, suffixes)
    if options.npz and len(options.recordings) > 1:
        raise InputError(f"animate: --npz holds one person, and {len(options.recordings)} recordings are named")
    return options


def targets(options):
    """(path, allowed suffixes) of each file to write."""
    named = [(options.output, (".blend",)), (options.npz, (".npz",))]
    named += [(path, (".png", ".mp4")) for path in options.preview]
    return [(path, suffixes) for path, suffixes in named if path is not None]


def positive_number(text):
    """A frame rate."""
    number = float(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000")
    return number


def positive_integer(text):
    """A count."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def tracker_names(text):
    """``head=HMD,left=Knuckles L`` -> the file's tracker name by role."""
    names = {}
    for pair in text.split(","):
        short, _, name = pair.partition("=")
        if short not in SHORT_ROLES or not name:
            raise argparse.ArgumentTypeError(f"'{pair}' is not head=NAME, left=NAME or right=NAME")
        names[SHORT_ROLES[short]] = name
    return names


def read_recording(path, trackers):
    """A recording, with the user's choice of trackers in the roles of head and hands."""
    from threepoint.model_core.recordings import read

    recording = read(path)
    for name in trackers.values():
        if name not in recording.tracks:
            raise InputError(f"{path}: has no tracker '{name}'; it has: {', '.join(recording.tracks)}")
    others = {name: track for name, track in recording.tracks.items() if name not in trackers.values()}
    chosen = {role: recording.tracks[name] for role, name in trackers.items()}
    return replace(recording, tracks={**others, **chosen}).validate()


def predict(options, recordings, progress):
    """The body, and a ``Person`` for each recording."""
    from threepoint.model_core.body import load_body
    from threepoint.model_core.calibration import calibrate
    from threepoint.model_core.pipeline import Options, animate, load_networks

    body = load_body(options.body)
    calibrations = [calibrate(recording, body) for recording in recordings]
    progress(0, "loading the networks")
    networks = load_networks(options.device)
    people, share = [], 1 / (len(recordings) * options.takes)
    for path, recording, calibration in zip(options.recordings, recordings, calibrations, strict=True):
        takes = []
        for take in range(options.takes):
            done = (len(people) * options.takes + take) * share
            road = Options(body, calibration, options.device, options.seed, take, options.refine)
            takes.append(animate(recording, road, part_of(progress, done, done + share), networks))
        people.append(Person(path.stem, recording, calibration, takes))
    return body, people


def write_outputs(options, body, people, outputs, progress):
    """Write what was asked for; the scene is built only where a file needs it."""
    if options.npz:
        from threepoint.model_core.amass_writer import OWN_BODY, write_amass

        body_model = options.body.stem if options.body else OWN_BODY
        for take, motion in enumerate(people[0].takes):
            write_amass(outputs.path_for(numbered(options.npz, take)), motion, body, body_model)
    if options.output or options.preview:
        from threepoint.blender_addon.preview import Subject

        from .scene_file import build_file, save_preview, save_scene

        results = build_file(people, body, options.fps, part_of(progress, 0, 0.3))
        if options.output:
            save_scene(outputs.path_for(options.output))
        for path in options.preview:
            progress(0.3, f"rendering {path.name}")
            subjects = [Subject(result.avatar, result.trackers) for result in results]
            save_preview(outputs.path_for(path), subjects)


def numbered(path, take):
    """The file of a take: the first one has the name that was given."""
    return path if take == 0 else path.with_name(f"{path.stem}_take{take + 1}{path.suffix}")


def report(options, people):
    """Say what was written and what the readers had to mend."""
    for person in people:
        motion = person.takes[0]
        print(f"{person.name}: {motion.duration:.1f} s")
        for note in (*person.recording.warnings, *person.calibration.notes):
            print(f"  {note}")
    for path, _ in targets(options):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
