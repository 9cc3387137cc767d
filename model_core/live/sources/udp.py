"""Trackers from a UDP port: packets are taken as they come, the newest ones where there are too many.

Nothing is read by a thread of its own: ``poll`` waits for the port, empties what the system has kept of it and heeds
the newest of that. So no queue can grow.
"""

import contextlib
import ipaddress
import select
import socket
import time
from collections import deque
from typing import Protocol, Self

from ...errors import InputError
from ...notes import Note
from ...shown import printable
from .moments import Moment
from .osc import LARGEST_PACKET, MalformedPacket, Packet, read_packet

MOST_PACKETS = 256
"""Of the packets that have come since the last call so many, the newest, are heeded."""
MOST_RECEIVED = 8192
"""Packets that a call takes from the system at most, so that it ends however fast they come."""
KEPT_BYTES = 1 << 22
"""Bytes that the system is asked to keep for us between two calls."""
TOLD_SECONDS = 3.0
"""A mishap is told for so long."""
SILENT_SECONDS = 1.0
LOOPBACK = "127.0.0.1"


class Reader(Protocol):
    """What makes moments of packets: ``vmc.VmcReader`` or ``vrchat.VrchatReader``."""

    def read(self, packet: Packet, arrival: float) -> Moment | None: ...


class UdpSource:
    """Moments of trackers that are sent to a port of this machine, a context that closes it."""

    device = ""
    """What the hands hold nobody says."""
    roles: tuple[str, ...] = ()

    def __init__(self, reader: Reader, port: int, host: str = LOOPBACK) -> None:
        """Listen at ``host``, an address of this machine, 0.0.0.0 for all. Raises ``InputError``."""
        self.place = f"{host}:{port}"
        self._reader = reader
        self._heard: float | None = None
        self._flooded = self._malformed = 0
        self._flooded_at = self._malformed_at = float("-inf")
        self._reason = ""
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    def poll(self, wait: float) -> list[Moment]:
        """What has come since the last call, in its order; ``wait`` so many seconds for something to come."""
        with contextlib.suppress(OSError):
            select.select([self._socket], [], [], max(0.0, wait))
        newest: deque[tuple[bytes, float]] = deque(maxlen=MOST_PACKETS)
        taken = 0
        while taken < MOST_RECEIVED:
            try:
                newest.append((self._socket.recv(LARGEST_PACKET + 1), time.monotonic()))
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # Windows tells here that somebody to whom was sent is gone.
                continue
            finally:
                taken += 1
        now = time.monotonic()
        if taken > MOST_PACKETS + 1:
            self._flooded, self._flooded_at = self._flooded + taken - 1 - len(newest), now
        moments = [moment for data, arrival in newest if (moment := self._read(data, arrival)) is not None]
        if moments:
            self._heard = now
        return moments

    def _read(self, data: bytes, arrival: float) -> Moment | None:
        try:
            return self._reader.read(read_packet(data), arrival)
        except MalformedPacket as problem:
            self._malformed, self._malformed_at, self._reason = self._malformed + 1, arrival, str(problem)
            return None

    def state(self) -> Note | None:
        """What is to be said of the port just now; None where all is well."""
        now = time.monotonic()
        if now - self._flooded_at < TOLD_SECONDS:
            return Note("live_flood", {"count": self._flooded})
        if now - self._malformed_at < TOLD_SECONDS:
            return Note("live_malformed", {"count": self._malformed, "reason": self._reason})
        if self._heard is None:
            return Note("live_waiting", {"place": self.place})
        silent = now - self._heard
        return Note("live_silent", {"seconds": silent}) if silent > SILENT_SECONDS else None

    @property
    def ended(self) -> bool:
        """A port never ends."""
        return False


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ``InputError``."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        raise InputError(
            f"{printable(host)}: is no address; expected one of this machine, such as {LOOPBACK}"
        ) from None
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        with contextlib.suppress(OSError):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KEPT_BYTES)
        listening.bind((host, port))
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise InputError(f"cannot listen at {host}:{port} ({error.strerror or error}); close the program that has the "
                         "port, or name another one") from None  # fmt: skip
    return listening
