"""Make a sample recording and animate it: a .blend, a picture and a short film in demo/."""

from pathlib import Path

from . import animate
from .support.arguments import CommandParser
from .support.checkout import ROOT
from .support.outputs import Outputs

STATURE = 1.72
FPS = 24


def run(arguments):
    """Write the sample and take the same road as ``animate``, which takes the words that are not known here."""
    parser = CommandParser("demo", __doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "demo", help="where to write (demo/ unless given)")
    options, words = parser.parse_known_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    recording = write_sample(options.folder / "sample.csv")
    avatar = options.folder / "avatar"
    files = ["--output", avatar.with_suffix(".blend"), "--npz", avatar.with_suffix(".npz")]
    previews = ["--preview", avatar.with_suffix(".png"), "--preview", avatar.with_suffix(".mp4")]
    return animate.run([str(word) for word in (recording, *files, *previews, "--fps", FPS, *words)])


def write_sample(path):
    """The made-up session in Threepoint's own plain CSV."""
    from threepoint.model_core.body import load_body
    from threepoint.model_core.recordings.formats import plain

    from .support.sample_recording import sample_recording

    body = load_body()
    with Outputs() as outputs:
        plain.write(outputs.path_for(path), sample_recording(body, body.betas_for(STATURE)))
    return path
