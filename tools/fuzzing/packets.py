"""Damaged and hostile packets of trackers, one after the other into one stream: each is heeded or refused."""

import struct
import sys
from collections import Counter

import numpy as np

from ...model_core.errors import InputError
from ...model_core.live.frames import FrameClock, TrackerFrame
from ...model_core.live.roles import RoleFinder
from ...model_core.live.sources.moments import Moment, Pose
from ...model_core.live.sources.osc import BUNDLE, MalformedPacket, read_packet, write_bundle, write_message
from ...model_core.live.sources.vmc import VmcReader, body_packets, device_packet
from ...model_core.live.sources.vrchat import VrchatReader
from .other_inputs import outcome_of

UNTOUCHED, CUT, NOISE = 0.2, 0.35, 0.45
"""Of all packets: those that are left as they are, and up to which number cut ones and mere noise reach."""
NASTY = (float("nan"), float("inf"), -float("inf"), 3e38, -0.0, 1e-40)
SIZES = (-(2**31), -8, -4, 0, 3, 2**31 - 1)
MOST_GROWN = 20_000
"""Blocks of memory by which all that is remembered may grow after the first tenth of the packets."""


def fuzz_packets(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` packets, and a line more where what is remembered of them grew."""
    stream, outcomes, early = _Stream(), Counter(), 0
    for number in range(seed, seed + count):
        if number == seed + count // 10:
            early = sys.getallocatedblocks()
        data = _packet(np.random.default_rng(number), number / 90)
        outcomes[outcome_of(lambda data=data, number=number: stream.take(data, number / 90), number)] += 1
    grown = sys.getallocatedblocks() - early
    if grown > MOST_GROWN:
        outcomes[f"{count} packets left {grown} objects behind"] += 1
    return outcomes


class _Stream:
    """All that live tracking makes of packets before it predicts a body."""

    def __init__(self) -> None:
        self.readers = VmcReader(), VrchatReader()
        self.roles, self.clock = RoleFinder(), FrameClock()

    def take(self, data: bytes, arrival: float) -> None:
        """Take in a packet. Raises ``InputError`` where it is refused, ``AssertionError`` where it makes nonsense."""
        try:
            packet = read_packet(data)
        except MalformedPacket as problem:
            raise InputError(str(problem)) from None
        for reader in self.readers:
            moment = reader.read(packet, arrival)
            if moment is not None:
                for frame in self.clock.add(moment.time, self.roles.poses(moment)):
                    _check(frame)


def _check(frame: TrackerFrame) -> None:
    lengths = np.linalg.norm(frame.rotations, axis=-1)
    if not (np.isfinite(frame.positions).all() and np.abs(lengths - 1).max() < 1e-6):
        raise AssertionError("a frame that is no pose")


def _packet(random: np.random.Generator, seconds: float) -> bytes:
    """A packet of trackers, most often damaged."""
    data, chance = _sound_packet(random, seconds), random.random()
    if chance < UNTOUCHED:
        return data
    if chance < CUT:
        return data[: int(random.integers(len(data)))]
    if chance < NOISE:
        return b"/#"[: int(random.integers(3))] + random.bytes(int(random.integers(200)))
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        at = 4 * int(random.integers(len(changed) // 4))
        kind = int(random.integers(4))
        if kind == 0:
            changed[at] ^= 1 << int(random.integers(8))
        elif kind == 1:
            changed[at : at + 4] = struct.pack(">f", NASTY[int(random.integers(len(NASTY)))])
        elif kind == 2:
            changed[at : at + 4] = struct.pack(">i", SIZES[int(random.integers(len(SIZES)))])
        else:
            changed[at:at] = BUNDLE + random.bytes(8)
    return bytes(changed)


def _sound_packet(random: np.random.Generator, seconds: float) -> bytes:
    """A packet as a program sends it: of VMC with and without a bundle's time, of VRChat, or of a body."""
    place, kind = random.normal(0, 0.3, 3) + [0.0, 1.4, 0.0], int(random.integers(4))
    if kind == 0:
        names = ("hmd:a", "con:LeftHand", "con:RightHand", f"tra:{random.integers(1000)}")
        turned = np.array([1.0, 0.0, 0.0, 0.0])
        return device_packet(
            Moment(1e9 + seconds, {name: Pose(place + 0.1 * n, turned) for n, name in enumerate(names)})
        )
    if kind == 1:
        head = write_message("/VMC/Ext/Hmd/Pos", "a", *map(float, place), 0.0, 0.0, 0.0, 1.0)
        return head if random.random() < 0.5 else write_bundle([write_message("/VMC/Ext/T", seconds), head])
    if kind == 2:
        number = str(random.integers(1, 9))
        parts = (("position", place), ("rotation", 90 * place))
        return write_bundle(
            write_message(f"/tracking/trackers/{number}/{part}", *map(float, values)) for part, values in parts
        )
    return body_packets(seconds, np.tile(np.eye(3), (22, 1, 1)), place, np.zeros((22, 3)))[0]
