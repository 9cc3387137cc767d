"""Which part of the house imports which, read from the sources: for the architecture's picture and the tests of it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PARTS = ("tools", "blender_addon", "model_core")


def source_files(root: Path) -> list[Path]:
    """The package's modules, sorted."""
    return [root / "__init__.py", *(path for part in PARTS for path in sorted((root / part).rglob("*.py")))]


@cache
def imported_files(path: Path, root: Path) -> frozenset[Path]:
    """The files of the package under ``root`` that a file imports, wherever in it the import stands; read once."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for parts in _dotted(node, path, root):
            if (file := _file_of(parts, root)) is not None:
                found.add(file)
    return frozenset(found - {path})


def imported_packages(path: Path, for_types: bool = True) -> set[str]:
    """Names of the packages from elsewhere that a file imports: torch, numpy, the standard library's.

    Without ``for_types`` those that only the type checker imports are left out.
    """
    names: set[str] = set()
    module = ast.parse(path.read_text(encoding="utf-8"))
    if not for_types:
        module.body = [node for node in module.body if not _is_for_types(node)]
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - {"threepoint"}


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _dotted(node: ast.AST, path: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """Names that an import statement may mean, as parts below the package's root."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first, *rest = alias.name.split(".")
            if first == "threepoint":
                yield tuple(rest)
    elif isinstance(node, ast.ImportFrom):
        module = tuple((node.module or "").split(".")) if node.module else ()
        if node.level:
            folder = path.relative_to(root).parent.parts
            base = folder[: len(folder) - node.level + 1] + module
        elif module[:1] == ("threepoint",):
            base = module[1:]
        else:
            return
        for alias in node.names:
            yield (*base, alias.name)


def _file_of(parts: tuple[str, ...], root: Path) -> Path | None:
    """The module that a name lies in: itself, its package, or the module that defines it."""
    for names in (parts, parts[:-1]):
        if names and (file := root.joinpath(*names).with_suffix(".py")).is_file():
            return file
        if (file := root.joinpath(*names, "__init__.py")).is_file():
            return file
    return None


def unit_of(path: Path, root: Path) -> str:
    """What a file counts as: its folder below a part, such as ``model_core/sage``, or itself at a part's top."""
    parts = path.relative_to(root).with_suffix("").parts
    return "/".join(parts[:2])


def unit_graph(root: Path) -> dict[str, set[str]]:
    """The units of the package, and the other units that each imports."""
    graph: dict[str, set[str]] = {}
    for path in source_files(root):
        unit = unit_of(path, root)
        others = {unit_of(file, root) for file in imported_files(path, root)}
        graph.setdefault(unit, set()).update(others - {unit})
    return graph


def find_cycle(graph: dict[str, set[str]]) -> list[str] | None:
    """A walk through units that import each other in a circle, beginning and ending with the same one; None without."""
    done: set[str] = set()

    def visit(unit: str, trail: list[str]) -> list[str] | None:
        if unit in trail:
            return [*trail[trail.index(unit) :], unit]
        if unit in done:
            return None
        for other in sorted(graph.get(unit, ())):
            if (cycle := visit(other, [*trail, unit])) is not None:
                return cycle
        done.add(unit)
        return None

    for unit in sorted(graph):
        if (cycle := visit(unit, [])) is not None:
            return cycle
    return None


def direct_only(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The graph without the imports that others imply: those of a unit that is reached through another one."""

    def reachable(unit: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(graph.get(unit, ()))
        while waiting:
            if (other := waiting.pop()) not in seen:
                seen.add(other)
                waiting += graph.get(other, ())
        return seen

    return {unit: {o for o in others if not any(o in reachable(p) for p in others - {o})}
            for unit, others in graph.items()}  # fmt: skip
