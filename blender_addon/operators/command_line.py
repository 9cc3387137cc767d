"""``blender --background --command threepoint animate RECORDING -o OUT.blend``: the buttons' work without a window."""

import argparse
import sys
from pathlib import Path

import bpy

from ...model_core.errors import InputError
from ...model_core.recordings import read
from ..engine import client as engine
from ..state import people
from ..ui import preferences
from ..avatar.armature import Avatar
from .importing import reading_options
from ..avatar.scene import empty_file

NAME = "threepoint"
BAD_INPUT = 2
_handle = None


class Words(argparse.ArgumentParser):
    """An ``ArgumentParser`` that raises ``InputError`` where argparse would end Blender."""

    def error(self, message):
        raise InputError(f"{self.prog}: {message} (--help shows the options)")


def parser():
    """The words that the command takes."""
    words = Words(prog=f"blender --background --command {NAME}", description=__doc__)
    commands = words.add_subparsers(dest="command", required=True)
    animate = commands.add_parser("animate", help="recordings in, a .blend with keyframed avatars out")
    animate.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING")
    animate.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.blend")
    animate.add_argument("--preview", type=Path, metavar="FILE", help="a picture (.png) or a film (.mp4)")
    animate.add_argument("--fps", type=float, default=60.0, metavar="N", help="the scene's frame rate")
    animate.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    animate.add_argument("--seed", type=int, default=0, metavar="N")
    animate.add_argument("--takes", type=int, default=1, metavar="N")
    animate.add_argument("--body", type=Path, metavar="FILE", help="your own SMPL, SMPL-H or SMPL-X file")
    animate.add_argument("--refinement", type=float, default=1.0, metavar="S",
                         help="how far from SAGE's prediction (0) to the refined motion (1: the default)")  # fmt: skip
    animate.add_argument("--no-refine", dest="refinement", action="store_const", const=0.0,
                         help="the same as --refinement 0")  # fmt: skip
    animate.add_argument("--python", type=Path, metavar="FILE", help="the engine's Python; default: the preferences'")
    return words


def run(words):
    """Do what the words say; the exit status. Bad input is one line on standard error."""
    try:
        options = parser().parse_args(words)
        animate(options)
    except SystemExit as end:  # --help
        return end.code
    except (InputError, engine.EngineError) as error:
        print(f"threepoint: error: {error}", file=sys.stderr)
        return BAD_INPUT
    finally:
        engine.stop()
    return 0


def animate(options):
    """Read, predict, build and save, through the same functions as the buttons."""
    if not options.output.parent.is_dir():
        raise InputError(f"{options.output}: the folder {options.output.parent} does not exist; make it first")
    if options.output.suffix != ".blend":
        raise InputError(f"{options.output}: the output should end in .blend")
    if not 0 <= options.refinement <= 1:
        raise InputError(f"--refinement {options.refinement} is not between 0 and 1")
    python = options.python or preferences.engine_python()
    recordings = [read(path, **reading_options(path, python)) for path in options.recordings]
    scene = empty_file(options.fps)
    scene.frame_end = scene.frame_start
    for path, recording in zip(options.recordings, recordings, strict=True):
        person = people.add_person(recording, path.stem, scene)
        person.device, person.seed, person.refinement = options.device, options.seed, options.refinement
        person.body_path = str(options.body.resolve()) if options.body else ""
        for take in range(options.takes):
            job = people.ask_engine(person, scene, python, take)
            motion = job.wait(_progress_printer())
            people.note_calibration(person, job.calibration)
            people.receive_motion(person, motion, scene)
        person.active_take = 0
        scene.frame_end = max(scene.frame_end, round(person.takes[0].action.frame_range[1]))
        print(f"{path.stem}: {motion.duration:.1f} s")
    bpy.ops.wm.save_as_mainfile(filepath=str(options.output.resolve()), compress=True)
    if options.preview:
        _save_preview(options.preview, scene)


def _save_preview(path, scene):
    from ..render.preview import Subject, render_film, render_still  # Nothing else in Blender needs it.

    subjects = [
        Subject(Avatar(person.armature, person.mesh), people.trackers_of(person)) for person in scene.threepoint.people
    ]
    if path.suffix.lower() == ".mp4":
        render_film(path, subjects)
    else:
        render_still(path, subjects, (scene.frame_start + scene.frame_end) // 2)


def _progress_printer():
    """A progress callback that prints a line whenever there is something new to say."""
    told = ""

    def show(fraction, stage):
        nonlocal told
        line = f"{100 * fraction:3.0f}% {stage}"
        if line != told:
            told = line
            print(line, flush=True)

    return show


def register():
    global _handle
    _handle = bpy.utils.register_cli_command(NAME, run)


def unregister():
    bpy.utils.unregister_cli_command(_handle)
