"""Families of accounts by segment: the first rule that matches their parent says how they stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from sfterritory.errors import ConfigError
from sfterritory.model.store.store import Store
from sfterritory.pipeline.construction.book import load_book
from sfterritory.pipeline.construction.units import book_units
from sfterritory.pipeline.people import load_people
from sfterritory.settings.project import Settings, load_settings

FILE = "mappings/territories.yaml"
RULES = """\
units:
  families: ignore
  family_rules:
    - {when: {field: Industry, is: Energy}, families: together}
    - when: {field: Industry, in: [Energy, Retail]}
      families: split
      split: {field: Name, contains: branch}
"""


def saying(project: Path, units: str) -> Settings:
    path = project / FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("units: {by: account, families: ignore}\n", units))
    return load_settings(project, {})


def related(store: Store, parents: Mapping[str, str], **fields: Mapping[str, str]) -> None:
    """Give accounts parents, and other values of fields by id."""
    columns = {"parent_id": parents, **fields}
    with closing(sqlite3.connect(store.place)) as database, database:
        database.execute("UPDATE account SET parent_id = NULL")
        for column, values in columns.items():
            database.executemany(
                f"UPDATE account SET {column} = ? WHERE id = ?",  # noqa: S608 - names of ours
                [(value, one) for one, value in values.items()],
            )


def units_of(settings: Settings, store: Store, ids: list[str]) -> dict[str, int]:
    book = load_book(settings, store, load_people(settings, store))
    units, _ = book_units(settings, store, book)
    found = dict(zip(book.accounts.ids.tolist(), units.tolist(), strict=True))
    return {one: found[one] for one in ids}


def test_the_first_rule_that_matches_the_parent_says_how_its_family_stays(
    project: Path, store: Store
) -> None:
    settings = saying(project, RULES)
    ids = load_book(settings, store, load_people(settings, store)).accounts.ids.tolist()
    plants, shops, others = ids[:3], ids[3:7], ids[7:9]
    related(
        store,
        {child: one for one, *children in (plants, shops, others) for child in children},
        industry={
            **dict.fromkeys(ids[:9], "Media"),  # members do not decide
            plants[0]: "Energy",
            shops[0]: "Retail",
        },
        name={**{one: f"shop {one}" for one in ids[:9]}, shops[3]: "a branch", plants[1]: "branch"},
    )

    unit = units_of(settings, store, ids[:9])

    assert len({unit[one] for one in plants}) == 1
    assert len({unit[one] for one in shops[:3]}) == 1
    assert unit[shops[3]] not in {unit[one] for one in ids[:9] if one != shops[3]}
    assert len({unit[one] for one in others}) == len(others)
    assert len({*unit.values()}) == 1 + 2 + len(others)


def test_a_family_whose_parent_is_unknown_goes_by_its_first_member(
    project: Path, store: Store
) -> None:
    settings = saying(project, RULES)
    ids = load_book(settings, store, load_people(settings, store)).accounts.ids[:4].tolist()
    gone = "001Sb00000zzzzzIAA"
    related(
        store,
        dict.fromkeys(ids[:2], gone) | dict.fromkeys(ids[2:], "001Sb00000yyyyyIAA"),
        industry={ids[0]: "Energy", ids[1]: "Media", ids[2]: "Media", ids[3]: "Energy"},
    )

    unit = units_of(settings, store, ids)

    assert unit[ids[0]] == unit[ids[1]]
    assert unit[ids[2]] != unit[ids[3]]


def test_a_rule_that_cannot_be_asked_is_named_with_its_place(project: Path, store: Store) -> None:
    with pytest.raises(ConfigError, match=r"(?s)family_rules.*split goes with a condition"):
        saying(project, RULES.replace("      split: {field: Name, contains: branch}\n", ""))
    text = (project / FILE).read_text(encoding="utf-8")
    (project / FILE).write_text(
        text.replace("      families: split\n", "      families: together\n").replace(
            "when: {field: Industry, is: Energy}", "when: {field: AnnualRevenue, is: Energy}"
        ),
        encoding="utf-8",
    )
    settings = load_settings(project, {})

    with pytest.raises(ConfigError, match=r"units\.family_rules\[0\]\.when"):
        units_of(settings, store, [])
