"""What the launcher decides before anything is installed, with a fake Python, a fake pip and fake libraries."""

import ctypes
import sys
from pathlib import Path

import pytest

from threepoint.tools.support import environment
from threepoint.tools.support.environment import EnvironmentProblem


class Restarted(Exception):
    """In place of becoming another process."""


@pytest.fixture
def launcher(monkeypatch, tmp_path):
    """The environment in a folder of its own, where programs are recorded in place of being run."""
    called = []
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path / "requirements.txt")
    environment.REQUIREMENTS.write_text("numpy==1.26.4\n")
    monkeypatch.setattr(environment, "provide_libraries", lambda: None)
    monkeypatch.setattr(environment, "provide_venv_module", lambda python, version: None)
    monkeypatch.setattr(environment, "need_index", lambda: None)

    def run(command, failure):
        called.append(command)
        if "venv" in command:
            python = environment.python_of(environment.VENV)
            python.parent.mkdir(parents=True)
            python.touch()
            monkeypatch.setattr(environment, "has_pip", lambda folder, version: True)

    def restart(python, arguments, *program):
        raise Restarted(" ".join([str(python), *(program or ("tools",)), *arguments]))

    monkeypatch.setattr(environment, "run", run)
    monkeypatch.setattr(environment, "restart", restart)
    return called


def wrong_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 1, "final", 0))


def test_first_call_installs_and_restarts_inside(launcher):
    with pytest.raises(Restarted, match=r"\.venv"):
        environment.enter(["demo"])
    assert [command[1:5] for command in launcher] == [
        ["-I", "-m", "venv", "--clear"], ["-I", "-m", "pip", "install"], ["-I", "-m", "pip", "install"],
    ]  # fmt: skip
    assert "-e" in launcher[-1]
    assert environment.is_ready(environment.VENV, "numpy==1.26.4\n")


def test_second_call_installs_nothing(launcher):
    with pytest.raises(Restarted):
        environment.enter(["demo"])
    launcher.clear()
    with pytest.raises(Restarted, match=r"\.venv"):
        environment.enter(["demo"])
    assert launcher == []


def test_the_environment_runs_the_installed_package(launcher):
    with pytest.raises(Restarted, match=r"\.venv/bin/python -I -m threepoint\.tools demo --seed 1"):
        environment.enter(["demo", "--seed", "1"])


def test_changed_requirements_are_installed(launcher):
    with pytest.raises(Restarted):
        environment.enter(["demo"])
    launcher.clear()
    environment.REQUIREMENTS.write_text("numpy==1.26.4\nscipy==1.17.1\n")
    with pytest.raises(Restarted):
        environment.enter(["demo"])
    assert any("pip" in command for command in launcher)


def test_interrupted_installation_is_taken_up_again(launcher, monkeypatch):
    def interrupted(command, failure):
        raise KeyboardInterrupt

    recorded = environment.run
    monkeypatch.setattr(environment, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.enter(["demo"])
    assert not environment.is_ready(environment.VENV, environment.REQUIREMENTS.read_text())
    monkeypatch.setattr(environment, "run", recorded)
    with pytest.raises(Restarted):
        environment.enter(["demo"])
    assert environment.is_ready(environment.VENV, environment.REQUIREMENTS.read_text())


def test_other_python_hands_over_to_the_right_one(launcher, monkeypatch):
    wrong_python(monkeypatch)
    monkeypatch.setattr(environment, "find_python", lambda: "/somewhere/python3.11")
    with pytest.raises(Restarted, match="/somewhere/python3.11 tools demo"):
        environment.enter(["demo"])
    assert launcher == []


def test_other_python_alone_is_one_clear_line(launcher, monkeypatch):
    wrong_python(monkeypatch)
    monkeypatch.setattr(environment, "reports_version", lambda python, version: False)
    with pytest.raises(EnvironmentProblem, match=r"this is Python 3\.13; Threepoint needs Python 3\.11") as problem:
        environment.enter(["demo"])
    assert "\n" not in str(problem.value)


def test_a_program_that_is_no_python_is_not_taken(tmp_path):
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert environment.reports_version(sys.executable) and not environment.reports_version(str(shim))


def test_a_python_that_pyenv_keeps_is_found_though_its_shim_does_not_run(tmp_path, monkeypatch):
    kept = tmp_path / "versions" / "3.13.7" / "bin" / "python3.13"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(sys.executable)
    monkeypatch.setattr(environment, "MANAGED_PYTHONS", ((tmp_path, "versions/{0}.{1}.*/bin/python{0}.{1}"),))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    monkeypatch.setattr(
        environment, "reports_version", lambda python, version: version == (3, 13) and "versions" in python
    )
    assert environment.find_python((3, 13)) == str(kept)
    with pytest.raises(EnvironmentProblem, match=r"needs Python 3\.12"):
        environment.find_python((3, 12))


def test_missing_libraries_are_found_by_loading():
    def load(name):
        if name == "libXi.so.6":
            raise OSError(name)
        return ctypes.CDLL(None)

    assert environment.missing_libraries(load) == (["libXi.so.6"] if sys.platform.startswith("linux") else [])


def test_missing_libraries_are_named_with_their_line(monkeypatch, capsys):
    monkeypatch.setattr(environment, "missing_libraries", lambda: ["libSM.so.6", "libGL.so.1"])
    monkeypatch.setattr(environment, "may_install", lambda: False)
    environment.provide_libraries()
    assert "libSM.so.6, libGL.so.1" in (said := capsys.readouterr().err)
    assert said.strip().endswith("sudo apt-get install -y libsm6 libgl1")


def test_root_installs_missing_libraries(monkeypatch):
    installed = []
    monkeypatch.setattr(environment, "missing_libraries", lambda: ["libSM.so.6"])
    monkeypatch.setattr(environment, "may_install", lambda: True)
    monkeypatch.setattr(environment, "apt_install", installed.extend)
    environment.provide_libraries()
    assert installed == ["libsm6"]


def test_failed_import_of_a_library_gives_the_line(monkeypatch):
    monkeypatch.setattr(environment, "missing_libraries", lambda: ["libX11.so.6", "libXi.so.6"])
    hint = environment.library_hint("libX11.so.6: cannot open shared object file: No such file or directory")
    assert hint.endswith("sudo apt-get install -y libx11-6 libxi6")
    assert environment.library_hint("No module named 'scipy'") is None


def test_missing_extra_gives_the_line():
    assert environment.extra_hint("bpy").endswith("pip install 'threepoint[blender]' (Python 3.11 or 3.13)")
    assert environment.extra_hint("threepoint") is None


def test_missing_venv_module_gives_the_line(monkeypatch):
    monkeypatch.setattr(environment.subprocess, "call", lambda *_, **__: 1)
    monkeypatch.setattr(environment, "may_install", lambda: False)
    with pytest.raises(EnvironmentProblem, match=r"sudo apt-get install -y python3\.11-venv"):
        environment.provide_venv_module("python3.11", (3, 11))


def test_a_lock_is_installed_by_its_hashes_and_nothing_is_built(launcher, monkeypatch):
    lock = (
        "bpy==4.5.15 \\\n    --hash=sha256:dd\nnumpy==1.26.4 \\\n    --hash=sha256:aa\n"
        "torch==2.13.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    )
    environment.REQUIREMENTS.write_text(lock)
    monkeypatch.setattr(environment, "torch_source", lambda: ["--extra-index-url", "https://cpu"])
    monkeypatch.setattr(environment.sys, "platform", "linux")
    for cpu in (True, False):
        launcher.clear()
        monkeypatch.setattr(environment, "has_cpu_torch", lambda folder, cpu=cpu: cpu)
        environment.make_environment(environment.VENV, lock)
        *alone, everything = [words for words in launcher if "--require-hashes" in words]
        listed = {Path(words[words.index("-r") + 1]).name: words for words in alone}
        assert set(listed) == {"requirements-torch.txt", "requirements-bpy.txt"}
        assert "torch==2.13.0+cpu" in (environment.VENV / "requirements-torch.txt").read_text()
        assert all(words[words.index("--only-binary") + 1] == ":all:" for words in (*alone, everything))
        assert all("--no-deps" in words for words in alone) and "--no-deps" not in everything
        assert "https://cpu" in listed["requirements-torch.txt"]
        assert (str(environment.CUDA_REQUIREMENTS) in everything) == (not cpu)
    assert environment.entry_of("torch", lock).count("--hash=") == 2 and not environment.entry_of("scipy", lock)


def test_the_lock_has_what_is_asked_for_with_hashes():
    from threepoint.tools.packaging.lock import CUDA_LOCK, LOCK, SOURCE, read_lock

    wanted = [line.split("==") for line in SOURCE.read_text().splitlines() if line and not line.startswith("#")]
    locked = read_lock(LOCK.read_text())
    for name, version in wanted:
        assert locked[name.replace(".", "-").lower()][0] == version, "run python3 tools build --lock"
    for version, hashes in [*locked.values(), *read_lock(CUDA_LOCK.read_text()).values()]:
        assert version and hashes
    assert len(locked["torch"][1]) >= 5


@pytest.mark.parametrize(("platform", "system", "name"), [("win32", "Windows", "nt"), ("darwin", "Darwin", "posix")])
def test_the_lock_has_what_other_systems_need(platform, system, name):
    """It is made on Linux, where pip-tools leaves out what only others need."""
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    from threepoint.tools.packaging.lock import LOCK, read_lock

    there = {"sys_platform": platform, "platform_system": system, "os_name": name, "extra": ""}
    locked = read_lock(LOCK.read_text())
    lacking = []
    for package in locked:
        try:
            needed = [Requirement(line) for line in requires(package) or ()]
        except PackageNotFoundError:
            continue  # Of another environment.
        lacking += [str(one) for one in needed if one.marker is not None and one.marker.evaluate(there)
                    and canonicalize_name(one.name) not in locked]  # fmt: skip
    assert lacking == []


def test_only_what_cuda_needs_is_locked_apart():
    from threepoint.tools.packaging.lock import CUDA_LOCK, LOCK, _of_cuda, read_lock

    cuda, everybody = read_lock(CUDA_LOCK.read_text()), read_lock(LOCK.read_text())
    assert cuda and _of_cuda(cuda) == cuda and _of_cuda(everybody) == {}


def test_the_locks_maker_asks_the_index_alone(monkeypatch, tmp_path):
    """A folder or an index of other builds, in a variable or in pip's configuration, may serve a torch without CUDA."""
    from threepoint.tools.packaging import lock

    def install(words, variables):
        assert variables["PIP_CONFIG_FILE"] == lock.os.devnull and variables["PIP_CERT"] == "mine"
        assert not {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"} & set(variables)
        found = {"metadata": {"name": "Torch_X", "version": "2"},
                 "download_info": {"archive_info": {"hashes": {"sha256": "ab"}}}}  # fmt: skip
        (tmp_path / "report.json").write_text(lock.json.dumps({"install": [found]}))

    for name, value in (("FIND_LINKS", "/elsewhere"), ("EXTRA_INDEX_URL", "file:///else"), ("CERT", "mine")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setattr(lock, "_run", install)
    assert lock._reported(tmp_path / "python", tmp_path, "torch==2") == {"torch-x": ("2", {"sha256:ab"})}


def test_the_engines_lock_has_every_pythons_wheels():
    """As many files of h5py as PyPI has, though ``requirements.txt`` has 3.11's alone."""
    from threepoint.tools.packaging.lock import ENGINE, HASHED_ANEW, LOCK, read_lock

    engine, everybody = (read_lock(path.read_text()) for path in (ENGINE / "requirements.txt", LOCK))
    for name in HASHED_ANEW:
        assert engine[name][0] == everybody[name][0] and engine[name][1] > everybody[name][1]


def test_offline_is_said_at_once(launcher, monkeypatch):
    import threading
    import time

    monkeypatch.undo()
    for name in [name for name in environment.os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(environment, "PIP_CONFIGURATION", ())
    monkeypatch.setattr(environment, "ANSWER_SECONDS", 0.3)
    over = threading.Event()

    def never_answer(*_, **__):
        over.wait(60)
        raise OSError("nobody is there")

    monkeypatch.setattr(environment.urllib.request, "urlopen", never_answer)
    begun = time.monotonic()
    with pytest.raises(EnvironmentProblem, match="does not answer: go online"):
        environment.need_index()
    assert time.monotonic() - begun < 5
    over.set()  # The thread that waits would else outlive this test.
