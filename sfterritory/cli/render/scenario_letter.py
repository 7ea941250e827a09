"""A scenario as a letter to those whom it concerns: Markdown, and the same accounts as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sfterritory.cli.render.markdown import escaped
from sfterritory.cli.render.row_file import rows_csv
from sfterritory.pipeline.scenario_people import Concerned, HandOver, ScenarioPeople
from sfterritory.web.wording import counted, instant

_COLUMNS = (
    "account_id",
    "account_name",
    "before",
    "after",
    "hours_per_year",
    "value_usd",
    "pipeline",
)


def hand_overs_csv(found: ScenarioPeople) -> bytes:
    """Return a row for each account that changes hands."""
    return rows_csv(
        _COLUMNS, ([getattr(one, name) for name in _COLUMNS] for one in found.hand_overs)
    )


def people_markdown(found: ScenarioPeople) -> bytes:
    """Return the letter: from when on, and for each person what comes and what goes."""
    return "\n".join(_letter(found)).encode()


def _letter(found: ScenarioPeople) -> Iterator[str]:
    scenario = found.scenario
    yield f"# Territories: {escaped(scenario.name)}"
    yield ""
    day = scenario.effective_at
    yield f"From {instant(day)} on." if day else "No day is set yet: this is a draft."
    if scenario.note:
        yield f"Why: {escaped(scenario.note)}"
    if scenario.changes:
        yield f"What changes: {escaped(' '.join(scenario.changes))}"
    yield (
        f"{counted(len(found.hand_overs), 'account')} would change hands, measured against the "
        "owners of the last pull. The plan made on the day is what counts: its rules may keep some."
    )
    for person in found.people:
        yield from _person(person)


def _person(person: Concerned) -> Iterator[str]:
    yield ""
    yield f"## {escaped(person.name)}"
    yield ""
    yield f"- comes: {_sum(person.gained)}"
    yield f"- goes: {_sum(person.lost)}"
    for heading, other, accounts in (
        ("Comes", "from", person.gained),
        ("Goes", "to", person.lost),
    ):
        if accounts:
            yield ""
            yield f"| {heading} | {other} | hours a year | value | open pipeline |"
            yield "|---|---|---:|---:|---:|"
            for one in accounts:
                yield _line(one, one.before if other == "from" else one.after)


def _line(one: HandOver, other: str) -> str:
    account = escaped(f"{one.account_name} ({one.account_id})")
    figures = (one.hours_per_year, one.value_usd, one.pipeline)
    return f"| {account} | {escaped(other)} | {' | '.join(map(_figure, figures))} |"


def _sum(accounts: Sequence[HandOver]) -> str:
    hours = sum(one.hours_per_year for one in accounts)
    text = f"{counted(len(accounts), 'account')}, {hours:,.0f} hours a year"
    for word, amounts in (
        ("value", [one.value_usd for one in accounts]),
        ("open pipeline", [one.pipeline for one in accounts]),
    ):
        known = [amount for amount in amounts if amount is not None]
        text += f", {word} {sum(known):,.0f}" if known else ""
    return text


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"
