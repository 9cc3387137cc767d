"""Show a prediction beside the truth: a clip of motion capture as a strip of pictures, a film or a scene."""

from pathlib import Path

import numpy as np

from threepoint.model_core.mocap.clips import FPS, load_clips
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import BETA_COUNT, Motion
from threepoint.model_core.geometry.rotations import matrix_to_quaternion
from threepoint.model_core.geometry.skeleton import TRACKED_JOINTS

from .support.arguments import CommandParser
from .support.checkout import ROOT
from .support.outputs import Outputs, check_target, say_sizes
from .support.progress import TerminalProgress, part_of

CLIPS = ROOT / "data" / "motion" / "test.npz"
SCENE_FPS = 30
PREDICT_SHARE = 0.6
"""Where, of the whole work, the prediction ends: only the bar depends on it."""


def run(arguments):
    """Take head and wrists from the clip, find the body for them, put it beside the body that they came from."""
    options = parse(arguments)
    clip = choose_clip(options)
    with Outputs() as outputs, TerminalProgress() as progress:
        recording, predicted = predict(clip, options.device, part_of(progress, 0, PREDICT_SHARE))
        progress(PREDICT_SHARE, "building the scene")
        write_outputs(options, clip, recording, predicted, outputs)
    say_sizes(outputs.pending)
    return 0


def parse(arguments):
    """The options."""
    parser = CommandParser("compare", __doc__)
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


def choose_clip(options):
    """The clip by its name."""
    clips = load_clips(options.clips)
    by_name = {clip.name: clip for clip in clips}
    name = next(iter(by_name)) if options.clip is None else options.clip
    if name not in by_name:
        raise InputError(f"{options.clips}: has no clip '{name}'; it has: {', '.join(by_name)}")
    return by_name[name]


def predict(clip, device, progress):
    """The clip's head and wrists as a ``Recording``, and the ``Motion`` found for them by the product's own road."""
    from threepoint.model_core.pipeline import Options, animate
    from threepoint.model_core.recordings.formats.amass import joint_recording

    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    recording = joint_recording(
        np.arange(len(clip)) / FPS, joints[:, tracked], matrix_to_quaternion(world[:, tracked]), clip.name,
        np.zeros(BETA_COUNT),
    )  # fmt: skip
    return recording, animate(recording, Options(device=device), progress)


def write_outputs(options, clip, recording, predicted, outputs):
    """Build the two people and write what was asked for."""
    from threepoint.blender_addon.render.preview import Subject
    from threepoint.blender_addon.avatar.scene import build_scene, empty_file
    from threepoint.model_core.body import load_body

    from .support.scene_file import save_preview, save_scene

    body = load_body()
    truth = Motion(FPS, matrix_to_quaternion(clip.rotations()), clip.translation, predicted.betas)
    empty_file(SCENE_FPS)
    found = build_scene(recording, predicted, body, "found", fit_range=True)
    true = build_scene(None, truth, body, "recorded", fit_range=True)
    subjects = [Subject(found.avatar, found.trackers, "found from three points"), Subject(true.avatar, {}, "recorded")]
    for path in options.output:
        if path.suffix.lower() == ".blend":
            save_scene(outputs.path_for(path))
        else:
            save_preview(outputs.path_for(path), subjects)
