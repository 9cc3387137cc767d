"""A small Debian in a folder, for programs that this system has not: needs root on Debian, and debootstrap.

What runs in there sees this checkout and the temporary files under their own paths. It is mounted in a namespace of the
process's own, so that nothing is left to unmount.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from ..support import environment
from ..support.checkout import ROOT

SUITE, SUITE_PYTHON = "trixie", (3, 13)
"""Debian 13, and its Python."""
FOLDER = ROOT / f".venv-debian-{SUITE}"
MOUNTED = ("/proc", "/dev", "/tmp", "/etc/ssl/certs", str(ROOT))
"""What both systems have in common: this checkout, temporary files, and whom they trust on the network."""


def make_root(suite: str, folder: Path, packages: tuple[str, ...]) -> None:
    """A minimal Debian of a release, with ``packages``."""
    check_signatures = ["--no-check-gpg"] if suite == "sid" else []
    # What a mirror that is not renewed has of sid is out of date after a week.
    of_any_age = ["-o", "Acquire::Check-Valid-Until=false"] if suite == "sid" else []
    include = "--include=ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", include, *check_signatures, suite, str(folder)], check=True)
    shutil.copy2("/etc/resolv.conf", folder / "etc/resolv.conf")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["chroot", str(folder), "apt-get", *of_any_age, *arguments], check=True, env=quiet)


def python_in_root(name: str, requirements: str) -> Path:
    """A program that is the Python of an environment in there, made on first use.

    Raises ``EnvironmentProblem`` where this is no Debian, or not root's.
    """
    number = "{}.{}".format(*SUITE_PYTHON)
    if not environment.may_install() or shutil.which("debootstrap") is None or shutil.which("unshare") is None:
        raise environment.EnvironmentProblem(
            f"{name} needs Python {number}: install it so that python{number} is on the PATH; root on Debian with "
            "debootstrap may leave that to this command"
        )
    if not (FOLDER / f"usr/bin/python{number}").exists():
        environment.say(f"making {FOLDER}, a Debian with Python {number} (about 1 GB)")
        make_root(SUITE, FOLDER, (f"python{number}-venv", *environment.BLENDER_LIBRARIES.values()))
    inside = Path("/opt") / name
    place, stamp = FOLDER / inside.relative_to("/"), environment.stamp_of(requirements)
    if not (place / environment.STAMP).is_file() or (place / environment.STAMP).read_text() != stamp:
        system = program(f"python{number}", Path(f"/usr/bin/python{number}"))
        environment.run(environment.command(system, "-m", "venv", "--clear", inside), f"making {place} failed")
        (place / "requirements.txt").write_text(requirements, encoding="utf-8")
        install = [program(name, inside / "bin/python"), "-I", "-m", "pip", "install", "--disable-pip-version-check"]
        for what in (["-r", inside / "requirements.txt"], ["--no-deps", "--no-build-isolation", "-e", ROOT]):
            environment.run([str(word) for word in (*install, *what)], f"installing into {place} failed")
        (place / environment.STAMP).write_text(stamp)
    return program(name, inside / "bin/python")


def program(name: str, inside: Path) -> Path:
    """A program of this system that runs one in there, from the current folder and with this process's variables."""
    for place in MOUNTED:
        (FOLDER / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
    root = shlex.quote(str(FOLDER))
    mounts = [f"mount --rbind {shlex.quote(place)} {root}{shlex.quote(place)}" for place in MOUNTED]
    script = " && ".join([*mounts, f'exec chroot {root} env -C "$PWD" HOME=/root {inside} "$@"'])
    path = FOLDER / f"run-{name}"
    path.write_text(f'#!/bin/sh\nexec unshare --mount sh -c {shlex.quote(script)} sh "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path
