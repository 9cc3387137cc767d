"""The engine's environment: which torch fits the computer, and a real pip that is cancelled and goes on."""

import base64
import contextlib
import hashlib
import http.server
import shutil
import sys
import threading
import time
import zipfile

import pytest

from threepoint.blender_addon.engine import installation, torch_builds

LONGEST_WAIT = 300
"""Seconds; making an environment takes 5 on a machine with nothing else to do."""
INDEX = "https://download.pytorch.org/whl/"


@pytest.mark.parametrize(
    ("driver", "capability", "build"),
    [
        (580, 12.0, "cu130"),  # GeForce 50, a driver of today
        (595, 7.5, "cu130"),  # GeForce 20
        (570, 8.9, "cu126"),  # GeForce 40, a driver that does not know CUDA 13
        (580, 6.1, "cu126"),  # GeForce 10, which CUDA 13 has left behind
        (572, 12.0, "cu128"),  # GeForce 50 with its first drivers
    ],
)
def test_the_build_fits_driver_and_gpu(driver, capability, build):
    assert torch_builds.cuda_build(driver, capability) == build


def nvidia_smi(folder, words):
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("words", "gpu"),
    [
        ("echo '580.65.06, 9.0'; echo '580.65.06, 8.9'", (580, 9.0)),
        ("echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2", None),
        ("echo 'NVIDIA-SMI has failed because it could not communicate with the driver'; exit 9", None),
        ("echo 'No devices were found'", None),
        ("echo '550.1, [N/A]'", None),
    ],
)
def test_nvidia_smi_tells_driver_and_capability(monkeypatch, tmp_path, words, gpu):
    path = nvidia_smi(tmp_path, words)
    monkeypatch.setattr(torch_builds.shutil, "which", lambda name: path)
    assert torch_builds.nvidia_gpu() == gpu


@pytest.mark.parametrize(
    ("system", "gpu", "amd", "index"),
    [
        ("linux", (580, 9.0), False, INDEX + "cu130"),
        ("win32", (560, 8.6), False, INDEX + "cu126"),
        ("linux", None, True, INDEX + "rocm7.2"),
        ("linux", None, False, INDEX + "cpu"),
        ("win32", None, False, INDEX + "cpu"),
        ("darwin", None, False, None),
    ],
)
def test_every_computer_has_its_index(monkeypatch, system, gpu, amd, index):
    monkeypatch.setattr(torch_builds.sys, "platform", system)
    monkeypatch.setattr(torch_builds, "nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(torch_builds.os.path, "exists", lambda path: amd and path == "/dev/kfd")
    monkeypatch.setattr(torch_builds.platform, "machine", lambda: "x86_64")
    assert torch_builds.torch_index() == index


def make_wheel(folder, name, needs=()):
    """An empty package that pip installs."""
    path = folder / f"{name}-9.0-py3-none-any.whl"
    about = f"{name}-9.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0\n" + "".join(f"Requires-Dist: {n}\n" for n in needs)
    files = {
        f"{name}.py": "", f"{about}/METADATA": metadata,
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        record = ""
        for file, text in files.items():
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{file},sha256={digest},{len(text)}\n"
        archive.writestr(f"{about}/RECORD", record + f"{about}/RECORD,,\n")
    return path


class PackageIndex(http.server.BaseHTTPRequestHandler):
    """Serves the wheels of a folder; holds those in ``held`` back until they are taken out of it."""

    folder, asked, held = None, [], set()

    def do_GET(self):
        name = self.path.strip("/").split("/")[-1]
        wheels = sorted(self.folder.glob(f"{name}-*.whl"))
        if name.endswith(".whl"):
            self.asked.append(name.split("-")[0])
            while name.split("-")[0] in self.held:
                time.sleep(0.05)
            body = (self.folder / name).read_bytes()
        else:
            body = "".join(f'<a href="/files/{wheel.name}">{wheel.name}</a>' for wheel in wheels).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/zip" if name.endswith(".whl") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        if name.endswith(".whl"):
            self.send_header("Cache-Control", "max-age=365000000, immutable, public")  # As PyPI says of its files.
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # Cancelled.
            self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def package_index(tmp_path, monkeypatch):
    """Address of an index with torch, what it needs and numpy, and what pip needs to be told for it."""
    make_wheel(tmp_path, "torch", needs=["sympy"])
    wheels = {name: make_wheel(tmp_path, name) for name in ("sympy", "numpy", "safetensors")}
    digests = {name: hashlib.sha256(wheel.read_bytes()).hexdigest() for name, wheel in wheels.items()}
    lock, pip_lock = tmp_path / "lock.txt", tmp_path / "pip.txt"
    lock.write_text("".join(f"{name}==9.0 --hash=sha256:{digests[name]}\n" for name in ("numpy", "safetensors")))
    pip_lock.write_text("")
    PackageIndex.folder, PackageIndex.asked, PackageIndex.held = tmp_path, [], set()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PackageIndex)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/simple"
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/nobody")  # Heeded by nobody.
    monkeypatch.setattr(installation, "INDEX", address)
    monkeypatch.setattr(installation, "PIP_LOCK", pip_lock)  # The one that a new environment has, without a download.
    # What is not trusted is not kept.
    monkeypatch.setattr(installation, "PIP_OPTIONS", ("--progress-bar=off", "--trusted-host=127.0.0.1"))
    monkeypatch.setattr(installation, "TORCH", "torch")
    monkeypatch.setattr(installation, "LOCK", lock)
    yield address
    PackageIndex.held.clear()
    installation.stop()
    server.shutdown()
    installation.remove()


def wait_for(condition):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < LONGEST_WAIT
        time.sleep(0.02)


def finished():
    """The installation when it is over."""
    work = installation.current()
    wait_for(lambda: not work.running)
    return work


def log():
    return (installation.folder() / "log.txt").read_text()


NO_NETWORK = """WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by \
'NewConnectionError("HTTPSConnection(host='pypi.org', port=443): Failed to establish a new connection")': /simple/pip/
ERROR: Could not find a version that satisfies the requirement pip==26.1 (from versions: none)
ERROR: No matching distribution found for pip==26.1
"""
NO_TORCH = NO_NETWORK.replace("pypi.org", "download.pytorch.org")
DEBIAN = """The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.13-venv

Failing command: /usr/bin/python3.13

"""


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("Installing collected packages: mpmath, torch", "Unpacking what was downloaded, about a minute"),
        ("WARNING: Retrying (Retry(total=1, connect=None))", "The server does not answer, trying again"),
        ("Collecting torch", "Collecting torch"),
    ],
)
def test_what_stands_for_long_is_said_in_plain_words(monkeypatch, tmp_path, printed, shown):
    program = [sys.executable, "-c", f"print({printed!r}, flush=True); import time; time.sleep(60)"]
    monkeypatch.setattr(installation.Installation, "_commands", lambda work, environment: iter([program]))
    work = installation.Installation(tmp_path, None)
    try:
        wait_for(lambda: str(work.line) == shown)
    finally:
        work.cancel()


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("No space left on device\n\n \n", "No space left on device (log:"),
        (NO_NETWORK, "pypi.org cannot be reached (NewConnectionError) (log:"),
        (
            NO_TORCH,
            "download.pytorch.org cannot be reached (NewConnectionError); as PyTorch Index URL try https://pypi.org",
        ),
        (DEBIAN, "Blender's Python cannot make an environment: install the system's package python3.13-venv, or use"),
    ],
)
def test_what_failed_is_told_by_the_last_words_that_were_printed(monkeypatch, tmp_path, printed, told):
    program = [sys.executable, "-c", f"print({printed!r}); raise SystemExit(1)"]
    monkeypatch.setattr(installation.Installation, "_commands", lambda work, environment: iter([program]))
    work = installation.Installation(tmp_path, None)
    wait_for(lambda: not work.running)
    assert str(work.error).startswith(told)


@pytest.mark.skipif(sys.platform == "win32", reason="reads /dev/null as pip's configuration")
@pytest.mark.slow
def test_an_installation_goes_on_after_each_way_to_break_off(package_index, tmp_path):
    made = installation.folder() / "environment"
    (made / "bin").mkdir(parents=True)
    (made / "bin" / "python").symlink_to(sys.executable)  # Without pip, as an environment that was stopped half-made.
    torch = next(tmp_path.glob("torch-*"))
    torch.rename(tmp_path / "hidden")
    installation.start(package_index)
    assert str(finished().error).startswith("ERROR: No matching distribution found for torch (log:"), log()

    (tmp_path / "hidden").rename(torch)
    PackageIndex.held.add("sympy")
    work = installation.start(package_index)
    wait_for(lambda: "sympy" in PackageIndex.asked or not work.running)
    work.cancel()
    assert str(finished().error) == "Cancelled" and not installation.is_ready(), log()

    PackageIndex.held.clear()
    installation.start(package_index)
    assert not finished().error and finished().fraction == 1 and installation.is_ready(), log()
    assert PackageIndex.asked.count("torch") == 1, log()  # It was whole when the other one was stopped.


@pytest.mark.skipif(sys.platform == "win32", reason="the environment's pip is elsewhere")
@pytest.mark.slow
def test_only_the_locks_files_are_installed_and_a_broken_environment_is_made_anew(package_index, tmp_path):
    shutil.rmtree(installation.folder() / "cache", ignore_errors=True)
    wheel = next(tmp_path.glob("numpy-*"))
    sound = wheel.read_bytes()
    make_wheel(tmp_path, "numpy", needs=["sympy"])  # Of the same name and version, with another content.
    installation.start(package_index)
    assert finished().error and "DO NOT MATCH THE HASHES" in log() and not installation.is_ready()
    for pip in (installation.folder() / "environment").glob("lib/*/site-packages/pip/__main__.py"):
        pip.unlink()
    wheel.write_bytes(sound)
    shutil.rmtree(installation.folder() / "cache")  # An index keeps what it has; this one has changed its mind.
    installation.start(package_index)
    assert not finished().error and installation.is_ready(), log()
