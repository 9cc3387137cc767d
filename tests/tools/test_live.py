"""``python3 tools live``: a recording played into it goes on as a body and as a recording; mistakes are one line."""

import importlib
import socket

import numpy as np
import pytest

from threepoint.model_core.calibration import load
from threepoint.model_core.errors import InputError
from threepoint.model_core.live.sources.osc import read_packet
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain

live = importlib.import_module("threepoint.tools.live")


@pytest.fixture(scope="module")
def recorded(make_recording, tmp_path_factory):
    path = tmp_path_factory.mktemp("live") / "me.csv"
    plain.write(path, make_recording(2.3, 72.0))
    return path


def test_a_replay_goes_on_as_a_body_and_as_a_recording(recorded, tmp_path, capsys):
    taken, kept = tmp_path / "take.csv", tmp_path / "me.json"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2.0)
        target = f"vmc:{receiver.getsockname()[1]}"
        assert live.run(["--source", f"replay:{recorded}", "--fast", "--send", target, "--record", str(taken),
                         "--keep-calibration", str(kept)]) == 0  # fmt: skip
        addresses = [message.address for message in read_packet(receiver.recv(65536)).messages]
    assert addresses[:3] == ["/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Root/Pos"] and len(addresses) == 14
    np.testing.assert_array_equal(read(taken).time, read(recorded).time)
    assert read(taken).device == "grip" and load(kept).offsets["head"].position[1] < 0
    assert f"frames; {taken} has what came" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "message"), [
    (["--source", "osc:9000"], "the source 'osc:9000' is not known; expected vmc:PORT"),
    (["--source", "vmc:99999"], "the source's port is 99999; expected a number between 1 and 65535"),
    (["--source", "replay:none.bsor"], "none.bsor"),
    (["--source", "vmc:39539", "--send", "vmc:here:1"], "here: is no address"),
    (["--source", "vmc:39539", "--record", "take.txt"], "an output here ends in .csv"),
    (["--source", "vmc:39539", "--controllers", "glove"], "device preset 'glove' is not known"),
    (["--source", "vmc:39539", "--t-pose", "soon"], "'soon'"),
    ([], "--source"),
])  # fmt: skip
def test_mistakes_are_one_line(words, message):
    with pytest.raises(InputError) as refusal:
        live.run(words)
    assert message in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_recording_that_is_there_is_not_written_over(recorded):
    before = recorded.read_bytes()
    with pytest.raises(InputError, match="is there already"):
        live.run(["--source", f"replay:{recorded}", "--record", str(recorded)])
    assert recorded.read_bytes() == before
