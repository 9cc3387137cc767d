"""The words of ``python3 tools animate``."""

import argparse
from pathlib import Path

from threepoint.model_core.errors import InputError

from .arguments import CommandParser
from .outputs import check_target
from .table_options import add_table_words

DEFAULT_FPS = 60
SHORT_ROLES = {"head": "head", "left": "left_hand", "right": "right_hand"}
"""The words that ``--trackers`` takes for the three roles."""
ALL_FINDINGS = "all"


def parse(arguments, description):
    """The options, checked as far as that goes without reading a recording."""
    parser = CommandParser("animate", description)
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="headset recording of a person")
    add_outputs(parser.add_argument_group("what is written"))
    add_readings(parser.add_argument_group("how a recording is read"))
    add_predictions(parser.add_argument_group("how the body is found"))
    options = parser.parse_args(arguments)
    if not targets(options) and not options.report:
        raise InputError("animate: nothing to write; name one or more of -o OUT.blend, --npz FILE and --preview FILE")
    for path, suffixes in targets(options):
        check_target(path, suffixes)
    for word in ("npz", "calibration", "keep_calibration"):
        if getattr(options, word) and len(options.recordings) > 1:
            word = word.replace("_", "-")
            raise InputError(
                f"animate: --{word} is about one person, and {len(options.recordings)} recordings are named"
            )
    return options


def add_outputs(group):
    """Words for the files."""
    group.add_argument("-o", "--output", type=Path, metavar="OUT.blend", help="the scene")
    group.add_argument("--npz", type=Path, metavar="FILE", help="the motion in AMASS's layout, with its uncertainty")
    group.add_argument("--preview", type=Path, action="append", default=[], metavar="FILE",
                       help="a strip of pictures (.png) or a film (.mp4); may be given for each")  # fmt: skip
    group.add_argument("--preview-part", type=stretch, metavar="BEGIN:END",
                       help="the seconds that are shown there; a film shows a minute at most")  # fmt: skip
    group.add_argument("--fps", type=frame_rate, default=DEFAULT_FPS, metavar="N", help="the scene's frame rate")
    group.add_argument("--report", action="store_true",
                       help="say what is in the recordings, what was lost, what looks wrong, and how tall the "
                       "person is and how sure that is")  # fmt: skip


def add_readings(group):
    """Words for the recording and the person in it."""
    group.add_argument("--trackers", type=tracker_names, default={}, metavar="head=..,left=..,right=..",
                       help="which of the file's trackers are head and hands")  # fmt: skip
    add_table_words(group)
    group.add_argument("--fix", type=lambda text: text.split(","), default=[], metavar="CHECK,..",
                       help="mend what --report finds wrong, by its names, or all of it")  # fmt: skip
    group.add_argument("--stature", type=float, metavar="METRES", help="the person's height; found unless given")
    group.add_argument("--floor", type=float, metavar="METRES", help="the floor's height; found unless given")
    group.add_argument("--controllers", metavar="PRESET", help="how the hands hold their devices; the file's own "
                       "or grip, touch, index, vive, saber, hand, joints; where neither is known, it is fitted "
                       "to the motion")  # fmt: skip
    group.add_argument("--pose", type=known_pose, metavar="t|a[=SECOND]",
                       help="the person stands in T-pose or A-pose at this second; a T-pose may be found")  # fmt: skip
    group.add_argument("--calibration", type=Path, metavar="FILE", help="what --keep-calibration wrote before")
    group.add_argument("--keep-calibration", type=Path, metavar="FILE.json", help="write what was found of the person")


def add_predictions(group):
    """Words for the models."""
    group.add_argument("--body", type=Path, metavar="FILE", help="your own SMPL, SMPL-H or SMPL-X file")
    group.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where networks run")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of everything random")
    group.add_argument("--takes", type=count, default=1, metavar="N", help="several plausible motions")
    group.add_argument("--refinement", type=share, default=1.0, metavar="S",
                       help="how far to go from SAGE's prediction (0) to the refined motion (1), which alone meets "
                       "head and hands exactly; default 1")  # fmt: skip
    group.add_argument("--no-refine", dest="refinement", action="store_const", const=0.0, help="the same as "
                       "--refinement 0: SAGE's prediction as it is")  # fmt: skip


def targets(options):
    """(path, allowed suffixes) of each file to write."""
    named = [(options.output, (".blend",)), (options.npz, (".npz",)), (options.keep_calibration, (".json",))]
    named += [(path, (".png", ".mp4")) for path in options.preview]
    return [(path, suffixes) for path, suffixes in named if path is not None]


def frame_rate(text):
    """Frames a second, fractions included."""
    number = float(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000")
    return number


def stretch(text):
    """``10:16`` -> seconds from the recording's start."""
    begin, _, end = text.partition(":")
    begin, end = float(begin), float(end)
    if not 0 <= begin < end:
        raise argparse.ArgumentTypeError(f"{text} is not BEGIN:END with 0 <= BEGIN < END")
    return begin, end


def share(text):
    """A number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def count(text):
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def known_pose(text):
    """``t``, ``t=3.5`` or ``a=3.5`` -> the pose and its second from the recording's start; None: to be found."""
    pose, _, second = text.partition("=")
    if pose not in ("t", "a") or (pose == "a" and not second):
        raise argparse.ArgumentTypeError(f"'{text}' is not t, t=SECOND or a=SECOND")
    return pose, float(second) if second else None


def tracker_names(text):
    """``head=HMD,left=Knuckles L`` -> the file's tracker name by role."""
    names = {}
    for pair in text.split(","):
        short, _, name = pair.partition("=")
        if short not in SHORT_ROLES or not name:
            raise argparse.ArgumentTypeError(f"'{pair}' is not head=NAME, left=NAME or right=NAME")
        names[SHORT_ROLES[short]] = name
    return names
