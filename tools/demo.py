"""Make a sample recording and animate it: a .blend, a picture and a short film in demo/."""

from pathlib import Path

from ..model_core.whole_files import Outputs
from . import animate
from .support.animate_options import has_blender
from .support.arguments import command_parser
from .support.checkout import WORK

STATURE = 1.72
FPS = 24
WITHOUT_BLENDER = (
    "Blender's module is not installed, so there is no scene, picture or film: "
    "pip install 'threepoint[blender]' (Python 3.11 or 3.13) adds them"
)


def run(arguments: list[str]) -> int:
    """Write the sample and run ``animate`` on it, with the arguments that are not known here."""
    parser = command_parser("demo", __doc__)
    parser.add_argument("--folder", type=Path, default=WORK / "demo", help="where to write (demo/ unless given)")
    options, remaining = parser.parse_known_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    recording = write_sample(options.folder / "sample.csv")
    avatar = options.folder / "avatar"
    targets = ["--npz", avatar.with_suffix(".npz")]
    if blender := has_blender():
        targets += ["--output", avatar.with_suffix(".blend"), "--fps", FPS]
        targets += ["--preview", avatar.with_suffix(".png"), "--preview", avatar.with_suffix(".mp4")]
    status = animate.run([str(argument) for argument in (recording, *targets, *remaining)])
    if not blender:
        print(WITHOUT_BLENDER)
    return status


def write_sample(path: Path) -> Path:
    """The made-up session in Threepoint's own plain CSV."""
    from ..model_core.body import load_body
    from ..model_core.recordings.formats import plain
    from .support.sample_recording import sample_recording

    body = load_body()
    with Outputs() as outputs:
        plain.write(outputs.path_for(path), sample_recording(body, body.betas_for(STATURE)))
    return path
