"""Make the moving pictures of the README and the site anew, from real recordings.

The recordings and the character are other people's and not part of the project; the README's credits say where they
are from.
"""

from pathlib import Path

from ..model_core.errors import InputError
from ..model_core.whole_files import Outputs, check_target, say_sizes
from .support.arguments import command_parser
from .support.checkout import ROOT, SHARED
from .support.progress import TerminalProgress

FOLDER = ROOT / "docs" / "pictures"
SUFFIX = ".webp"


def run(arguments: list[str]) -> int:
    """Find the bodies, draw the frames, and write the pictures that were named."""
    parser = command_parser("pictures", __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which: play, import, ...; all unless given")
    parser.add_argument("--recordings", type=Path, default=SHARED / "hmd", metavar="FOLDER", help="what was recorded")
    parser.add_argument("--characters", type=Path, default=SHARED / "characters", metavar="FOLDER",
                        help="where the character lies that takes a motion")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where networks run")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, metavar="FOLDER", help="where to put them")
    options = parser.parse_args(arguments)
    from .moving_pictures.scenes import PICTURES
    from .moving_pictures.studio import FILM_FPS, Studio
    from .moving_pictures.webp import write_webp
    from .support.scene_file import scene_properties

    names = options.names or list(PICTURES)
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        raise InputError(f"pictures: there is no picture '{unknown[0]}'; there are: {', '.join(PICTURES)}")
    studio = Studio(options.recordings, options.characters, options.device)
    with Outputs() as outputs, TerminalProgress() as progress, scene_properties():
        for number, name in enumerate(names):
            target = options.output / f"{name}{SUFFIX}"
            check_target(target, (SUFFIX,))
            progress(number / len(names), name)
            write_webp(outputs.path_for(target), PICTURES[name].frames(studio), FILM_FPS)
    say_sizes(outputs.pending)
    return 0
