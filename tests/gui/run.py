"""Drive real Blenders on a virtual screen: ``.venv/bin/python tests/gui/run.py SUITE FOLDER [PYTHON] [--only WALK]``.

Needs root on Debian and 2 GB. SUITE is a Debian release: ``trixie`` has Blender 4.3, ``sid`` the newest. FOLDER gets
the system with Blender, kept for the next call, and beside it ``FOLDER-pictures`` with pictures and reports. Blender
validates the zip, a new user's is clicked from the zip to an avatar (``clicks.py``), others are driven through the
workflow (``drive.py``), then one without the extension opens what was saved (``reopen.py``), and one is shown a body
live (``live.py``). Each walk has a Blender of its own, so that ``--only`` repeats one of them. The engine in there has
no networks and answers with a turning T-pose, unless PYTHON, one with torch, is lent to it for one real prediction.
``pictures.py`` makes the manual's pictures of what appeared. Exit status 1 where a check fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from threepoint.tools.blenders.debian_root import make_root

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "blender", "xvfb", "xauth", "libgl1-mesa-dri", "libegl1", "imagemagick", "python3-numpy", "python3-requests",
    "python3-zstandard", "python3-cattr",
)  # fmt: skip
WIDTH, HEIGHT = "1600", "1200"
TIME_LIMIT = 1200
SOFTWARE_DRAWING = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "llvmpipe"}
INSIDE = Path("root/threepoint")
"""Where the files lie in the other system."""
SCRIPTS = ("inside.py", "trials.py", "drive.py", "reopen.py", "clicks.py", "live.py")
FIRST = "validated"


def _script(name, *words):
    return ["--enable-event-simulate", "--python", f"/{INSIDE}/{name}.py", "--", f"/{INSIDE}", *words]


WALKS = {
    FIRST: (["--command", "extension", "validate", f"/{INSIDE}/threepoint.zip"], None),
    "clicks": (_script("clicks"), "new_user"),
    **{walk: (_script("drive", walk), "blender") for walk in ("predict", "look", "change", "repeat", "leave")},
    "reopened": (_script("reopen"), "without"),
    "live": (_script("live"), "live_user"),
}
"""What is done one after the other -> Blender's arguments, and the folder of its user's files; None: no screen."""
THROWN = "Traceback (most recent call last)"
NEW_USERS = ("clicks", "live")
"""Walks of somebody who has no extension yet."""


def main(suite, folder, python=None, only=None):
    """Make the system where there is none, drive its Blender, copy what came out; the exit status."""
    folder = Path(folder).resolve()
    if not (folder / "usr/bin/blender").exists():
        make_root(suite, folder, PACKAGES)
    inside = folder / INSIDE
    if only in (None, FIRST):
        bring_files(folder)
        if python is not None:
            (inside / "engine.txt").write_text(f"{Path(python).absolute()}\n")
    for script in SCRIPTS:
        shutil.copy2(Path(__file__).with_name(script), inside)
    walks, throwing = [*WALKS] if only is None else [only], []
    try:
        for place in mounted(python):
            target = folder / place.lstrip("/")
            target.mkdir(parents=True, exist_ok=True)
            kind = ["-t", "proc", "proc"] if place == "/proc" else ["--bind", place]
            subprocess.run(["mount", *kind, str(target)], check=True)
        for walk in walks:
            arguments, resources = WALKS[walk]
            if walk in NEW_USERS:
                shutil.rmtree(inside / resources, ignore_errors=True)
            status, thrown = blender(folder, arguments, resources)
            if thrown:
                throwing.append(walk)
            if walk == FIRST:
                valid = {"checks": {"Blender finds the zip valid": status == 0}, "ended": True}
                (inside / f"{FIRST}.json").write_text(json.dumps(valid) + "\n")
    finally:
        for place in mounted(python):
            subprocess.run(["umount", "-l", str(folder / place.lstrip("/"))], check=False)
    pictures = folder.with_name(f"{folder.name}-pictures")
    pictures.mkdir(exist_ok=True)
    for path in [*inside.glob("*.png"), *inside.glob("*.json")]:
        shutil.copy2(path, pictures)
    return tell([pictures / f"{walk}.json" for walk in walks], throwing)


def mounted(python):
    """Folders of this system that the other one sees: with a Python those that it lives in."""
    if python is None:
        return ["/proc", "/dev"]
    prefixes = "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"
    found = subprocess.run([python, "-I", "-c", prefixes], capture_output=True, text=True, check=True)
    return ["/proc", "/dev", *dict.fromkeys(found.stdout.split())]


def bring_files(folder):
    """The zip, a recording and the engine without networks, as ``drive.py`` expects them; the folder with them."""
    from threepoint.tools.build import build

    inside = folder / INSIDE
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir(parents=True)
    shutil.move(build(inside), inside / "threepoint.zip")
    for name in ("model_core", "tests", "weights", "__init__.py"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, inside / name)
    from threepoint.model_core.body import load_body
    from threepoint.model_core.recordings.formats import bsor, plain
    from threepoint.tools.benchmarks.timing import long_recording
    from threepoint.tools.support.made_up_walk import walk_recording

    walk = walk_recording(load_body(), np.zeros(10))
    bsor.write(inside / "walk.bsor", walk)
    plain.write(inside / "walk.csv", walk)
    plain.write(inside / "minute.csv", long_recording(60.0))
    return inside


def blender(folder, arguments, resources):
    """Run the Blender in there until it ends, its user's files in ``resources``, None: no screen; its exit status and
    whether it printed a traceback: Blender goes on after what a panel throws."""
    environment = {**os.environ, **SOFTWARE_DRAWING, "HOME": "/root", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
                   "BLENDER_USER_RESOURCES": f"/{INSIDE}/{resources or 'blender'}"}  # fmt: skip
    environment["PYTHONFAULTHANDLER"] = "1"
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # Users' Pythons keep what they have compiled.
    command = ["blender", *arguments]
    if resources is not None:
        size = ["--window-geometry", "0", "0", WIDTH, HEIGHT]
        command = ["xvfb-run", "-a", "-s", f"-screen 0 {WIDTH}x{HEIGHT}x24", "blender", *size, *arguments]
    limited = ["timeout", str(TIME_LIMIT), "chroot", str(folder), *command]
    thrown = False
    with subprocess.Popen(limited, env=environment, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr or ():
            thrown |= line.startswith(THROWN)
            print(line, end="", file=sys.stderr, flush=True)
    status = process.returncode
    if status != 0:
        print(f"Blender has ended with status {status}", file=sys.stderr)
    return status, thrown


def tell(paths, throwing):
    """Print the reports; 0 where all are there, every check held and none of the ``throwing`` walks is among them."""
    missing = [path.name for path in paths if not path.is_file()]
    reports = [json.loads(path.read_text()) for path in paths if path.is_file()]
    print(json.dumps(reports, indent=1))
    if missing:
        print(f"Blender ended before it wrote {', '.join(missing)}", file=sys.stderr)
    if throwing:
        print(f"Blender printed a traceback in {', '.join(throwing)}", file=sys.stderr)
    good = [report.get("ended") and "error" not in report and all(report["checks"].values()) for report in reports]
    return int(bool(missing or throwing) or not all(good))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("folder")
    parser.add_argument("python", nargs="?")
    parser.add_argument("--only", choices=WALKS, help="one walk; those before it have been there in an earlier call")
    sys.exit(main(**vars(parser.parse_args())))
