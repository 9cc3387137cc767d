"""OSC 1.0: the bytes of a packet to its messages, and back (standard library only).

https://opensoundcontrol.stanford.edu/spec-1_0.html. Written here because packets come from anybody: python-osc 1.10.2
never returns from a bundle whose element has a negative size, takes what a message lacks for zeros, and logs a line for
each type that it does not know.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

BUNDLE = b"#bundle\x00"
IMMEDIATELY = 1
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900, where OSC's clock begins, to 1970."""
FRACTIONS = 2.0**32
LARGEST_PACKET = 65_507
"""Bytes that a UDP packet has at most."""
DEEPEST, MOST_MESSAGES = 4, 1000
"""Bundles in bundles, and messages of a packet: nobody sends more."""
NUMBERS = {"f": struct.Struct(">f"), "i": struct.Struct(">i"), "d": struct.Struct(">d"), "h": struct.Struct(">q")}
CONSTANTS = {"T": True, "F": False, "N": None}
TIME_TAG, SIZE = struct.Struct(">Q"), struct.Struct(">i")

Argument = str | float | int | bool | None


class MalformedPacket(ValueError):
    """Bytes that are no OSC packet, or hold what nobody sends to an avatar; says why in some words."""


@dataclass(frozen=True)
class Message:
    """One OSC message."""

    address: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Packet:
    """The ``messages`` of a packet in their order, and the ``time`` of its bundle in seconds since 1970.

    ``time`` is None where the bundle says "immediately", or where there is none.
    """

    messages: tuple[Message, ...]
    time: float | None = None


def read_packet(data: bytes) -> Packet:
    """The packet in ``data``. Raises ``MalformedPacket``."""
    if len(data) > LARGEST_PACKET:
        raise MalformedPacket("a packet that is too long")
    messages: list[Message] = []
    time = _read_element(data, messages, 0)
    return Packet(tuple(messages), time)


def _read_element(data: bytes, messages: list[Message], depth: int) -> float | None:
    """Add the messages of a message or bundle; the bundle's time."""
    if not data.startswith(BUNDLE):
        if len(messages) >= MOST_MESSAGES:
            raise MalformedPacket("too many messages in a packet")
        messages.append(_read_message(data))
        return None
    if depth >= DEEPEST or len(data) < len(BUNDLE) + TIME_TAG.size:
        raise MalformedPacket("bundles within bundles" if depth >= DEEPEST else "a bundle that is cut off")
    at = len(BUNDLE) + TIME_TAG.size
    while at < len(data):
        if len(data) - at < SIZE.size:
            raise MalformedPacket("a bundle that is cut off")
        (size,) = SIZE.unpack_from(data, at)
        at += SIZE.size
        if size <= 0 or size % 4 or size > len(data) - at:
            raise MalformedPacket("a bundle whose element has no possible size")
        _read_element(data[at : at + size], messages, depth + 1)
        at += size
    return time_of_bundle(data)


def time_of_bundle(data: bytes) -> float | None:
    """The time of a bundle of at least 16 bytes, as in ``Packet``."""
    (tag,) = TIME_TAG.unpack_from(data, len(BUNDLE))
    return None if tag == IMMEDIATELY else tag / FRACTIONS - NTP_EPOCH


def _read_message(data: bytes) -> Message:
    address, at = _read_string(data, 0)
    if not address.startswith("/"):
        raise MalformedPacket("something else than OSC")
    types, at = _read_string(data, at)
    if not types.startswith(","):
        raise MalformedPacket("a message without types")
    arguments: list[Argument] = []
    for kind in types[1:]:
        if kind in NUMBERS:
            number = NUMBERS[kind]
            if len(data) - at < number.size:
                raise MalformedPacket("a message that is cut off")
            arguments += number.unpack_from(data, at)
            at += number.size
        elif kind == "s":
            text, at = _read_string(data, at)
            arguments.append(text)
        elif kind in CONSTANTS:
            arguments.append(CONSTANTS[kind])
        else:
            raise MalformedPacket("a type of argument that no tracker has")
    if at != len(data):
        raise MalformedPacket("a message that is longer than it says")
    return Message(address, tuple(arguments))


def _read_string(data: bytes, at: int) -> tuple[str, int]:
    """A string, and where what follows it begins: strings end with 1 to 4 zeros."""
    end = data.find(b"\0", at)
    after = end // 4 * 4 + 4
    if end < 0 or after > len(data):
        raise MalformedPacket("a string without an end")
    try:
        return data[at:end].decode(), after
    except UnicodeDecodeError:
        raise MalformedPacket("a string that is not UTF-8") from None


def write_message(address: str, *arguments: str | float | int) -> bytes:
    """The bytes of a message; numbers with a fraction are sent as float32, whole ones as int32."""
    types, parts = ",", []
    for argument in arguments:
        if isinstance(argument, str):
            types, part = types + "s", _string(argument)
        elif isinstance(argument, int):
            types, part = types + "i", NUMBERS["i"].pack(argument)
        else:
            types, part = types + "f", NUMBERS["f"].pack(argument)
        parts.append(part)
    return b"".join([_string(address), _string(types), *parts])


def write_bundle(messages: Iterable[bytes], time: float | None = None) -> bytes:
    """The bytes of a bundle of messages of ``write_message``; ``time`` in seconds since 1970, None is "immediately"."""
    tag = IMMEDIATELY if time is None else round((time + NTP_EPOCH) * FRACTIONS)
    elements = (SIZE.pack(len(message)) + message for message in messages)
    return b"".join([BUNDLE, TIME_TAG.pack(tag), *elements])


def _string(text: str) -> bytes:
    data = text.encode()
    return data + b"\0" * (4 - len(data) % 4)
