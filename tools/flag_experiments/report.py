"""``evaluate --flag``: every table and figure, printed, written and drawn."""

import json

import torch

from threepoint.model_core.clips import load_clips
from threepoint.model_core.flag.model import load_flag
from threepoint.model_core.sage.model import load_sage

from ..outputs import Outputs
from ..progress import TerminalProgress
from . import curves, tables
from .frames import frames_of
from .networks import COMMAND, FILE_NAME, load_comparisons
from .pictures import draw_forming, draw_refinement

EVERY = 4
"""One frame in so many is scored: neighbours say the same."""
CURVE_FRAMES = 128
"""Frames that are refined for figure 7."""


@torch.no_grad()
def report(path, folder, every=1, json_path=None, pictures=None):
    """Repeat the paper's experiments on the clips at ``path``, with the comparison networks in ``folder``.

    Where these are missing, the tables show the shipped FLAG alone, and a line says what trains them. ``every``: only
    every so many clips. Writes JSON and pictures where ``json_path`` and ``pictures`` (a folder) say.
    """
    networks = load_comparisons(folder) if (folder / FILE_NAME).is_file() else None
    if networks is None:
        print(f"{folder / FILE_NAME} is missing: FLAG stands alone; `{COMMAND}` trains what it is compared with\n")
    with Outputs() as outputs, TerminalProgress() as progress:
        frames = frames_of(list(load_clips(path))[::every], EVERY, load_sage())
        found, forming, refining = _experiments(frames, load_flag(), networks, progress)
        print(f"{path.name}: {len(frames)} frames\n")
        for table in found:
            print(table.markdown(), end="\n\n", flush=True)
        if pictures:
            if networks:
                draw_forming(outputs.path_for(pictures / "flag_figure3.png"), frames, forming)
            draw_refinement(outputs.path_for(pictures / "flag_figure7.png"), refining)
        if json_path:
            summary = {"clips": path.name, "frames": len(frames), "compared": networks is not None}
            summary["tables"] = [{"title": t.title, "columns": t.columns, "rows": t.rows} for t in found]
            summary["figure7"] = {curve.name: curve.errors.tolist() for curve in refining}
            outputs.path_for(json_path).write_text(json.dumps(summary, indent=1))


def _experiments(frames, flag, networks, progress):
    """All tables; the two flows whose poses are drawn forming; the curves of refinement."""
    shipped = tables.make_subject(tables.SHIPPED, flag, frames)
    subjects, small, plain = [shipped], None, None
    if networks:
        small = tables.make_subject(tables.SMALL, networks.supervised, frames)
        plain = tables.make_subject(tables.PLAIN, networks.plain, frames)
        subjects = [small, plain, shipped]
    with_region = [subject for subject in subjects if subject is not plain]
    found = [tables.method_table(frames, shipped, small, plain, networks)]
    if networks:
        found.append(tables.supervision_table(frames, small, plain))
    found.append(tables.likelihood_table(frames, subjects, networks))
    found.append(tables.sampling_table(frames, with_region, networks))
    found.append(tables.oracle_table(with_region))
    found.append(curves.coupling_table(curves.coupling_errors(frames, subjects)))
    few = frames.some(CURVE_FRAMES)
    refined = [tables.make_subject(subject.name, subject.flag, few) for subject in subjects]
    refining = curves.refinement_curves(few, refined, progress)
    found += [curves.refinement_table(refining), curves.speed_table(refining)]
    return found, [small, plain], refining
