"""Show a prediction beside the truth: a clip of motion capture as a strip of pictures, a film or a scene."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..model_core.calibration import Calibration
from ..model_core.errors import InputError
from ..model_core.geometry.rotations import matrix_to_quaternion
from ..model_core.geometry.skeleton import TRACKED_JOINTS
from ..model_core.mocap.clips import Clip, load_clips
from ..model_core.motion import BETA_COUNT, Motion
from ..model_core.observation import FPS
from ..model_core.progress import Progress, part_of
from ..model_core.recordings import Recording
from ..model_core.whole_files import Outputs, check_target, say_sizes
from .support.arguments import command_parser
from .support.checkout import WORK
from .support.progress import TerminalProgress

CLIPS = WORK / "data" / "motion" / "test.npz"
SCENE_FPS = 30
PREDICT_FRACTION = 0.6
"""Where, of the whole work, the prediction ends: only the bar depends on it."""


def run(arguments: list[str]) -> int:
    """Take head and wrists from the clip, find the body for them, put it beside the body that they came from."""
    options = parse(arguments)
    clip = choose_clip(options)
    with Outputs() as outputs, TerminalProgress() as progress:
        recording, calibration, predicted = predict(clip, options.device, part_of(progress, 0, PREDICT_FRACTION))
        progress(PREDICT_FRACTION, "building the scene")
        write_outputs(options, clip, recording, calibration, predicted, outputs)
    say_sizes(outputs.pending)
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = command_parser("compare", __doc__)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS, metavar="CLIPS.npz",
                        help="a file that `prepare` wrote; the test split unless given")  # fmt: skip
    parser.add_argument("--clip", metavar="NAME", help="one of the file's clips; the first one unless given")
    parser.add_argument("-o", "--output", type=Path, action="append", required=True, metavar="FILE",
                        help="a strip (.png), a film (.mp4) or a scene (.blend); may be given for each")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where networks run")
    options = parser.parse_args(arguments)
    for path in options.output:
        check_target(path, (".png", ".mp4", ".blend"))
    return options


def choose_clip(options: argparse.Namespace) -> Clip:
    """The clip by its name."""
    clips = load_clips(options.clips)
    by_name = {clip.name: clip for clip in clips}
    name = next(iter(by_name)) if options.clip is None else options.clip
    if name not in by_name:
        raise InputError(f"{options.clips}: has no clip '{name}'; it has: {', '.join(by_name)}")
    return by_name[name]


def predict(clip: Clip, device: str, progress: Progress) -> tuple[Recording, Calibration, Motion]:
    """The clip's head and wrists as a ``Recording``, its ``Calibration``, and the ``Motion`` predicted from them."""
    from ..model_core.pipeline import Options, animate, calibrate, model_frame
    from ..model_core.recordings.formats.amass import joint_recording

    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    recording = joint_recording(
        np.arange(len(clip)) / FPS, joints[:, tracked], matrix_to_quaternion(world[:, tracked]), clip.name,
        np.zeros(BETA_COUNT),
    )  # fmt: skip
    calibration = calibrate(model_frame(recording), Options(device=device))
    return recording, calibration, animate(recording, Options(calibration=calibration, device=device), progress)


def write_outputs(
    options: argparse.Namespace,
    clip: Clip,
    recording: Recording,
    calibration: Calibration,
    predicted: Motion,
    outputs: Outputs,
) -> None:
    """Build the two people and write what was asked for."""
    from ..blender_addon.state import people
    from ..blender_addon.state.new_file import empty_file
    from .support.scene_file import add_motion, add_takes, save_preview, save_scene, scene_properties

    truth = Motion(FPS, matrix_to_quaternion(clip.rotations()), clip.translation, predicted.betas)
    with scene_properties():
        person = people.add_person(recording, "predicted", empty_file(SCENE_FPS))
        found = add_takes(person, recording, calibration, [predicted])
        true = add_motion(truth, "recorded")
        subjects = [replace(found, label="predicted from three points"), replace(true, label="recorded")]
        for path in options.output:
            if path.suffix.lower() == ".blend":
                save_scene(outputs.path_for(path))
            else:
                save_preview(outputs.path_for(path), subjects)
