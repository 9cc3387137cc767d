"""OSC packets: read back as they were written, and refused in some words where they are none."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threepoint.model_core.live.sources.osc import (
    BUNDLE,
    DEEPEST,
    LARGEST_PACKET,
    MalformedPacket,
    Message,
    read_packet,
    write_bundle,
    write_message,
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ARGUMENTS = st.lists(TEXTS | st.integers(-(2**31), 2**31 - 1) | st.floats(width=32, allow_nan=False), max_size=9)


@given(TEXTS, ARGUMENTS)
def test_a_message_is_read_back(name, arguments):
    packet = read_packet(write_message("/" + name, *arguments))
    assert packet.messages == (Message("/" + name, tuple(arguments)),) and packet.time is None


@given(st.lists(ARGUMENTS, max_size=5), st.floats(0, 2e9))
def test_a_bundle_has_its_messages_and_its_time(several, seconds):
    packet = read_packet(write_bundle([write_message("/a", *arguments) for arguments in several], seconds))
    assert [message.arguments for message in packet.messages] == [tuple(arguments) for arguments in several]
    assert packet.time == pytest.approx(seconds, abs=1e-6)
    assert read_packet(write_bundle([])).time is None


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_packet_or_refused(data):
    try:
        read_packet(data)
    except MalformedPacket as problem:
        assert str(problem)


SOUND = write_bundle([write_message("/VMC/Ext/Hmd/Pos", "a", *map(float, range(7)))], 1e9)


def test_a_packet_that_is_cut_is_no_other_packet():
    """A message that lacks its last number is not one that ends with a zero."""
    for cut in range(1, len(SOUND)):
        try:
            assert read_packet(SOUND[:cut]).messages == ()
        except MalformedPacket:
            continue


@pytest.mark.parametrize("size", [-4, 0, 3, 2**31 - 1, 10**6])
def test_elements_of_impossible_sizes_are_refused_at_once(size):
    """A negative one leads back to where the element begins: a reader that follows it never returns."""
    data = BUNDLE + struct.pack(">Q", 1) + struct.pack(">i", size) + write_message("/a")
    with pytest.raises(MalformedPacket, match="no possible size"):
        read_packet(data)


def test_bundles_within_bundles_and_floods_of_messages_are_refused():
    deep = write_message("/a")
    for _ in range(DEEPEST + 1):
        deep = write_bundle([deep])
    with pytest.raises(MalformedPacket, match="bundles within bundles"):
        read_packet(deep)
    with pytest.raises(MalformedPacket, match="too many"):
        read_packet(write_bundle([write_message("/a")] * 2000))
    with pytest.raises(MalformedPacket, match="too long"):
        read_packet(bytes(LARGEST_PACKET + 1))


def test_another_implementation_reads_what_is_written():
    osc_packet = pytest.importorskip("pythonosc.osc_packet")
    data = write_bundle([write_message("/a/b", "word", 7, 0.5), write_message("/c")], 1.5e9)
    found = [timed.message for timed in osc_packet.OscPacket(data).messages]
    assert [(message.address, message.params) for message in found] == [("/a/b", ["word", 7, 0.5]), ("/c", [])]


def test_what_another_implementation_writes_is_read():
    builders = pytest.importorskip("pythonosc.osc_message_builder")
    bundles = pytest.importorskip("pythonosc.osc_bundle_builder")
    message = builders.OscMessageBuilder("/VMC/Ext/Con/Pos")
    for value in ("LeftHand", *np.linspace(-1, 1, 7).tolist()):
        message.add_arg(value)
    bundle = bundles.OscBundleBuilder(bundles.IMMEDIATELY)
    bundle.add_content(message.build())
    found = read_packet(bundle.build().dgram)
    assert found.time is None and found.messages[0].arguments[0] == "LeftHand"
    np.testing.assert_allclose(found.messages[0].arguments[1:], np.linspace(-1, 1, 7), atol=1e-7)
