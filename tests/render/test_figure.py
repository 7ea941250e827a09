from __future__ import annotations

import re
from pathlib import Path

from sfterritory.cli.render.figure import figure_label, labelled_figures

PAGE = Path(__file__).parents[2] / "docs" / "territories.md"


def test_every_figure_of_the_page_has_a_label_in_words() -> None:
    table = PAGE.read_text("utf-8").partition("| figure | meaning |\n")[2].partition("\n\n")[0]
    names = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()))

    assert len(names) > 20
    labels = {name: figure_label(name) for name in names}
    assert len(set(labels.values())) == len(names)
    assert not [label for label in labels.values() if "_" in label or label[0].islower()]


def test_figures_of_a_project_follow_with_their_units_as_words() -> None:
    figures = {"zeal_share": 0.25, "accounts: A": 3.0, "mean_km": 1.23456, "accounts": 7.0}

    assert list(labelled_figures(figures)) == [
        ("Accounts", 7.0),
        ("Mean distance from the start, km", 1.235),
        ("Accounts: A", 3.0),
        ("Zeal, part of the whole", 0.25),
    ]
