"""Draw the package's folders and which imports which: docs/pictures/architecture.svg."""

from pathlib import Path

from ..model_core.whole_files import Outputs, check_target
from .support.arguments import command_parser
from .support.checkout import ROOT
from .support.imports import PARTS, direct_only, imported_packages, unit_graph

PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
WIDTH, BOX_WIDTH, BOX_HEIGHT = 9.0, 1.3, 0.36
"""Inches: the picture, and a folder's box."""
ROW, HEADING = 0.7, 0.35
"""Inches from row to row, and above the first row of a part."""
COLOURS = {"tools": "#e8eef7", "blender_addon": "#fdebd8", "model_core": "#e3f2e1"}
LINE, PLAIN, WITH_TORCH = "#7a7a7a", "white", "#c5e0c0"
CAPTION = "An arrow stands for imports. Every part may import what lies below it. Green: with torch."


def run(arguments: list[str]) -> int:
    """Read the imports, draw, and print where the picture is."""
    parser = command_parser("architecture", __doc__)
    parser.add_argument("-o", "--output", type=Path, default=PICTURE, metavar="FILE", help="an .svg or a .png")
    options = parser.parse_args(arguments)
    check_target(options.output, (".svg", ".png"))
    with Outputs() as outputs:
        draw(outputs.path_for(options.output), folder_graphs(ROOT))
    print(options.output)
    return 0


def folder_graphs(root: Path) -> dict[str, dict[str, set[str]]]:
    """For each part its folders, and the folders of the same part that each imports directly.

    The commands, files at the top of ``tools``, count as one. Those at the top of the other parts are left out: every
    folder knows them.
    """
    graphs: dict[str, dict[str, set[str]]] = {part: {} for part in PARTS}
    for unit, others in unit_graph(root).items():
        part = unit.split("/")[0]
        if part in PARTS and (name := _box(unit, root)):
            names = {_box(other, root) for other in others if other.split("/")[0] == part}
            graphs[part].setdefault(name, set()).update(names - {name, ""})
    return {part: direct_only(graph) for part, graph in graphs.items()}


def _box(unit: str, root: Path) -> str:
    if (root / unit).is_dir():
        return unit
    return "tools/commands" if unit.startswith("tools/") else ""


def rows_of(graph: dict[str, set[str]]) -> list[list[str]]:
    """Rows of folders, the lowest first: each stands above whatever it imports, and near it."""
    height: dict[str, int] = {}

    def rise(name: str) -> int:
        if name not in height:
            height[name] = 0  # Ends a circle, which a test forbids.
            height[name] = 1 + max((rise(other) for other in graph[name]), default=-1)
        return height[name]

    top = max(rise(name) for name in graph)
    rows = [sorted(name for name in graph if height[name] == level) for level in range(top + 1)]
    x: dict[str, float] = {}
    for row in rows:
        wanted = {name: sum(x.get(other, 0.0) for other in graph[name]) / max(len(graph[name]), 1) for name in row}
        row.sort(key=lambda name: (wanted[name], name))
        x |= {name: column_place(number, len(row)) for number, name in enumerate(row)}
    return rows


def column_place(number: int, count: int) -> float:
    """The middle of a row's box, in inches from the picture's left edge."""
    return WIDTH * (number + 0.5) / count


def uses_torch(name: str) -> bool:
    """Whether any file of a folder imports torch when it runs."""
    return any("torch" in imported_packages(path, for_types=False) for path in (ROOT / name).rglob("*.py"))


def draw(path: Path, graphs: dict[str, dict[str, set[str]]]) -> None:
    """Write the picture: a band for each part, the folders in rows, arrows to what they import."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "threepoint"})  # The same file every time.
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyArrowPatch, Rectangle

    rows = {part: rows_of(graph) for part, graph in graphs.items()}
    total = HEADING + sum(HEADING + ROW * len(part_rows) for part_rows in rows.values())
    figure, ax = plt.subplots(figsize=(WIDTH, total))
    ax.set(xlim=(0, WIDTH), ylim=(0, total))
    ax.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    ax.text(0.1, 0.12, CAPTION, fontsize=8)
    bottom = total
    for part, graph in graphs.items():
        height = HEADING + ROW * len(rows[part])
        bottom -= height
        ax.add_patch(Rectangle((0, bottom + 0.03), WIDTH, height - 0.06, color=COLOURS[part], zorder=0))
        ax.text(0.1, bottom + height - 0.28, part, fontsize=10, weight="bold")
        places = {name: (column_place(number, len(row)), bottom + ROW * (level + 0.5))
                  for level, row in enumerate(rows[part]) for number, name in enumerate(row)}  # fmt: skip
        for name, (x, y) in places.items():
            corner = (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2)
            fill = WITH_TORCH if uses_torch(name) else PLAIN
            box = Rectangle(corner, BOX_WIDTH, BOX_HEIGHT, facecolor=fill, edgecolor="black", linewidth=0.8, zorder=3)
            ax.add_patch(box)
            ax.text(x, y, name.split("/")[1], ha="center", va="center", fontsize=8.5, zorder=4)
            for other in graph[name]:
                ends = (x, y - BOX_HEIGHT / 2), (places[other][0], places[other][1] + BOX_HEIGHT / 2)
                ax.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=8, color=LINE, linewidth=0.7))
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=120)
    plt.close(figure)
