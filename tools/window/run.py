"""Drive real Blenders on a virtual screen: ``python3 tools/window/run.py SUITE FOLDER`` (root, Debian, about 2 GB).

SUITE is a Debian release: ``trixie`` has Blender 4.3, ``sid`` the newest. FOLDER gets the system with Blender, kept for
the next call, and beside it ``FOLDER-pictures`` with pictures and ``report.json``. Exit status 1 where a check fails.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "blender", "xvfb", "xauth", "libgl1-mesa-dri", "libegl1", "imagemagick", "python3-numpy", "python3-requests",
    "python3-zstandard", "python3-cattr",
)  # fmt: skip
SCREEN = "1600x1000x24"
TIME_LIMIT = 600
SOFTWARE_DRAWING = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "llvmpipe"}
INSIDE = Path("root/threepoint")
"""Where the files lie in the other system."""


def main(suite, folder):
    """Make the system where there is none, drive its Blender, copy what came out; the exit status."""
    folder = Path(folder).resolve()
    if not (folder / "usr/bin/blender").exists():
        make_system(suite, folder)
    inside = bring_files(folder)
    mounts = [["mount", "-t", "proc", "proc", str(folder / "proc")], ["mount", "--bind", "/dev", str(folder / "dev")]]
    try:
        for mount in mounts:
            subprocess.run(mount, check=True)
        drive(folder)
    finally:
        for place in ("proc", "dev"):
            subprocess.run(["umount", "-l", str(folder / place)], check=False)
    pictures = folder.with_name(f"{folder.name}-pictures")
    pictures.mkdir(exist_ok=True)
    for path in [*inside.glob("*.png"), *inside.glob("*.json")]:
        shutil.copy2(path, pictures)
    return tell(pictures)


def make_system(suite, folder):
    """A small Debian with Blender and a virtual screen."""
    check_signatures = ["--no-check-gpg"] if suite == "sid" else []
    include = "--include=ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", include, *check_signatures, suite, str(folder)], check=True)
    shutil.copy2("/etc/resolv.conf", folder / "etc/resolv.conf")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["chroot", str(folder), "apt-get", *words], check=True, env=environment)


def bring_files(folder):
    """The zip, a recording and the engine without networks, as ``drive.py`` expects them; the folder with them."""
    sys.path.insert(0, str(ROOT / "tools"))
    from checkout import load_package

    load_package()
    from threepoint.tools.build import build

    inside = folder / INSIDE
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir(parents=True)
    shutil.move(build(inside), inside / "threepoint.zip")
    for name in ("model_core", "tests", "weights", "__init__.py"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, inside / name)
    shutil.copy2(Path(__file__).with_name("drive.py"), inside)
    sys.path.insert(0, str(ROOT / "tests" / "blender"))
    from bodies import wobbly_recording

    from threepoint.model_core.recordings import bsor

    bsor.write(inside / "walk.bsor", wobbly_recording())
    return inside


def drive(folder):
    """Run Blender in there until ``drive.py`` closes it."""
    here = f"/{INSIDE}"
    words = ["xvfb-run", "-a", "-s", f"-screen 0 {SCREEN}", "blender", "--window-geometry", "0", "0", "1600", "1000",
             "--enable-event-simulate", "--python", f"{here}/drive.py", "--", here]  # fmt: skip
    environment = {**os.environ, **SOFTWARE_DRAWING, "HOME": "/root", "BLENDER_USER_RESOURCES": f"{here}/blender",
                   "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}  # fmt: skip
    subprocess.run(["chroot", str(folder), *words], env=environment, timeout=TIME_LIMIT, check=False)


def tell(pictures):
    """Print the report; 0 where every check held."""
    path = pictures / "report.json"
    if not path.is_file():
        print("Blender ended before its report was written", file=sys.stderr)
        return 1
    report = json.loads(path.read_text())
    print(json.dumps(report, indent=1))
    return int("error" in report or not all(report["checks"].values()))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
