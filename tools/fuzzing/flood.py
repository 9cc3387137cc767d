"""A flood of packets through a real port: it is said, bodies go on to be made, and nothing is kept that grows."""

import subprocess
import sys
import time
from collections import Counter

import numpy as np

from ...model_core.body import load_body
from ...model_core.calibration import Calibration, preset_offsets
from ...model_core.calibration.person import head_offset
from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ...model_core.live.calibrating import RunningCalibration
from ...model_core.live.session import LiveSession
from ...model_core.live.sources.udp import UdpSource
from ...model_core.live.sources.vmc import VmcReader
from ...model_core.sage.ensemble import load_ensemble
from .other_inputs import REFUSED, TAKEN

PACKETS_PER_SECOND = 50_000
LONGEST_POLL = 1.0
"""Seconds of processor time that one look at the port may take."""
MOST_GROWN = 20_000
"""Blocks of memory by which all that is remembered may grow once the flood has begun."""
QUIET_SECONDS = 0.5
"""Without a packet for so long the flood is over."""
LEAST_RATE = 0.5
"""Part of ``PACKETS_PER_SECOND`` that must really have been sent, or nothing was tried."""
SENDER = """
import socket, sys, time
package, port, count, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
import importlib, numpy as np
moments = importlib.import_module(package + ".model_core.live.sources.moments")
vmc = importlib.import_module(package + ".model_core.live.sources.vmc")
turned = np.array([1.0, 0.0, 0.0, 0.0])
def packet(number):
    place = np.array([0.1 * np.sin(number / 5000), 1.5, 0.0])
    hands = {"con:Left": place + [-0.3, -0.5, -0.3], "con:Right": place + [0.3, -0.5, -0.3]}
    poses = {name: moments.Pose(where, turned) for name, where in {"hmd:a": place, **hands}.items()}
    return vmc.device_packet(moments.Moment(1e9 + number / rate, poses))
packets = [packet(number) for number in range(0, count, 100)]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
begun = time.monotonic()
for number in range(count):
    if number % 100 == 0:
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
    try:
        out.sendto(packets[number // 100], ("127.0.0.1", port))
    except OSError:
        pass
print(count / (time.monotonic() - begun))
"""
"""Every packet is sent a hundred times: making each would take longer than sending it."""


def fuzz_flood(count: int, seed: int = 0) -> Counter[str]:
    """Send ``count`` packets at ``PACKETS_PER_SECOND`` to a session that makes a body of them; how many packets it has
    heeded and how many were left out, and a line more for each thing that went wrong. ``seed`` changes nothing."""
    person = Calibration(np.zeros(10), 0.0, {"head": head_offset(1.0), **preset_offsets("grip")})
    session = LiveSession(
        load_ensemble(device="cpu").first, RunningCalibration(load_body(), "grip", given=person), catches_up=True
    )
    outcomes, states, bodies, longest, early = Counter(), set(), 0, 0.0, 0
    with UdpSource(VmcReader(), 0) as source:
        program = command(
            sys.executable, "-c", SENDER, (__package__ or "").split(".")[0], str(source.port), str(count),
            str(PACKETS_PER_SECOND),
        )  # fmt: skip
        with subprocess.Popen(program, env=clean_environment(), stdout=subprocess.PIPE, **OWN_PROCESS) as sender:
            heard = time.monotonic()
            while sender.poll() is None or time.monotonic() - heard < QUIET_SECONDS:
                begun = time.process_time()
                moments = source.poll(0.05)
                longest = max(longest, time.process_time() - begun)
                if moments:
                    heard = time.monotonic()
                outcomes[TAKEN] += len(moments)
                bodies += len(session.feed(moments))
                states.add((source.state() or session.state()).code)
                if not early and bodies > 60:
                    early = sys.getallocatedblocks()
            rate = float(sender.communicate()[0] or 0)
    outcomes[REFUSED] = count - outcomes[TAKEN]
    grown = sys.getallocatedblocks() - early
    wrong = {
        f"only {rate:.0f} packets a second were sent": rate < LEAST_RATE * PACKETS_PER_SECOND,
        "the flood was not said": "live_flood" not in states,
        "no body was made": not bodies,
        f"one look at the port took {longest:.2f} s": longest > LONGEST_POLL,
        f"{count} packets left {grown} objects behind": bool(early) and grown > MOST_GROWN,
    }
    outcomes.update(line for line, holds in wrong.items() if holds)
    return outcomes
