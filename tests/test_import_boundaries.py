"""The arrows between the packages run one way: the face needs no engine, the mind needs no Blender."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ("torch", "scipy", "smplx")
NUMPY_ONLY = ("geometry", "body", "retargeting", "recordings", "calibration")
"""Folders of ``model_core`` that Blender uses, beside the modules at its top and ``worker.messages``."""

IMPORT_ALL = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("blocked by the wall: " + name, name=name.split(".")[0])
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
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["threepoint", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def import_all(names, blocked):
    """Import modules in a Python of their own in which some packages cannot be imported."""
    code = IMPORT_ALL.format(blocked=blocked, names=names)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def imported_by(path):
    """Every part of every dotted name that a file imports, wherever in it the import stands."""
    dotted = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            dotted += [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    return {part for name in dotted for part in name.split(".")}


def offenders(paths, forbidden):
    """The files that import something forbidden, and what."""
    found = {str(path.relative_to(ROOT)): imported_by(path) & forbidden for path in paths}
    return {path: names for path, names in found.items() if names}


def test_the_search_for_imports_finds_them(tmp_path):
    source = tmp_path / "offender.py"
    source.write_text(
        "def f():\n    from ..tools import test\n    from .. import blender_addon\n    import bpy.types\n"
    )
    assert {"tools", "blender_addon", "bpy"} <= imported_by(source)


def test_the_wall_blocks():
    assert "blocked by the wall" in import_all(["torch"], ENGINE).stderr


def test_face_needs_no_engine():
    result = import_all([module_name(path) for path in files_of("blender_addon")], ENGINE)
    assert result.stdout == "all imported\n", result.stderr


def test_what_blender_uses_of_the_mind_needs_no_engine():
    names = [module_name(path) for path in sorted((ROOT / "model_core").glob("*.py"))]
    names += [module_name(path) for folder in NUMPY_ONLY for path in files_of(f"model_core/{folder}")]
    names += ["threepoint.model_core.worker.messages"]
    result = import_all(names, (*ENGINE, "bpy"))
    assert result.stdout == "all imported\n", result.stderr


def test_the_engine_installs_whatever_the_mind_imports():
    source = (ROOT / "blender_addon" / "engine" / "installation.py").read_text(encoding="utf-8")
    installed = set(re.findall(r'"([a-z]+)[<>=]', source))
    tops = set()
    for path in files_of("model_core"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            tops |= {name.split(".")[0] for name in names}
    needed = tops - set(sys.stdlib_module_names) - {"threepoint"}
    assert {"torch", "numpy"} <= needed <= installed


def test_mind_needs_no_blender():
    result = import_all([module_name(path) for path in files_of("model_core")], ("bpy",))
    assert result.stdout == "all imported\n", result.stderr


def test_mind_never_names_blender():
    assert offenders(files_of("model_core"), {"bpy", "bmesh", "gpu", "mathutils"}) == {}


def test_mind_does_not_know_the_face():
    assert offenders(files_of("model_core"), {"blender_addon"}) == {}


def test_nothing_imports_the_tools():
    assert offenders([*files_of("model_core"), *files_of("blender_addon"), ROOT / "__init__.py"], {"tools"}) == {}
