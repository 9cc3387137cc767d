"""Imports run one way: tools, add-on, core; no folder imports another in a circle; folders and files stay small."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from threepoint.tools.build import LEFT_OUT
from threepoint.tools.support.imports import (
    PARTS,
    find_cycle,
    imported_files,
    imported_packages,
    source_files,
    unit_graph,
    unit_of,
)

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ("torch", "scipy", "smplx")
BLENDER = ("bpy", "bmesh", "gpu", "mathutils")
CORE_ORDER = (
    ("shown", "threads", "side_by_side", "child_python"),
    ("errors", "progress"),
    ("untrusted", "whole_files"),
    ("checksums",),
    ("safetensor_files", "window_blending"),
    ("notes",),
    ("geometry",),
    ("motion", "pins", "direction"),
    ("body",),
    ("retargeting",),
    ("recordings",),
    ("observation",),
    ("calibration", "command_line", "amass_writer", "exports"),
    ("options", "sage", "flag"),
    ("refinement",),
    ("pipeline", "batches"),
    ("live",),
    ("mocap",),
    ("evaluation",),
    ("worker",),
)
"""The folders and files of ``model_core``: each imports only what stands above its line here."""
ADDON_ORDER = (
    ("bpy_types", "quiet", "sample", "steps"),
    ("i18n",),
    ("animation",),
    ("trackers", "avatar"),
    ("characters",),
    ("engine", "export", "reading"),
    ("state",),
    ("render",),
    ("operators",),
    ("ui",),
)
"""The folders and files of ``blender_addon`` likewise."""
NUMPY_ONLY = (
    "untrusted", "notes", "direction", "geometry", "body", "retargeting", "recordings", "calibration", "command_line",
    "exports",
)  # fmt: skip
"""Folders of ``model_core`` that Blender uses, beside the files at its top and ``worker.messages``."""
MOST_FILES, MOST_LINES = 16, 400
FILE_A_KIND = {"model_core/recordings/formats", "blender_addon/i18n/locales", "blender_addon/operators", "tools"}
"""Folders of one file a kind, which may hold more."""

IMPORT_ALL = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("blocked by the test: " + name, name=name.split(".")[0])
sys.meta_path.insert(0, Wall())
import importlib
for name in {names!r}:
    importlib.import_module(name)
print("all imported")
sys.stdout.flush()
import os
os._exit(0)
"""


def files_of(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["threepoint", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def import_all(names, blocked):
    """Import modules in a Python of their own in which some packages cannot be imported."""
    code = IMPORT_ALL.format(blocked=blocked, names=names)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def arrows(part):
    """(file, unit imported) of every import by a file of a part."""
    return [(path, unit_of(other, ROOT)) for path in files_of(part) for other in imported_files(path, ROOT)]


def shown(offenders):
    return sorted({f"{path.relative_to(ROOT)} imports {unit}" for path, unit in offenders})


def is_numpy_only(unit):
    """Whether the add-on may import it: a part of the core that needs no torch."""
    part, _, name = unit.partition("/")
    return part == "model_core" and (name in NUMPY_ONLY or (ROOT / part / f"{name}.py").is_file())


def test_the_search_for_imports_finds_them(tmp_path):
    for name in ("tools/test.py", "tools/__init__.py", "blender_addon/__init__.py", "model_core/deep/inner.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "model_core" / "offender.py").write_text(
        "import bpy.types\n"
        "def f():\n    from ..tools import test\n    from .. import blender_addon\n"
        "    from threepoint.model_core.deep.inner import g\n"
    )
    found = imported_files(tmp_path / "model_core" / "offender.py", tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in found}
    assert names == {"tools/test.py", "blender_addon/__init__.py", "model_core/deep/inner.py"}
    assert imported_packages(tmp_path / "model_core" / "offender.py") == {"bpy"}


def test_a_circle_is_found():
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": set()}) is None
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_the_wall_blocks():
    assert "blocked by the test" in import_all(["torch"], ENGINE).stderr


def test_the_add_on_imports_without_torch():
    result = import_all([module_name(path) for path in files_of("blender_addon")], ENGINE)
    assert result.stdout == "all imported\n", result.stderr


def test_what_blender_uses_of_the_core_imports_without_torch():
    names = [module_name(path) for path in sorted((ROOT / "model_core").glob("*.py"))]
    names += [module_name(path) for folder in NUMPY_ONLY for path in files_of(f"model_core/{folder}")]
    names += ["threepoint.model_core.worker.messages"]
    result = import_all(names, (*ENGINE, *BLENDER))
    assert result.stdout == "all imported\n", result.stderr


def test_the_core_imports_without_blender():
    result = import_all([module_name(path) for path in files_of("model_core")], BLENDER)
    assert result.stdout == "all imported\n", result.stderr


def test_the_core_never_names_blender():
    offenders = {str(path.relative_to(ROOT)): imported_packages(path) & set(BLENDER) for path in files_of("model_core")}
    assert {path: names for path, names in offenders.items() if names} == {}


def test_the_engine_installs_whatever_the_core_of_the_zip_imports():
    engine = ROOT / "blender_addon" / "engine"
    installed = set(re.findall(r"^([a-z]+)==", (engine / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
    installed |= set(re.findall(r'"([a-z]+)==', (engine / "installation.py").read_text(encoding="utf-8")))
    shipped = [path for path in files_of("model_core") if not is_left_out(path)]
    packages = set().union(*(imported_packages(path) for path in shipped))
    needed = packages - set(sys.stdlib_module_names)
    assert {"torch", "numpy"} <= needed <= installed


def is_left_out(path):
    """Whether a file of the core stays out of the extension's zip."""
    inside = path.relative_to(ROOT)
    return any(part.as_posix() in LEFT_OUT for part in (inside, *inside.parents))


def test_the_core_imports_neither_add_on_nor_tools():
    assert shown((path, unit) for path, unit in arrows("model_core") if not unit.startswith("model_core")) == []


def test_the_add_on_imports_no_tools_and_of_the_core_what_needs_no_torch():
    messages = ROOT / "model_core" / "worker" / "messages.py"
    offenders = []
    for path in files_of("blender_addon"):
        for file in imported_files(path, ROOT) - {messages, ROOT / "model_core" / "__init__.py"}:
            unit = unit_of(file, ROOT)
            if not (unit.startswith("blender_addon") or is_numpy_only(unit)):
                offenders.append((path, unit))
    assert shown(offenders) == []


def test_the_package_itself_imports_the_add_on_and_nothing_else():
    assert {unit_of(file, ROOT).split("/")[0] for file in imported_files(ROOT / "__init__.py", ROOT)} == {
        "blender_addon"
    }


@pytest.mark.parametrize(("part", "order"), [("model_core", CORE_ORDER), ("blender_addon", ADDON_ORDER)])
def test_imports_run_one_way(part, order):
    rank = {name: number for number, names in enumerate(order) for name in names}
    units = {path.relative_to(ROOT / part).with_suffix("").parts[0] for path in files_of(part)}
    assert units - {"__init__"} <= set(rank), f"a folder or file of {part} has no place in its order"
    offenders = []
    for path, unit in arrows(part):
        own, (other_part, _, other) = unit_of(path, ROOT).split("/")[1], unit.partition("/")
        if other_part == part and own not in (other, "__init__") and rank[other] >= rank[own]:
            offenders.append((path, unit))
    assert shown(offenders) == []


def test_no_folders_import_each_other_in_a_circle():
    assert find_cycle(unit_graph(ROOT)) is None


@pytest.mark.parametrize("part", PARTS)
def test_folders_are_small(part):
    folders = {path.parent for path in files_of(part)}
    counts = {str(folder.relative_to(ROOT)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counts.items() if count > MOST_FILES and name not in FILE_A_KIND} == {}


def test_files_are_read_in_one_sitting():
    files = [*source_files(ROOT), *files_of("tests")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_the_core_never_loads_torchs_compiler():
    """The first use of ``torch.optim`` imports it: a second and a half, and a hundred MB, for nothing."""
    core = source_files(ROOT / "model_core")
    assert core and [file for file in core if "torch.optim" in file.read_text("utf-8")] == []
