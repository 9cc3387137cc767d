"""Every public function and method says what it takes and what it returns."""

import ast

from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.imports import source_files


def unannotated(node, public=True, prefix=""):
    """Public functions below a node of which a parameter or the result has no type, as ``line Class.name``."""
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from unannotated(child, public and not child.name.startswith("_"), f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef) and public and not is_private(child.name) and lacks_types(child):
            yield f"{child.lineno} {prefix}{child.name}"


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def lacks_types(function):
    taken = function.args
    parameters = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg]
    named = [each for each in parameters if each is not None and each.arg not in ("self", "cls")]
    return function.returns is None or any(each.annotation is None for each in named)


def test_what_lacks_types_is_found():
    functions = "def a(x): ...\ndef b(x: int) -> int: ...\ndef _c(x): ...\n"
    source = functions + "class D:\n    def e(self) -> None: ...\n    def f(self): ..."
    assert list(unannotated(ast.parse(source))) == ["1 a", "6 D.f"]


def test_every_public_signature_has_types():
    found = {
        str(path.relative_to(ROOT)): list(unannotated(ast.parse(path.read_text(encoding="utf-8"))))
        for path in source_files(ROOT)
    }
    assert {path: names for path, names in found.items() if names} == {}
