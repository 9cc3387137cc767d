"""The whole body on to other programs, as VMC over UDP."""

import ipaddress
import socket
from typing import Self

from ..errors import InputError
from ..notes import Note
from ..shown import printable
from .session import LiveFrame
from .sources.vmc import body_packets


class BodySender:
    """Sends frames to an address; a context that closes the socket. Whether somebody listens nobody knows."""

    def __init__(self, host: str, port: int) -> None:
        """Raises ``InputError`` where ``host`` is no address."""
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            raise InputError(f"{printable(host)}: is no address; expected one such as 127.0.0.1") from None
        self._target = host, port
        self._socket = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._problem = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, frame: LiveFrame) -> None:
        """Send a frame; one for which the network has no room is left out, for the next one is newer."""
        try:
            for packet in body_packets(frame.time, frame.rotations, frame.in_room, frame.rest_joints):
                self._socket.sendto(packet, self._target)
            self._problem = ""
        except (BlockingIOError, ConnectionError):  # Nobody listens yet, or not fast enough.
            return
        except OSError as error:
            self._problem = error.strerror or str(error)

    def state(self) -> Note | None:
        """What is to be said of sending just now."""
        if not self._problem:
            return None
        return Note("live_not_sent", {"place": f"{self._target[0]}:{self._target[1]}", "reason": self._problem})
