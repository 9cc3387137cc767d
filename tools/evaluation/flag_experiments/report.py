"""``evaluate --flag``: every table and figure, printed, written and drawn."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from ....model_core.flag.model import Flag, load_flag
from ....model_core.mocap.clips import load_clips
from ....model_core.sage.model import load_sage
from ....model_core.whole_files import Outputs
from ...support.progress import TerminalProgress
from ...training.comparison_networks import COMMAND, FILE_NAME, Comparisons, load_comparisons
from . import tables
from .curves import coupling_errors, coupling_table, refinement_curves, refinement_table, speed_table
from .frames import Frames, frames_of
from .pictures import draw_forming, draw_refinement

EVERY = 4
"""One frame in so many is scored: neighbours say the same."""
CURVE_FRAMES = 128
"""Frames that are refined for figure 7."""


@torch.no_grad()
def report(
    path: Path, folder: Path, every: int = 1, json_path: Path | None = None, pictures: Path | None = None
) -> None:
    """Repeat the paper's experiments on the clips at ``path``, with the comparison networks in ``folder``.

    Where these are missing, the tables show the shipped FLAG alone, and a line says what trains them. ``every``: only
    every so many clips. Writes JSON and pictures where ``json_path`` and ``pictures`` (a folder) say.
    """
    networks = load_comparisons(folder) if (folder / FILE_NAME).is_file() else None
    if networks is None:
        print(f"{folder / FILE_NAME} is missing: FLAG stands alone; `{COMMAND}` trains what it is compared with\n")
    flag = load_flag()
    with Outputs() as outputs, TerminalProgress() as progress:
        frames = frames_of(list(load_clips(path))[::every], EVERY, load_sage())
        print(f"{path.name}: {len(frames)} frames\n")
        subjects = _subjects(frames, flag, networks)
        found = []
        for table in _tables(frames, subjects, networks):
            _show(table, found)
        refining = refinement_curves(frames.some(CURVE_FRAMES), subjects, progress)
        for table in (refinement_table(refining), speed_table(refining)):
            _show(table, found)
        if pictures:
            if networks:
                draw_forming(outputs.path_for(pictures / "flag_figure3.png"), frames, subjects[:2])
            draw_refinement(outputs.path_for(pictures / "flag_figure7.png"), refining)
        if json_path:
            summary = {"clips": path.name, "frames": len(frames), "compared": networks is not None}
            summary["tables"] = [{"title": t.title, "columns": t.columns, "rows": t.rows} for t in found]
            summary["figure7"] = {curve.name: curve.errors.tolist() for curve in refining}
            outputs.path_for(json_path).write_text(json.dumps(summary, indent=1))


def _subjects(frames: Frames, flag: Flag, networks: Comparisons | None) -> list[tables.Subject]:
    """Every FLAG on the frames; the shipped one is the last."""
    shipped = tables.make_subject(tables.SHIPPED, flag, frames)
    if networks is None:
        return [shipped]
    small = tables.make_subject(tables.SMALL, networks.supervised, frames)
    return [small, tables.make_subject(tables.PLAIN, networks.plain, frames), shipped]


def _tables(frames: Frames, subjects: Sequence[tables.Subject], networks: Comparisons | None) -> Iterator[tables.Table]:
    """Tables 1 to 5 and figure 3's, one after the other."""
    with_region = [subject for subject in subjects if subject.name != tables.PLAIN]
    yield tables.method_table(frames, subjects, networks)
    if networks:
        yield tables.supervision_table(frames, *subjects[:2])
    yield tables.likelihood_table(frames, subjects, networks)
    yield tables.sampling_table(frames, with_region, networks)
    yield tables.oracle_table(with_region)
    yield coupling_table(coupling_errors(frames, subjects))


def _show(table: tables.Table, found: list[tables.Table]) -> None:
    print(table.markdown(), end="\n\n", flush=True)
    found.append(table)
