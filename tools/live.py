"""See the body while the headset is worn: trackers in over the network or from a file, the whole body on as VMC.

Ends with Ctrl-C, or where a replayed recording does. What is recorded is read by ``animate``.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..model_core.calibration.calibration import BODY_TRACKER_JOINTS
from ..model_core.command_line.animate_arguments import FLOOR_ARGUMENT, STATURE_ARGUMENT, tracker_names
from ..model_core.command_line.parser import argument
from ..model_core.live.sources.vmc import LAYOUTS
from ..model_core.untrusted.values import SECONDS, choice, number, typed
from ..model_core.whole_files import check_target
from .support.arguments import command_parser

TELL_EVERY = 1.0
"""Seconds from one look at the state to the next."""
WAIT = 0.05
"""Seconds for which a source is waited for."""


def run(arguments: list[str]) -> int:
    """Track until told to stop; a line on standard output for each new state."""
    options = _parse(arguments)
    from ..model_core.body import load_body
    from ..model_core.calibration import OTHER_PRESETS, PRESETS, load, save
    from ..model_core.live.calibrating import RunningCalibration
    from ..model_core.live.sending import BodySender
    from ..model_core.live.session import LiveSession
    from ..model_core.live.sources.opening import open_source, target_of
    from ..model_core.live.taking import Take
    from ..model_core.sage.ensemble import load_ensemble

    if options.controllers:
        choice(options.controllers, "device preset", (*PRESETS, *OTHER_PRESETS))
    given = load(options.calibration) if options.calibration else None
    with contextlib.ExitStack() as stack:
        sender = stack.enter_context(BodySender(*target_of(options.send))) if options.send else None
        source = stack.enter_context(open_source(options.source, options.quaternions, options.fast))
        device = options.controllers or source.device
        person = RunningCalibration(load_body(), device, options.stature, options.floor, given)
        session = LiveSession(load_ensemble(device="cpu").first, person, options.trackers, catches_up=not options.fast)
        if options.record:
            worn = dict.fromkeys((*session.recorded_roles, *source.roles))
            take = Take(options.record, device, tuple(worn))
            stack.callback(take.close)
            session.record(take)
        begun, told, said, frames = time.monotonic(), float("-inf"), "", 0
        with contextlib.suppress(KeyboardInterrupt):
            while not source.ended and time.monotonic() - begun < options.seconds:
                for frame in session.feed(source.poll(WAIT)):
                    frames += 1
                    if sender is not None:
                        sender.send(frame)
                if options.t_pose is not None and session.seconds >= options.t_pose:
                    options.t_pose = None
                    session.hold_t_pose()
                if time.monotonic() - told >= TELL_EVERY:
                    state = source.state() or (sender and sender.state()) or session.state()
                    told, said = time.monotonic(), _tell(str(state), said)
    if options.keep_calibration and person.found is not None:
        save(options.keep_calibration, person.found)
    print(f"{frames} frames" + (f"; {options.record} has what came" if options.record else ""), flush=True)
    return 0


def _tell(state: str, said: str) -> str:
    """Print a state: on one living line in a terminal, elsewhere where it is another than before."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{state}", end="", flush=True)
    elif _words(state) != _words(said):
        print(state, flush=True)
    return state


def _words(state: str) -> str:
    """A state without its numbers."""
    return "".join(character for character in state if not character.isdigit())


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser("live", __doc__)
    parser.add_argument("--source", required=True, metavar="vmc:PORT|vrchat:PORT|replay:FILE",
                        help="where trackers come from; a port of this machine alone, unless an address is named: "
                        "vmc:0.0.0.0:39539 listens to the whole network")  # fmt: skip
    parser.add_argument("--send", metavar="vmc:PORT", help="where the body goes: vmc:39540, vmc:192.168.0.7:39540")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="a new recording of what comes")
    parser.add_argument("--trackers", type=argument(partial(tracker_names, more=BODY_TRACKER_JOINTS)), default={},
                        metavar="head=..,left=..,right=..,waist=..", help="which trackers are head and hands, by their "
                        f"serial numbers or names; {', '.join(BODY_TRACKER_JOINTS)} are recorded")  # fmt: skip
    parser.add_argument("--controllers", default="", metavar="PRESET", help="how the hands hold their devices: grip, "
                        "touch, index, vive, saber, hand, joints")  # fmt: skip
    parser.add_argument("--quaternions", choices=LAYOUTS, default=LAYOUTS[0], help="the order of VMC's quaternions")
    parser.add_argument("--stature", type=STATURE_ARGUMENT, metavar="METRES", help="the person's height; measured "
                        "unless given")  # fmt: skip
    parser.add_argument("--floor", type=FLOOR_ARGUMENT, metavar="METRES", help="the floor's height; found unless given")
    parser.add_argument("--t-pose", type=argument(typed(number, "it", SECONDS)), metavar="SECONDS",
                        help="measure person and devices by a T-pose that is held so long after the first tracker "
                        "came")  # fmt: skip
    parser.add_argument("--calibration", type=Path, metavar="FILE.json", help="what was found of the person before")
    parser.add_argument("--keep-calibration", type=Path, metavar="FILE.json", help="write it, for --calibration")
    parser.add_argument("--seconds", type=argument(typed(number, "it", SECONDS)), default=float("inf"), metavar="N",
                        help="end after so long")  # fmt: skip
    parser.add_argument("--fast", action="store_true", help="replay as fast as the machine can")
    options = parser.parse_args(arguments)
    if options.record:
        check_target(options.record, (".csv",))
    if options.keep_calibration:
        check_target(options.keep_calibration, (".json",))
    return options
