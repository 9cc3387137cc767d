"""Make dist/threepoint-VERSION.zip, the extension that Blender installs, and check it.

``--engine PLATFORM`` makes zips that carry the engine as well, one for each Python that Blenders have, and need no
network; ``--release`` makes all of them; ``--repository FOLDER`` puts all into a folder with the index from which
Blender installs and updates. ``SHA256SUMS`` beside the zips has their checksums.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from ..model_core.checksums import MANIFEST, manifest_text
from ..model_core.child_python import clean_environment, command
from ..model_core.errors import InputError
from ..model_core.whole_files import write_whole
from .packaging import engine_wheels, repository
from .packaging.lock import write_lock
from .packaging.manifest import manifest_problems, missing_for_the_platform, with_engine
from .packaging.sums import write_sums
from .support.arguments import command_parser
from .support.checkout import ROOT
from .support.environment import say
from .support.manual import write_manual

PACKED = ("blender_manifest.toml", "__init__.py", "LICENSE", "blender_addon", "model_core", "weights")
"""What the extension consists of; nothing else of the checkout gets into the zip but its manual."""
LEFT_OUT = {
    "model_core/mocap", "model_core/evaluation", "model_core/batches", "model_core/pipeline/player.py",
    "model_core/sage/losses.py", "model_core/flag/losses.py",
    "model_core/flag/generation.py", "model_core/refinement/single_frames.py", "model_core/recordings/report.py",
    "model_core/live/sending.py", "model_core/refinement/look_ahead.py", "model_core/command_line/direction_files.py",
}  # fmt: skip
"""What of it neither Blender nor the engine uses: motion capture, metrics, training, experiments."""
NEVER = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
LARGEST_MEGABYTES = 200
"""The platform's limit for an upload, but for what it allows an extension when asked."""
WHEELS = "wheels"
COMPILED = (".so", ".pyd", ".dll", ".whl")


def run(arguments: list[str]) -> int:
    """Build the zips and print where they are."""
    parser = command_parser("build", __doc__)
    add = parser.add_argument
    add("-o", "--output", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where to put it")
    add("--engine", choices=engine_wheels.PLATFORMS, action="append", default=[],
        help="also make the zips that carry the engine for this platform; may be given again")  # fmt: skip
    add("--release", action="store_true", help="also make those of every platform")
    add("--python", choices=[each.python for each in engine_wheels.RANGES], action="append",
        help="of these, only the one for the Blenders that have this Python")  # fmt: skip
    add("--index", metavar="URL|FOLDER",
        help="where torch for --engine comes from; default: PyPI, for Linux PyTorch's builds for CPUs")  # fmt: skip
    add("--repository", type=Path, metavar="FOLDER",
        help="put the zips there, and write the index of all that lie there for Blender")  # fmt: skip
    add("--checksums", action="store_true",
        help="instead: write weights/manifest.json for the weights that are there")  # fmt: skip
    add("--lock", action="store_true",
        help="instead: write requirements.txt, with hashes, for requirements.in")  # fmt: skip
    options = parser.parse_args(arguments)
    platforms = list(engine_wheels.PLATFORMS) if options.release else options.engine
    if (options.index or options.python) and not platforms:
        raise InputError("build: --index and --python say what --engine makes; name its platform")
    if options.checksums:
        write_whole(MANIFEST, manifest_text())
    if options.lock:
        write_lock()
    if not options.checksums and not options.lock:
        _build_all(options.repository or options.output, platforms, options.python, options.index)
        if options.release:
            _say_what_the_platform_asks()
        if options.repository:
            print(repository.write_index(options.repository, blender_extension))
    return 0


def _build_all(folder: Path, platforms: list[str], pythons: list[str] | None, index: str | None) -> None:
    """Build the plain zip and those with the engine, and print each with its size."""
    zips = [build(folder)]
    for platform in platforms:
        for blenders in engine_wheels.RANGES:
            if pythons is None or blenders.python in pythons:
                zips.append(build(folder, platform, blenders, index))
    for path in zips:
        print(f"{path} ({path.stat().st_size / 1e6:.0f} MB)")
    print(write_sums(folder))


def _say_what_the_platform_asks() -> None:
    """Who makes a release may want to put it onto extensions.blender.org."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    if missing := missing_for_the_platform(manifest):
        say(f"extensions.blender.org also asks blender_manifest.toml for {' and '.join(missing)}: docs/publishing.md")


def build(
    folder: Path, platform: str | None = None, blenders: engine_wheels.Range | None = None, index: str | None = None
) -> Path:
    """Write the zip into ``folder`` and return its path. Raises ``InputError`` where it is not what Blender takes.

    With a ``platform`` and the ``blenders`` of one Python it carries the engine's wheels for them, torch from
    ``index`` where it is not PyPI or PyTorch that shall be asked.
    """
    text = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    manifest = tomllib.loads(text)
    problems = manifest_problems(manifest)
    if problems:
        raise InputError("blender_manifest.toml: " + "; ".join(problems))
    folder.mkdir(parents=True, exist_ok=True)
    name = f"threepoint-{manifest['version']}"
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "threepoint"
        stage(source)
        if platform is not None and blenders is not None:
            name += f"-{platform}-py{blenders.python.replace('.', '')}"
            (source / WHEELS).mkdir()
            wheels = engine_wheels.fetch(platform, blenders.python, source / WHEELS, index)
            paths = [f"./{WHEELS}/{wheel.name}" for wheel in wheels]
            text = with_engine(text, platform, paths, blenders.oldest, blenders.too_new)
            (source / "blender_manifest.toml").write_text(text, encoding="utf-8")
        target, packed = folder / f"{name}.zip", Path(temporary) / f"{name}.zip"
        blender_extension("build", f"--source-dir={source}", f"--output-filepath={packed}")
        blender_extension("validate", str(packed))
        check_size(packed, engine_wheels.LARGEST_MEGABYTES if platform else LARGEST_MEGABYTES)
        shutil.move(packed, target)
    return target


def stage(folder: Path) -> None:
    """Copy what is packed into a folder of its own."""

    def unpacked(parent: str, names: list[str]) -> set[str]:
        inside = Path(parent).relative_to(ROOT)
        return NEVER(parent, names) | {name for name in names if (inside / name).as_posix() in LEFT_OUT}

    folder.mkdir()
    for name in PACKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unpacked)
        else:
            shutil.copy2(source, folder / name)
    write_manual(folder / "manual")


def blender_extension(*arguments: str) -> None:
    """Run the builder and validator that comes with Blender: a plain program that needs no Blender."""
    module = importlib.util.find_spec("bpy")
    if module is None or module.origin is None:
        raise InputError("build: needs Blender's module, whose program builds and validates extensions")
    scripts = Path(module.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli")
    building = command(sys.executable, next(scripts) / "blender_ext.py", *arguments)
    result = subprocess.run(building, capture_output=True, text=True, check=False, env=clean_environment())
    if result.returncode != 0:
        raise InputError(f"Blender refuses the extension: {result.stdout} {result.stderr}")


def check_size(path: Path, largest: int = LARGEST_MEGABYTES) -> None:
    """Refuse a zip of more than ``largest`` MB, or with compiled code elsewhere than in the wheels it says it has."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > largest:
        raise InputError(f"{path.name}: {megabytes:.0f} MB; it may have {largest}")
    with zipfile.ZipFile(path) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
        said = {name.removeprefix("./") for name in manifest.get("wheels", ())}
        foreign = [name for name in archive.namelist() if name.endswith(COMPILED) and name not in said]
    if foreign:
        raise InputError(f"{path.name}: holds compiled code ({', '.join(foreign)}); the engine is installed apart")
