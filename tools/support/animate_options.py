"""The command line of ``animate``: the options shared with Blender's, and those that only this command has."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...model_core.amass_writer import LAYOUTS
from ...model_core.command_line import animate_arguments
from ...model_core.command_line.animate_arguments import EXPORTS, SCENE_SUFFIX, export_files, export_targets, numbered
from ...model_core.command_line.direction_files import FOUND
from ...model_core.command_line.parser import positive_count, time_range
from ...model_core.errors import InputError
from ...model_core.whole_files import check_distinct, check_target
from . import environment
from .arguments import command_parser

if TYPE_CHECKING:
    from ...model_core.pipeline import Options

DIRECTIONS = ("pins", "contacts", "ground", "seats")
"""Options that name a file by which one person's motion is directed (``direction_files``)."""


def parse(arguments: Sequence[str], description: str | None) -> argparse.Namespace:
    """The options, checked as far as that goes without reading a recording."""
    parser = command_parser("animate", description)
    outputs = parser.add_argument_group("what is written")
    animate_arguments.add_outputs(outputs)
    outputs.add_argument("--npz", type=Path, metavar="FILE", help="the motion in AMASS's layout, with its uncertainty")
    outputs.add_argument("--npz-layout", choices=[name.lower() for name in LAYOUTS], default="smplh",
                         help="its columns: 156 (smplh, as in AMASS), 72 (smpl) or 165 (smplx)")  # fmt: skip
    outputs.add_argument("--preview-part", type=time_range, metavar="BEGIN:END",
                         help="the seconds that a preview shows; a film shows a minute at most")  # fmt: skip
    outputs.add_argument("--preview-moments", type=positive_count, default=3, metavar="N",
                         help="the moments that a preview picture shows, evenly spread")  # fmt: skip
    outputs.add_argument("--report", action="store_true",
                         help="say what is in the recordings, what was lost, what looks wrong, and how tall the "
                         "person is and how sure that is")  # fmt: skip
    outputs.add_argument("--json", action="store_true", help="with --report: the same as JSON")
    outputs.add_argument("--report-picture", type=Path, metavar="FILE.png",
                         help="with --report: the trackers' paths from above, their heights, and when each was "
                         "known")  # fmt: skip
    animate_arguments.add_reading(parser.add_argument_group("how a recording is read"))
    calibration = parser.add_argument_group("the person and their devices")
    animate_arguments.add_calibration(calibration)
    calibration.add_argument("--keep-calibration", type=Path, metavar="FILE.json",
                             help="write the calibration, for --calibration")  # fmt: skip
    prediction = parser.add_argument_group("how the body is found")
    animate_arguments.add_prediction(prediction)
    prediction.add_argument("--pins", type=Path, metavar="FILE.json",
                            help="joints that are held at places, and when (docs/pins.md)")  # fmt: skip
    prediction.add_argument("--take-part", type=time_range, metavar="BEGIN:END",
                            help="takes differ from the first motion in these seconds alone, counted from its "
                            "start")  # fmt: skip
    prediction.add_argument("--contacts", type=Path, metavar="FILE.json",
                            help="when a foot stands or is free (docs/ground.md)")  # fmt: skip
    prediction.add_argument("--ground", type=Path, metavar="FILE.json",
                            help="what the person stands on: heights, or triangles; or found: the heights of steps "
                            "that head and hands show (docs/ground.md)")  # fmt: skip
    prediction.add_argument("--seats", type=Path, metavar="FILE.json",
                            help="when the person sits, and how high (docs/ground.md)")  # fmt: skip
    options = parser.parse_args(arguments)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and files that cannot be written."""
    if not targets(options) and not options.report:
        raise InputError("animate: nothing to write; name one or more of -o FILE, --npz FILE and --preview FILE")
    inputs = [*options.recordings, options.body, options.calibration, options.character]
    inputs += [getattr(options, name) for name in DIRECTIONS]
    animate_arguments.check_character(options)
    animate_arguments.check_character_is_written(options)
    for path in all_targets(options):
        check_target(path, (SCENE_SUFFIX, *EXPORTS, ".npz", ".json", ".png", ".mp4"), inputs)
    for path, suffixes in targets(options):
        check_target(path, suffixes, inputs)
    pictures = [options.report_picture] if options.report_picture else []
    for path in pictures:
        check_target(path, (".png",), inputs)
    check_distinct([*all_targets(options), *pictures])
    if (options.json or options.report_picture) and not options.report:
        raise InputError("animate: --json and --report-picture say how --report is shown; give --report, too")
    export_targets(options)
    if options.take_part and options.takes == 1:
        raise InputError("animate: --take-part says where takes differ; ask for some with --takes N")
    if (options.output or options.preview) and not has_blender():
        raise InputError(f"animate: scenes and previews need Blender's module; {environment.extra_hint('bpy')}")
    for name in ("npz", "calibration", "keep_calibration", "report_picture", *DIRECTIONS):
        if getattr(options, name) not in (None, FOUND) and len(options.recordings) > 1:
            flag = "--" + name.replace("_", "-")
            raise InputError(f"animate: {flag} is about one person, and {len(options.recordings)} recordings are named")


def all_targets(options: argparse.Namespace) -> list[Path]:
    """Every file to write, those of the further takes included."""
    takes = [numbered(options.npz, take) for take in range(1, options.takes)] if options.npz else []
    takes += [path for take, path in export_files(options) if take]
    return [*(path for path, _ in targets(options)), *takes]


def has_blender() -> bool:
    """Whether this Python has Blender's module, without loading it."""
    return importlib.util.find_spec("bpy") is not None


def targets(options: argparse.Namespace) -> list[tuple[Path, tuple[str, ...]]]:
    """(path, allowed suffixes) of each file to write."""
    named = [(options.npz, (".npz",)), (options.keep_calibration, (".json",))]
    named += [(path, (SCENE_SUFFIX, *EXPORTS)) for path in options.output]
    named += [(path, (".png", ".mp4")) for path in options.preview]
    return [(path, suffixes) for path, suffixes in named if path is not None]


def pipeline_options(options: argparse.Namespace) -> Options:
    """The command's options as the pipeline's."""
    from ...model_core.body import load_body
    from ...model_core.calibration import load
    from ...model_core.command_line.direction_files import load_contacts, load_ground, load_pins, load_seats
    from ...model_core.pipeline import KnownPose, Options

    return Options(
        body=load_body(options.body), stature=options.stature, floor=options.floor, preset=options.controllers,
        pose=KnownPose(*options.pose) if options.pose else None,
        calibration=load(options.calibration) if options.calibration else None,
        device=options.device, seed=options.seed, refinement=options.refinement,
        lost_hands=options.lost_hands, take_part=options.take_part,
        pins=load_pins(options.pins) if options.pins else (),
        contacts=load_contacts(options.contacts) if options.contacts else (),
        ground=load_ground(options.ground) if options.ground else None,
        seats=load_seats(options.seats) if options.seats else (),
    ).validate()  # fmt: skip
