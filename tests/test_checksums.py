"""Weights and the default body are those that were packed, or a line says which file is damaged."""

import shutil
import time

import pytest

from threepoint.model_core import checksums
from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import height, posture
from threepoint.model_core.errors import InputError
from threepoint.model_core.safetensor_files import load_tensors
from threepoint.model_core.worker import session


def test_the_manifest_is_of_the_weights_that_are_there():
    assert checksums.MANIFEST.read_text() == checksums.manifest_text(), "run python3 tools build --checksums"


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A copy of the small files and one of the networks, with the manifest."""
    for name in ("body.npz", "posture.npz", "sage_decoder.safetensors", "manifest.json"):
        shutil.copy(checksums.WEIGHTS / name, tmp_path / name)
    monkeypatch.setattr(checksums, "WEIGHTS", tmp_path.resolve())
    monkeypatch.setattr(checksums, "MANIFEST", tmp_path / "manifest.json")
    return tmp_path


LOADERS = {
    "body.npz": load_body,
    "posture.npz": posture.load_networks,
    "sage_decoder.safetensors": lambda path: load_tensors(path, "weights"),
}


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("damage", ["flipped bits", "cut", "empty", "missing", "a folder"])
def test_a_damaged_file_is_named(weights, name, damage):
    path = weights / name
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage == "flipped bits":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else b"")
    with pytest.raises(InputError, match=name) as error:
        LOADERS[name](path)
    assert "\n" not in str(error.value)
    if name == "posture.npz" and damage == "cut":
        with pytest.raises(InputError, match=name):
            height.load_error_samples(path)


def test_a_damaged_manifest_is_named_and_strangers_are_told_of(weights):
    shutil.copy(weights / "body.npz", weights / "other.npz")
    with pytest.raises(InputError, match="is not in weights/manifest.json"):
        checksums.verified(weights / "other.npz")
    for text in ("", "[]", '{"sha256": 5}', "{}"):
        checksums.MANIFEST.write_text(text)
        checksums._verify.cache_clear()
        with pytest.raises(InputError, match=r"manifest\.json"):
            checksums.verified(weights / "body.npz")


def test_it_takes_milliseconds(weights):
    checksums._verify.cache_clear()
    begun = time.process_time()
    checksums.verified(weights / "sage_decoder.safetensors")
    first = time.process_time() - begun
    checksums.verified(weights / "sage_decoder.safetensors")
    assert first < 0.1 and time.process_time() - begun - first < 0.01


def test_a_body_that_was_written_anew_is_noticed(tmp_path):
    """The engine keeps bodies between requests."""
    path = tmp_path / "body.npz"
    shutil.copy(checksums.WEIGHTS / "body.npz", path)
    first = session._changed(str(path))
    path.write_bytes(path.read_bytes() + b" ")
    assert session._changed(str(path)) != first and session._changed(str(tmp_path / "gone")) is None
