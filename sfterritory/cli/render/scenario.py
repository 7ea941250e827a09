"""Scenarios on a terminal: one, a list, several side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from sfterritory.cli.render.layout import render_facts, render_table
from sfterritory.model.store.scenario import ScenarioState
from sfterritory.pipeline.scenario_comparison import ComparisonReport
from sfterritory.pipeline.scenario_entry import ScenarioEntry
from sfterritory.pipeline.scenario_figures import BalanceFigures, DemandBalance, VersionFigures
from sfterritory.pipeline.scenario_moves import RepEffect
from sfterritory.web.wording import counted, instant, visible

_UNKNOWN = "-"
_NOT_PULLED = "not pulled"
_LINES = 25
_BALANCE = (
    ("fullest over mean", "max_over_mean"),
    ("emptiest over mean", "min_over_mean"),
    ("spread (CV)", "variation"),
    ("Gini", "gini"),
)


def render_entries(entries: Sequence[ScenarioEntry], *, console: Console) -> None:
    """Print the list of scenarios."""
    render_table(
        f"Scenarios: {len(entries):,}",
        ("name", "state", "counts from", "limits", "made", "by", "what it changes"),
        [
            (
                one.name,
                _state(one),
                _counts_from(one),
                "kept" if one.feasible else "broken",
                instant(one.created_at),
                one.created_by,
                " ".join(one.changes) or "nothing",
            )
            for one in entries
        ],
        console=console,
    )


def render_entry(entry: ScenarioEntry, *, console: Console) -> None:
    """Print one scenario."""
    console.print(f"Scenario {visible(entry.name)}", style="bold", highlight=False)
    facts = [("State", _state(entry))]
    if _counts_from(entry):
        facts.append(("Counts from", _counts_from(entry)))
    if entry.note:
        facts.append(("Note", entry.note))
    facts += [
        ("Made", f"{instant(entry.created_at)} by {entry.created_by}"),
        ("Based on", entry.based_on),
        ("Limits kept", "yes" if entry.feasible else "no"),
    ]
    if entry.accepted_limits:
        facts.append(("Accepted because", entry.accepted_limits))
    territories = f"{entry.version[:8]} from snapshot {entry.snapshot_id[:8]}"
    if entry.stale:
        territories += ", which is older than the last pull"
    facts += [("Territories", territories)]
    facts += [("Changes", " ".join(entry.changes) or "nothing")]
    render_facts(facts, console=console)


def render_scenario(entry: ScenarioEntry, report: ComparisonReport, *, console: Console) -> None:
    """Print one scenario with all its figures."""
    render_entry(entry, console=console)
    figures = report.compared[0].figures
    render_table(
        "Balance, each load as a part of its own fair part",
        ("measure", "figure", "today", "scenario"),
        [
            (one.name, label, _part(one.before, name), _part(one.after, name))
            for one in figures.balance
            for label, name in _BALANCE
        ],
        console=console,
    )
    console.print()
    render_facts(_figures(figures), console=console)
    if figures.broken:
        render_table(
            "Limits that it breaks", ("",), [(one,) for one in figures.broken], console=console
        )
    _render_reps(figures.reps, console=console)
    _render_notes(report.notes, console=console)


def render_comparison(report: ComparisonReport, *, console: Console) -> None:
    """Print scenarios side by side, a column each."""
    compared = report.compared
    rows: list[tuple[str, ...]] = []
    measures = dict.fromkeys(one.name for each in compared for one in each.figures.balance)
    for name in measures:
        loads = [_balance_of(each.figures, name) for each in compared]
        rows += [
            (f"{name}: {label}", *(_part(load.after if load else None, part) for load in loads))
            for label, part in _BALANCE
        ]
    sides = [dict(_figures(each.figures)) for each in compared]
    rows += [(label, *(side[label] for side in sides)) for label in sides[0]]
    render_table(
        "Beside today's owners",
        ("", *(one.name for one in compared)),
        rows,
        console=console,
    )
    for each in compared:
        console.print()
        console.print(f"{visible(each.name)}: {visible(' '.join(each.changes) or 'no changes')}")
        for broken in each.figures.broken[:_LINES]:
            console.print(f"  breaks a limit: {visible(broken)}")
        more = len(each.figures.broken) - _LINES
        if more > 0:
            console.print(f"  and {more:,} more: see `sfterritory scenario show {each.name}`")
    _render_notes(report.notes, console=console)


def _figures(figures: VersionFigures) -> Iterator[tuple[str, str]]:
    vacant = f", {figures.vacancies:,} vacant" if figures.vacancies else ""
    yield "Territories", f"{figures.territories:,}{vacant}"
    yield "Accounts", f"{figures.accounts:,}"
    yield "Limits", "kept" if figures.feasible else "broken"
    yield "Hours a year", _number(figures.hours_per_year)
    yield "Drive hours a year", _number(figures.travel_hours_per_year)
    yield "Mean km to the middle", _number(figures.mean_km, decimals=1)
    yield "Accounts moved", f"{figures.moved_accounts:,}"
    yield "Hours moved", _number(figures.moved_hours_per_year)
    yield "Value moved", _number(figures.moved_value_usd)
    yield "Pipeline moved", _pipeline(figures)
    yield "Reps whose book changes", f"{len(figures.reps):,}"


def _pipeline(figures: VersionFigures) -> str:
    if figures.moved_pipeline is None or figures.moved_deals is None:
        return _NOT_PULLED
    deals = counted(figures.moved_deals, "deal")
    return f"{_number(figures.moved_pipeline)} in {deals}"


def _render_reps(reps: Sequence[RepEffect], *, console: Console) -> None:
    render_table(
        "What a quota has to follow: value and open pipeline by rep, today and then",
        (
            "rep",
            "accounts",
            "accounts then",
            "value",
            "value then",
            "gained",
            "lost",
            "pipeline",
            "pipeline then",
        ),
        [
            (
                one.name,
                one.accounts_before,
                one.accounts_after,
                _number(one.value_usd_before),
                _number(one.value_usd_after),
                _number(one.value_usd_gained),
                _number(one.value_usd_lost),
                _number(one.pipeline_before, missing=_NOT_PULLED),
                _number(one.pipeline_after, missing=_NOT_PULLED),
            )
            for one in reps[:_LINES]
        ],
        console=console,
    )
    if len(reps) > _LINES:
        console.print(f"and {len(reps) - _LINES:,} more: --json lists all of them")


def _render_notes(notes: Sequence[str], *, console: Console) -> None:
    for note in notes:
        console.print()
        console.print(f"Note: {visible(note)}")


def _counts_from(entry: ScenarioEntry) -> str:
    if entry.effective_at is None or entry.state is ScenarioState.WITHDRAWN:
        return ""
    return instant(entry.effective_at)


def _state(entry: ScenarioEntry) -> str:
    return f"{entry.state}, in force" if entry.in_force else str(entry.state)


def _balance_of(figures: VersionFigures, name: str) -> DemandBalance | None:
    return next((one for one in figures.balance if one.name == name), None)


def _part(balance: BalanceFigures | None, name: str) -> str:
    return _UNKNOWN if balance is None else f"{getattr(balance, name):.3f}"


def _number(number: float | None, *, decimals: int = 0, missing: str = _UNKNOWN) -> str:
    return missing if number is None else f"{number:,.{decimals}f}"
