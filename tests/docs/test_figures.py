"""Figures that pages tell are those of the cards, which ``evaluate`` prints: a card made anew makes them wrong."""

import re

import pytest

from threepoint.tools.support.checkout import ROOT

CARD = (ROOT / "weights" / "sage.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = {
    "AvatarPoser's network": "AvatarPoser's network",
    "SAGE": "SAGE",
    "the same refined under FLAG": "SAGE, refined",
}
"""How the README's rows begin -> the card's."""
COLUMNS = ("mpjpe", "lowerpe", "handpe", "skate")


def cells_of(line: str) -> list[str]:
    return [cell.strip(" *") for cell in line.strip("|").split("|")]


def card_rows() -> dict[str, dict[str, float]]:
    """The card's table of the clips for which baselines are known: method -> column -> value."""
    lines = CARD[CARD.index("| baselines' clips |") :].split("\n\n")[0].splitlines()
    names = cells_of(lines[0])
    found = (dict(zip(names, cells_of(line), strict=True)) for line in lines[2:])
    return {row[names[0]]: {name: float(row[name]) for name in (*COLUMNS, "jitter", "gt_jitter")} for row in found}


def is_rounded(told: str, value: float) -> bool:
    """Whether ``told`` is ``value``, given to a hundredth in a card, to as many places as it has."""
    places = len(told.partition(".")[2])
    return abs(float(told) - value) <= 0.5 * 10.0**-places + 0.00501


@pytest.mark.parametrize("begins", ROWS)
def test_the_readmes_table_is_the_cards(begins):
    (row,) = (cells_of(line) for line in README.splitlines() if re.match(rf"\| {re.escape(begins)}[ ,]", line))
    card = card_rows()[ROWS[begins]]
    expected = [*(card[name] for name in COLUMNS), card["jitter"] / card["gt_jitter"]]
    assert len(row) == 6 and all(map(is_rounded, row[1:], expected)), (row, expected)


def test_what_live_costs_is_the_cards():
    text = " ".join((ROOT / "docs" / "live.md").read_text(encoding="utf-8").split())
    (all_joints,) = re.findall(r"SAGE's error over all joints is (.*?): \[weights", text)
    told = re.findall(r"\d+\.\d+", all_joints)
    rows = card_rows()
    places = [(column, method) for column in ("mpjpe", "lowerpe") for method in ("SAGE, online", "SAGE")]
    for figure, (column, method) in zip(told, places, strict=True):
        assert is_rounded(figure, rows[method][column]), (figure, method, column)


def test_what_was_scored_of_live_is_the_cards():
    text = " ".join((ROOT / "docs" / "live.md").read_text(encoding="utf-8").split())
    (scored,) = re.findall(r"which is what was scored of \*live\*, that is (.*? cm off)\.", text)
    told = re.findall(r"\d+(?:\.\d+)?", scored)
    table = [cells_of(line) for line in CARD.splitlines() if line.startswith("| 24 clips, every 12th |")]
    header = next(cells_of(line) for line in CARD.splitlines() if line.startswith("| clips | method | placed |"))
    rows = {row[1]: dict(zip(header, row, strict=True)) for row in table}
    methods = ("SAGE, live", "SAGE, online", "SAGE")
    card = [float(rows[method][column]) for column in ("mpjpe", "skate", "handpe") for method in methods]
    card.insert(6, float(rows["SAGE"]["gt_skate"]))
    assert all(is_rounded(figure, value) for figure, value in zip(told, card, strict=True)), (told, card)


def test_a_rounded_figure_is_known():
    assert is_rounded("9.0", 8.95) and is_rounded("15", 14.85) and is_rounded("0.01", 0.01)
    assert not is_rounded("9.1", 8.95) and not is_rounded("4.7", 4.60)
