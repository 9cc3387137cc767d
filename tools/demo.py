"""Animate the recording that comes with Threepoint: a .blend, a picture and a short film in demo/."""

from pathlib import Path

from ..blender_addon.sample import SAMPLE
from . import animate
from .support.animate_options import has_blender
from .support.arguments import command_parser
from .support.checkout import WORK

FPS = 24
WITHOUT_BLENDER = (
    "Blender's module is not installed, so there is no scene, picture or film: "
    "pip install 'threepoint[blender]' (Python 3.11 or 3.13) adds them"
)


def run(arguments: list[str]) -> int:
    """Run ``animate`` on the sample, with the arguments that are not known here."""
    parser = command_parser("demo", __doc__)
    parser.add_argument("--folder", type=Path, default=WORK / "demo", help="where to write (demo/ unless given)")
    options, remaining = parser.parse_known_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    avatar = options.folder / "avatar"
    targets = ["--npz", avatar.with_suffix(".npz")]
    if blender := has_blender():
        targets += ["--output", avatar.with_suffix(".blend"), "--fps", FPS]
        targets += ["--preview", avatar.with_suffix(".png"), "--preview", avatar.with_suffix(".mp4")]
    status = animate.run([str(argument) for argument in (SAMPLE, *targets, *remaining)])
    if not blender:
        print(WITHOUT_BLENDER)
    return status
