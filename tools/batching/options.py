"""The command line of ``batch``: where recordings are, where rows go, who computes, and how, as ``animate`` says it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...model_core.command_line import animate_arguments
from ...model_core.command_line.parser import frame_rate, positive_count
from ...model_core.errors import InputError
from ..support import environment
from ..support.animate_options import DIRECTIONS, has_blender
from ..support.arguments import command_parser
from .animating import FORMATS
from .sources import PLAYERS

TOGETHER = 8
"""Recordings that are solved together, unless asked otherwise."""
ABOUT_MACHINES = ("inputs", "output", "address", "gpus", "workers", "together", "device")
"""Options that change nothing of a row: a run may be taken up again with others."""


def parse(arguments: Sequence[str], description: str | None) -> argparse.Namespace:
    """The options, checked as far as that goes without looking for recordings."""
    parser = command_parser("batch", description)
    parser.set_defaults(**dict.fromkeys(DIRECTIONS), take_part=None)  # They are of one recording.
    parser.add_argument("inputs", nargs="+", metavar="INPUT",
                        help="recordings: files, folders with all below, patterns (\"takes/**/*.csv\"), and tar "
                        "archives (WebDataset)")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER",
                        help="where rows go; a run that was killed is taken up again there")  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0],
                        help="motions in the rows (parquet), or an npz or a .blend each beside them")  # fmt: skip
    parser.add_argument("--player", choices=PLAYERS,
                        help="recordings of one person share stature and offsets: those of a folder, or those whose "
                        "names are alike before the first underscore")  # fmt: skip
    parser.add_argument("--uncertainty", action="store_true", help="with --format npz or blend: how sure every part is")
    machines = parser.add_argument_group("who computes")
    machines.add_argument("--address", metavar="ADDRESS",
                          help="a Ray cluster that runs: auto, or HOST:PORT; else this machine alone")  # fmt: skip
    machines.add_argument("--gpus", type=positive_count, metavar="N", help="workers with a GPU each")
    machines.add_argument("--workers", type=positive_count, metavar="N", help="workers; by default one a core")
    machines.add_argument("--together", type=positive_count, default=TOGETHER, metavar="N",
                          help=f"recordings that are solved together ({TOGETHER})")  # fmt: skip
    animate_arguments.add_reading(parser.add_argument_group("how a recording is read"))
    animate_arguments.add_calibration(parser.add_argument_group("the person and their devices"))
    animate_arguments.add_prediction(parser.add_argument_group("how the body is found"))
    scene = parser.add_argument_group("with --format blend")
    scene.add_argument("--bone-names", choices=animate_arguments.BONE_NAMES, default=animate_arguments.BONE_NAMES[0],
                       help="what the bones are called")  # fmt: skip
    scene.add_argument("--character", type=Path, metavar="FILE", help="a character of your own that moves, too")
    scene.add_argument("--fps", type=frame_rate, default=animate_arguments.DEFAULT_FPS, metavar="N",
                       help="the scene's frame rate")  # fmt: skip
    options = parser.parse_args(arguments)
    _check(options)
    for name in ("output", "body", "calibration", "character"):  # Workers may be started anywhere.
        if getattr(options, name):
            setattr(options, name, getattr(options, name).absolute())
    return options


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together. Raises ``InputError``."""
    if options.keep_table:
        raise InputError("batch: --keep-table is animate's; keep a table's layout there, then run batch")
    if options.takes > 1:
        raise InputError("batch: makes one take of a recording; for others run it with another --seed into another "
                         "folder")  # fmt: skip
    if options.uncertainty and options.format == "parquet":
        raise InputError("batch: --uncertainty is written with --format npz or blend; the rows of Parquet have none")
    if options.character and options.format != "blend":
        raise InputError("batch: --character is put into scenes; add --format blend")
    animate_arguments.check_character(options)
    if options.format == "blend" and not has_blender():
        raise InputError(f"batch: scenes need Blender's module; {environment.extra_hint('bpy')}")
    if options.gpus and options.device not in ("auto", "cuda"):
        raise InputError(f"batch: --gpus asks for GPUs, and --device {options.device} for none")
    if options.player and options.calibration:
        raise InputError(
            "batch: --player finds what recordings of a person share, and --calibration gives it; name one"
        )
    if options.output.exists() and not options.output.is_dir():
        raise InputError(f"{options.output}: is no folder; rows go into one")


def said_in_rows(options: argparse.Namespace) -> dict[str, str]:
    """What of the options decides what rows hold, in words."""
    return {name: str(value) for name, value in sorted(vars(options).items()) if name not in ABOUT_MACHINES}
