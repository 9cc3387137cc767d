"""The options of ``animate``, for ``python3 tools animate`` and ``blender --command threepoint animate`` alike."""

import argparse
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..recordings.text import decode
from ..untrusted.budgets import read_bytes
from ..untrusted.json_text import parse_json
from ..untrusted.values import CUTOFF, FLOOR, SAMPLE_RATE, SECONDS, SEED, STATURE, Bounds, number, typed, whole
from .parser import argument, fraction, frame_rate, positive_count, time_range

DEFAULT_FPS = 60.0
DEVICES = ("auto", "cpu", "cuda", "mps")
LOST_HANDS = ("prior", "hold", "hang")
SHORT_ROLES = {"head": "head", "left": "left_hand", "right": "right_hand"}
"""What ``--trackers`` calls the three roles."""
LARGEST_JSON = 1 << 20
"""Bytes of a file of ``--table``."""
STATURE_ARGUMENT = argument(typed(number, "it", STATURE))
FLOOR_ARGUMENT = argument(typed(number, "it", FLOOR))
SEED_ARGUMENT = argument(typed(whole, "it", SEED))
TAKES_ARGUMENT = argument(typed(whole, "it", Bounds(1, 100)))
SCENE_SUFFIX = ".blend"
EXPORTS = {".fbx": "FBX", ".glb": "GLTF", ".bvh": "BVH", ".usdc": "USD", ".vrma": "VRMA"}
MESHED = ("FBX", "GLTF", "USD")
"""Formats that hold a mesh, not motion alone."""
"""Suffixes of what ``--output`` writes beside scenes, and what the add-on calls the formats."""
BONE_NAMES = ("smpl", "mixamo", "vrm", "rigify")
ALL_FINDINGS = "all"
"""What ``--fix`` takes for everything that was found."""

Arguments = argparse._ActionsContainer
"""A parser, or a group of one: what options are added to."""


def add_outputs(group: Arguments) -> None:
    """RECORDING..., ``--output``, ``--bone-names``, ``--preview``, ``--character`` and ``--fps``."""
    group.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="headset recording of a person")
    group.add_argument("-o", "--output", type=Path, action="append", default=[], metavar="FILE",
                       help=f"the scene ({SCENE_SUFFIX}), or the avatar for other programs ({', '.join(EXPORTS)}); may "
                       "be given more than once")  # fmt: skip
    group.add_argument("--bone-names", choices=BONE_NAMES, default=BONE_NAMES[0], help="what the bones are called")
    group.add_argument("--preview", type=Path, action="append", default=[], metavar="FILE",
                       help="pictures of moments (.png) or a film (.mp4) of the first take; may be given more than "
                       "once")  # fmt: skip
    group.add_argument("--character", type=Path, metavar="FILE",
                       help="a character of your own (.blend, .glb, .gltf, .vrm, .fbx) that the motion is put on: in "
                       "the scene over the avatar, which is hidden, in .fbx, .glb and .usdc in its place")  # fmt: skip
    group.add_argument("--fps", type=frame_rate, default=DEFAULT_FPS, metavar="N", help="the scene's frame rate")


CHARACTER_SUFFIXES = (".blend", ".glb", ".gltf", ".vrm", ".fbx")


def check_character(options: argparse.Namespace) -> None:
    """Refuse a ``--character`` that is no file of one, before any work is done. Raises ``InputError``."""
    path = options.character
    if path is None:
        return
    if path.suffix.lower() not in CHARACTER_SUFFIXES:
        raise InputError(f"{path}: is no character; it should be one of {', '.join(CHARACTER_SUFFIXES)}")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")


def check_character_is_written(options: argparse.Namespace) -> None:
    """Refuse a ``--character`` that nothing of ``--output`` would hold. Raises ``InputError``."""
    holding = [SCENE_SUFFIX, *(suffix for suffix, kind in EXPORTS.items() if kind in MESHED)]
    if options.character and not any(output.suffix.lower() in holding for output in options.output):
        raise InputError(f"animate: --character needs a file that holds it; name one with -o: {', '.join(holding)}")


def export_targets(options: argparse.Namespace) -> list[Path]:
    """What of ``--output`` is for other programs. Raises ``InputError`` where it names several recordings."""
    paths = [path for path in options.output if path.suffix.lower() != SCENE_SUFFIX]
    if paths and len(options.recordings) > 1:
        raise InputError(f"animate: {paths[0].name} is about one person, and {len(options.recordings)} recordings are "
                         f"named; a {SCENE_SUFFIX} holds them all")  # fmt: skip
    return paths


def export_files(options: argparse.Namespace) -> list[tuple[int, Path]]:
    """(take, path) of each file for other programs: one a take."""
    return [(take, numbered(path, take)) for path in export_targets(options) for take in range(options.takes)]


def numbered(path: Path, take: int) -> Path:
    """The file of a take: the first one has the name that was given."""
    return path if take == 0 else path.with_name(f"{path.stem}_take{take + 1}{path.suffix}")


def add_reading(group: Arguments) -> None:
    """How a recording is read."""
    group.add_argument("--trackers", type=argument(tracker_names), default={}, metavar="head=..,left=..,right=..",
                       help="which of the file's trackers are head and hands")  # fmt: skip
    group.add_argument("--run", type=positive_count, metavar="N",
                       help="of a file with several runs only this one, from 1 on")  # fmt: skip
    group.add_argument("--part", type=time_range, metavar="BEGIN:END",
                       help="only these seconds, counted from the first sample (of the run)")  # fmt: skip
    group.add_argument("--table", type=argument(table_options), default={}, metavar="KEY=VALUE,..|FILE.json",
                       help="what a table's header leaves open: time_unit, fps, length_unit, convention, "
                       "euler_order, quaternion_order, angle_unit, device; a JSON file of the same keys may also "
                       "name columns, {\"columns\": {\"time\": \"t\", \"head\": [\"hx\", ..]}}")  # fmt: skip
    group.add_argument("--keep-table", action="store_true",
                       help="remember --table for all tables with the same header")  # fmt: skip
    group.add_argument("--smooth", type=argument(typed(number, "it", CUTOFF)), metavar="HZ",
                       help="take from the trackers what is faster than this, tremor above all: 5 to 10")  # fmt: skip
    group.add_argument("--fix", type=lambda text: text.split(","), default=[], metavar="CHECK,..",
                       help="correct what looks wrong in a recording: names of findings, or all")  # fmt: skip


def add_calibration(group: Arguments) -> None:
    """The person in a recording, and how the devices sit on them."""
    group.add_argument(
        "--stature",
        type=typed(number, "--stature", STATURE),
        metavar="METRES",
        help="the person's height; estimated unless given",
    )
    group.add_argument(
        "--floor",
        type=typed(number, "--floor", FLOOR),
        metavar="METRES",
        help="the floor's height; estimated unless given",
    )
    group.add_argument("--controllers", metavar="PRESET", help="how the hands hold their devices; by default the "
                       "file's own; one of grip, touch, index, vive, saber, hand, joints; where neither is known, "
                       "it is fitted to the motion")  # fmt: skip
    group.add_argument("--pose", type=argument(known_pose), metavar="t|a[=SECOND]",
                       help="the person stands in T-pose or A-pose at this second; a T-pose may be found")  # fmt: skip
    group.add_argument("--calibration", type=Path, metavar="FILE", help="a calibration kept before, in place of these")


def add_prediction(group: Arguments) -> None:
    """How the body is found."""
    group.add_argument("--body", type=Path, metavar="FILE", help="your own SMPL, SMPL-H or SMPL-X file")
    group.add_argument("--device", choices=DEVICES, default="auto", help="where the networks run")
    group.add_argument("--seed", type=SEED_ARGUMENT, default=0, metavar="N", help="seed of everything random")
    group.add_argument("--takes", type=TAKES_ARGUMENT, default=1, metavar="N", help="several plausible motions")
    group.add_argument("--lost-hands", choices=LOST_HANDS, default=LOST_HANDS[0], help="what a hand does while no "
                       "tracker sees it: what is likely, holds where it was, or hangs")  # fmt: skip
    group.add_argument("--refinement", type=fraction, default=1.0, metavar="S",
                       help="how far to go from SAGE's prediction (0) to the refined motion (1), which alone meets "
                       "head and hands exactly; default 1")  # fmt: skip
    group.add_argument("--no-refine", dest="refinement", action="store_const", const=0.0, help="the same as "
                       "--refinement 0: SAGE's prediction as it is")  # fmt: skip


def known_pose(text: str) -> tuple[str, float | None]:
    """``t``, ``t=3.5`` or ``a=3.5`` -> the pose and its second from the recording's start; None: to be found."""
    pose, _, second = text.partition("=")
    if pose not in ("t", "a") or (pose == "a" and not second):
        raise InputError(f"'{text}' is not t, t=SECOND or a=SECOND")
    return pose, typed(number, f"--pose {pose}", SECONDS)(second) if second else None


def tracker_names(text: str, more: Iterable[str] = ()) -> dict[str, str]:
    """``head=HMD,left=Knuckles L`` -> the file's tracker name by role; ``more`` roles have their own names."""
    names, roles = {}, SHORT_ROLES | {role: role for role in more}
    for pair in text.split(","):
        short, _, name = pair.partition("=")
        if short not in roles or not name:
            raise InputError(f"'{pair}' is not {', '.join(f'{role}=NAME' for role in [*roles][:-1])} or "
                             f"{[*roles][-1]}=NAME")  # fmt: skip
        if roles[short] in names or name in names.values():
            raise InputError(f"'{pair}' names a role or a tracker a second time")
        names[roles[short]] = name
    return names


def table_options(text: str) -> dict[str, Any]:
    """``time_unit=ms,fps=90`` or the name of a JSON file -> keyword arguments of ``recordings.read``."""
    from ..recordings.tables.options import TableOptions

    given: Any
    if text.endswith(".json"):
        given = parse_json(decode(read_bytes(text, largest=LARGEST_JSON), text), text)
    else:
        given = {key: value for key, _, value in (pair.partition("=") for pair in text.split(","))}
        if "columns" in given:
            raise InputError("--table: columns can only be named in a JSON file")
    names = [field.name for field in fields(TableOptions)]
    unknown = [key for key in given if key not in names] if isinstance(given, dict) else [text]
    if unknown or not isinstance(given, dict):
        raise InputError(f"'{unknown[0]}' is not known of tables; it can be {', '.join(names)}")
    if "fps" in given:
        if isinstance(given["fps"], str):
            given["fps"] = typed(number, "--table fps", SAMPLE_RATE)(given["fps"])
    TableOptions(**given).validate()
    return given
