"""``blender --background --command threepoint animate RECORDING -o FILE``: the buttons' work without a window."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from ...model_core.calibration import load
from ...model_core.command_line.animate_arguments import (
    EXPORTS,
    SCENE_SUFFIX,
    add_calibration,
    add_outputs,
    add_prediction,
    add_reading,
    check_character,
    check_character_is_written,
    export_files,
)
from ...model_core.command_line.parser import CommandParser
from ...model_core.command_line.reading import fixed, read_recording
from ...model_core.errors import InputError
from ...model_core.whole_files import Outputs, check_distinct, check_target
from ..avatar.armature import Avatar
from ..bpy_types import Scene, current_context
from ..engine import client as engine
from ..quiet import quiet
from ..state import characters, engine_choice, people, predictions
from ..state.new_file import empty_file
from .exporting import write_take
from .importing import reading_options
from .showing import show_in_new_file

NAME = "threepoint"
BAD_INPUT = 2
_handle: object = None


def parser() -> CommandParser:
    """The arguments that the command takes: those of ``python3 tools animate``, and the engine's Python."""
    arguments = CommandParser(prog=f"blender --background --command {NAME}", description=__doc__)
    commands = arguments.add_subparsers(dest="command", required=True)
    animate = commands.add_parser("animate", help="recordings in, keyframed avatars out")
    for add in (add_outputs, add_reading, add_calibration, add_prediction):
        add(animate)
    animate.add_argument("--python", type=Path, metavar="FILE", help="the engine's Python; default: the preferences'")
    return arguments


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit status. Bad input is one line on standard error."""
    try:
        options = parser().parse_args(arguments)
        animate(options)
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else 0
    except (InputError, engine.EngineError) as error:
        print(f"threepoint: error: {error}", file=sys.stderr)
        return BAD_INPUT
    finally:
        engine.stop()
    return 0


def animate(options: argparse.Namespace) -> None:
    """Read, predict, build and save, through the same functions as the buttons."""
    _check_targets(options)
    python = options.python or engine_choice.engine_python()
    given = load(options.calibration) if options.calibration else None
    recordings = [
        fixed(read_recording(path, options, **reading_options(path, python)), options.fix)
        for path in options.recordings
    ]
    scene = empty_file(options.fps)
    for path, recording in zip(options.recordings, recordings, strict=True):
        person = people.add_person(recording, path.stem, scene)
        people.apply_arguments(person, options, scene)
        duration = 0.0
        for take in range(options.takes):
            job = predictions.ask_for_motion(person, scene, python, take, calibration=given)
            job.wait(_progress_printer())
            assert job.motion is not None and job.calibration is not None
            predictions.receive_calibration(person, job.calibration, job.key)
            for said in predictions.receive_motion(person, job.motion, scene):
                print(f"{person.name}: {said}")
            duration = job.motion.duration
        person.active_take = 0
        if options.character:
            for said in characters.add_character(person, options.character, scene):
                print(f"{person.name}: {said}")
        people.fit_frame_range(person, scene, recording.duration)
        print(f"{path.stem}: {duration:.1f} s")
    with Outputs() as outputs:
        for path in options.output:
            if path.suffix.lower() == SCENE_SUFFIX:
                _save_scene(outputs.path_for(path), path)
        for take, path in export_files(options):
            write_take(people.people_of(scene)[0], take, outputs.path_for(path))
        for path in options.preview:
            _save_preview(outputs.path_for(path), scene)


def _save_scene(path: Path, named: Path) -> None:
    show_in_new_file(current_context())
    try:
        with quiet():
            bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True, copy=True)
    except RuntimeError as error:  # What Blender says of any file that it could not write.
        raise InputError(f"{named}: the scene cannot be written: {error}") from None


def _check_targets(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written, before any work is done."""
    targets = [(path, (".png", ".mp4")) for path in options.preview]
    targets += [(path, (SCENE_SUFFIX, *EXPORTS)) for path in options.output]
    targets += [(path, (path.suffix,)) for take, path in export_files(options) if take]
    if not targets:
        raise InputError("animate: nothing to write; name one or more of -o FILE and --preview FILE")
    for path, suffixes in targets:
        check_target(path, suffixes, [*options.recordings, options.body, options.calibration, options.character])
    check_distinct([path for path, _ in targets])
    check_character(options)
    check_character_is_written(options)
    if options.calibration and len(options.recordings) > 1:
        raise InputError(
            f"animate: --calibration is about one person, and {len(options.recordings)} recordings are named"
        )


def _save_preview(path: Path, scene: Scene) -> None:
    from ..render.preview import Subject, render_film, render_still  # Nothing else in Blender needs it.

    subjects = [
        Subject(Avatar(person.armature, person.mesh), people.trackers_of(person)) for person in people.people_of(scene)
    ]
    if path.suffix.lower() == ".mp4":
        render_film(path, subjects)
    else:
        render_still(path, subjects, (scene.frame_start + scene.frame_end) // 2)


def _progress_printer() -> Callable[[float, str], None]:
    """A progress callback that prints a line whenever there is something new to say."""
    printed = ""

    def show(fraction: float, stage: str) -> None:
        nonlocal printed
        line = f"{100 * fraction:3.0f}% {stage}"
        if line != printed:
            printed = line
            print(line, flush=True)

    return show


def register() -> None:
    """Let Blender's command line know the command."""
    global _handle
    _handle = bpy.utils.register_cli_command(NAME, run)


def unregister() -> None:
    """Take it back."""
    bpy.utils.unregister_cli_command(_handle)
