"""Sources and targets by their names on a command line or in a message: ``vmc:39539``, ``replay:FILE``."""

from pathlib import Path
from typing import Protocol, Self

from ...errors import InputError
from ...notes import Note
from ...recordings import read
from ...shown import printable
from ...untrusted.values import Bounds, number
from .moments import Moment
from .replay import Replay
from .udp import LOOPBACK, UdpSource
from .vmc import VmcReader
from .vrchat import VrchatReader

PORT = Bounds(1, 65535)
EXPECTED = "expected vmc:PORT, vmc:ADDRESS:PORT, vrchat:PORT or replay:FILE"


class Source(Protocol):
    """Where moments come from: a context. ``device`` is what the hands hold, where the source knows it, and ``roles``
    are those of its trackers that it knows beforehand."""

    device: str
    roles: tuple[str, ...]

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def poll(self, wait: float) -> list[Moment]: ...
    def state(self) -> Note | None: ...
    @property
    def ended(self) -> bool: ...


def open_source(words: str, layout: str = "auto", fast: bool = False) -> Source:
    """The source that ``words`` name. ``layout`` is of VMC's quaternions (``vmc.LAYOUTS``); a replay that is ``fast``
    does not wait for its clock. Raises ``InputError``."""
    kind, _, rest = words.partition(":")
    if kind == "replay" and rest:
        return Replay(read(Path(rest)), fast)
    if kind not in ("vmc", "vrchat") or not rest:
        raise InputError(f"the source '{printable(words)}' is not known; {EXPECTED}")
    host, port = address(rest, "the source")
    return UdpSource(VmcReader(layout) if kind == "vmc" else VrchatReader(), port, host)


def target_of(words: str) -> tuple[str, int]:
    """Address and port of ``vmc:PORT`` or ``vmc:ADDRESS:PORT``, to which a body is sent. Raises ``InputError``."""
    kind, _, rest = words.partition(":")
    if kind != "vmc" or not rest:
        raise InputError(f"the target '{printable(words)}' is not known; expected vmc:PORT or vmc:ADDRESS:PORT")
    return address(rest, "the target")


def address(words: str, what: str) -> tuple[str, int]:
    """``PORT`` or ``ADDRESS:PORT``; this machine alone, where no address is named. Raises ``InputError``."""
    host, _, port = words.rpartition(":")
    if not port.isascii() or not port.isdigit() or len(port) > 6:
        raise InputError(f"{what}'s port '{printable(port)}' is no number from {PORT.least:g} to {PORT.largest:g}")
    return host.strip("[]") or LOOPBACK, int(number(int(port), f"{what}'s port", PORT))
