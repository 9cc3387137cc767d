"""The table of characters: a row for those that are named, with the figures that every character has to keep."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib, which draws the pictures beside the table")

from threepoint.model_core.body import load_body
from threepoint.tools.evaluation.characters import table
from threepoint.tools.evaluation.characters.table import COLUMNS, evaluate_characters, format_rows
from threepoint.tools.support.made_up_walk import walk_motion

FRAMES, SLOWER = 240, 4


def test_who_is_named_has_a_row_within_the_bounds_and_nobody_else(tmp_path):
    body = load_body()
    walk = walk_motion(body, np.zeros(10))
    motion = replace(walk, rotations=walk.rotations[:FRAMES:SLOWER], fps=walk.fps / SLOWER,
                     translation=walk.translation[:FRAMES:SLOWER])  # fmt: skip
    rows = evaluate_characters(tmp_path, [("sample", motion)], body, lambda *_: None, None, ["worst_child"])
    (row,) = rows
    assert row["character"] == "worst_child" and row["motion"] == "sample" and set(COLUMNS) < set(row)
    assert max(row[name] for name in ("hands", "hands_scaled", "slide", "sole", "blender")) < 1
    assert row["directions"] < 5 and row["flip"] < 30
    assert "worst_child" in format_rows(rows)


def test_without_rigify_its_rows_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "make_rigify", lambda kind: None)
    rows = evaluate_characters(tmp_path, [("sample", None)], None, lambda *_: None, None, ["rigify_metarig"])
    assert rows == [{"character": "rigify_metarig", "motion": "sample", "refused": "this Blender has no Rigify"}]
    assert "refused: this Blender has no Rigify" in format_rows(rows)
