"""``evaluate`` on sessions of a real headset whose wearer's body is known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...model_core.errors import InputError
from ...model_core.evaluation.methods import HANDS_SEEN, METHODS, PLACES_ITSELF, placement, score_one
from ...model_core.evaluation.scores import aggregate, format_table
from ...model_core.evaluation.sessions import load_session, sessions_in
from ...model_core.pipeline import Networks
from ...model_core.progress import Progress

NOTE = (
    "what a headset saw, calibrated as any recording, against the true pose on the calibrated skeleton; the rooms are\n"
    "laid on each other by the head's mean place and heading"
)


def score_sessions(
    networks: Networks, path: Path, methods: Sequence[str], hands: str, every: int, progress: Progress | None = None
) -> dict[str, Any]:
    """Rows by method of the sessions in a file or folder, printed as a table too. Raises ``InputError``."""
    paths = sessions_in(path)[::every]
    print(f"\n{path.name}: {len(paths)} sessions of a headset\n{NOTE}")
    rows: dict[str, list[dict[str, Any]]] = {method: [] for method in methods}
    refused = {}
    for number, file in enumerate(paths):
        if progress:
            progress(number / len(paths), file.name)
        try:
            session = load_session(file, networks)
        except InputError as error:
            refused[file.name] = str(error)
            continue
        shown = session.observation.valid & np.array([True, *HANDS_SEEN[hands]])
        seen = replace(session.observation, valid=shown)
        for method in methods:
            row, _ = score_one(METHODS[method], networks, session.truth, seen, method in PLACES_ITSELF)
            rows[method].append(row)
    for message in refused.values():
        print(f"not scored: {message}")
    if len(refused) == len(paths):
        raise InputError(f"{path}: holds no session that can be scored")
    means, placed = {name: aggregate(some) for name, some in rows.items()}, {name: placement(name) for name in rows}
    print(f"hands seen: {hands}\n{format_table(means, placed=placed)}", flush=True)
    return {name: {"placed": placed[name], "mean": means[name], "clips": some} for name, some in rows.items()}
