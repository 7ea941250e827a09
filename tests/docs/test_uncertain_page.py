"""Every fact that the documents leave open has its row, and the switches named there exist."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from docs.page import ROOT, quoted, rows, text_of
from sfterritory.sandbox.faults.catalogue import KINDS as FAULTS
from sfterritory.sandbox.rule import KINDS as RULES
from sfterritory.sandbox.switch_notes import switch_notes

PAGE = "sandbox-uncertain.md"
FACTS = ROOT.parent / "shared" / "salesforce.md"
_HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)?)", re.MULTILINE)


def facts() -> list[list[str]]:
    """Return the rows of facts: section, fact, what stands for it, default or why."""
    return [row for row in rows(text_of(PAGE)) if len(row) == 4]


def others() -> list[list[str]]:
    """Return the rows of what is uncertain besides: fact, switch, default."""
    return [row for row in rows(text_of(PAGE)) if len(row) == 3]


def test_whatever_stands_for_an_open_fact_exists() -> None:
    standing = [row[2] for row in facts()] + [row[1] for row in others()]
    known = {one.name for one in switch_notes()} | set(FAULTS) | set(RULES)

    assert {name for cell in standing for name in quoted(cell)} <= known
    assert all(quoted(cell) or cell == "no switch" for cell in standing)


def test_every_uncertain_switch_has_a_row() -> None:
    standing = [row[2] for row in facts()] + [row[1] for row in others()]
    uncertain = {one.name for one in switch_notes() if one.uncertain}

    assert uncertain - {name for cell in standing for name in quoted(cell)} == set()


def test_every_row_without_a_switch_says_why() -> None:
    assert [row[1] for row in facts() if not row[3]] == []


def test_the_defaults_are_those_of_the_switches() -> None:
    cells = [(row[2], row[3]) for row in facts()] + [(row[1], row[2]) for row in others()]
    defaults = {one.name: one.default for one in switch_notes()}
    named = [(quoted(standing)[:1], default) for standing, default in cells]

    wrong = [
        (name, told)
        for names, told in named
        for name in names
        if name in defaults and not told.startswith(_shown(defaults[name]))
    ]

    assert wrong == []


def _shown(default: object) -> str:
    """Return a default as the page writes it."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`" if isinstance(default, str) else str(default)


@pytest.mark.skipif(not FACTS.exists(), reason="the collection of facts is not on this machine")
def test_every_uncertain_mark_of_the_facts_has_a_row() -> None:
    _, *parts = _HEADING.split(FACTS.read_text(encoding="utf-8"))
    marks = Counter[str]()
    for section, text in zip(parts[::2], parts[1::2], strict=True):
        marks[section] += len(re.findall(r"\buncertain\b", text))

    listed = Counter(row[0] for row in facts())

    assert listed == +marks
