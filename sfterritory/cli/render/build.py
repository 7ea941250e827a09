"""What `build` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sfterritory.cli.render.layout import render_facts, render_table

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.construction.findings import LevelFigures
    from sfterritory.pipeline.construction.report import BuildReport, OverlaySummary
    from sfterritory.pipeline.territory_metrics import PricePoint, StoredStage

_COMMITMENTS_SHOWN = 10
_CAUSES = {"structure": "territories", "segmentation": "grades, or nothing"}
_LINES_SHOWN = 20


def render_build(report: BuildReport, console: Console) -> None:
    """Print territories, stages, what could not be had, and what other wishes would give."""
    for line in report.changes:
        console.print(f"What if: {line}")
    _territories(report, console)
    for level, rows in report.levels.items():
        _level(level, rows, console)
    _stages(report, console)
    _tiers(report, console)
    _commitments(report, console)
    _curve(report.curve, console)
    _overlays(report, console)
    render_facts([*_facts(report)], console=console)
    _limits(report, console)
    for warning in report.warnings:
        console.print(f"Warning: {warning}")
    _lines("Note", report.notes, console)
    for name, one in report.overlays.items():
        _conflicts(one, console, of=f" for {name}")
        _lines(f"Note on {name}", one.notes, console)
    ends = "." if report.chosen else "; routing and plans do not go by them."
    console.print(f"Territories {report.version[:8]} from snapshot {report.snapshot_id[:8]}{ends}")


def _territories(report: BuildReport, console: Console) -> None:
    render_table(
        "Territories",
        (
            "key",
            "territory",
            "rep",
            "accounts",
            "reckoned hours",
            "as driven",
            "driving",
            "capacity",
            "can serve",
            "value",
            "longest km",
            "spread km",
        ),
        [
            (
                one.key,
                one.name,
                one.rep,
                one.accounts,
                round(one.hours_per_year),
                round(one.service_hours_per_year + one.travel_hours_per_year),
                round(one.travel_hours_per_year),
                round(one.capacity_hours_per_year),
                one.servable_accounts,
                round(one.value_usd),
                one.longest_km,
                one.spread_km,
            )
            for one in report.territories
        ],
        console=console,
    )


def _level(level: str, rows: tuple[LevelFigures, ...], console: Console) -> None:
    names = list(rows[0].loads) if rows else []
    render_table(
        f"By {level}",
        (level, "reps", "needed", "accounts", *names, "capacity"),
        [
            (
                one.value,
                one.reps,
                one.reps_needed,
                one.accounts,
                *(round(one.loads[name]) for name in names),
                round(one.capacity_hours_per_year),
            )
            for one in rows
        ],
        console=console,
    )


def _stages(report: BuildReport, console: Console) -> None:
    stages = report.stages
    names = [share.name for share in stages[0].shares] if stages else []
    render_table(
        "First feasible, then better",
        (
            "stage",
            "mean km",
            *(f"{name} {end}" for name in names for end in ("min", "max")),
            "outside",
            "moved",
            "cost, km-hours",
            "above bound",
        ),
        [
            (
                one.name,
                one.mean_km,
                *(figure for share in one.shares for figure in (share.least, share.most)),
                one.territories_outside,
                one.accounts_moved,
                None if one.objective is None else round(one.objective),
                _above(one, report.lower_bound),
            )
            for one in stages
        ],
        console=console,
    )
    if len({(one.mean_km, one.objective) for one in stages[1:]}) == 1:
        console.print("No move within the limits makes the first feasible answer better.")


def _above(stage: StoredStage, bound: float) -> str:
    """Return how far a stage lies above the bound, '' for one that the bound does not hold for."""
    if stage.objective is None or stage.territories_outside or not 0 < bound <= stage.objective:
        return ""
    return f"{stage.objective / bound - 1.0:.2%}"


def _commitments(report: BuildReport, console: Console) -> None:
    if not report.commitments:
        return
    render_table(
        "What is settled beforehand, and what it costs",
        ("kind", "cause", "accounts", "hours a year", "km-hours a year", "outside without"),
        [
            (
                one.kind,
                one.cause,
                one.accounts,
                round(one.hours),
                round(one.cost_km_hours),
                one.outside_without,
            )
            for one in report.commitments[:_COMMITMENTS_SHOWN]
        ],
        console=console,
    )


def _tiers(report: BuildReport, console: Console) -> None:
    if not report.tiers:
        return
    render_table(
        "Grades: what poor coverage would come from",
        ("grade", "accounts", "hours each, least", "most", "mix off by", "a matter of"),
        [
            (one.tier, one.accounts, *one.hours_each, f"{one.mix_distance:.0%}", _CAUSES[one.cause])
            for one in report.tiers
        ],
        console=console,
    )


def _curve(points: tuple[PricePoint, ...], console: Console) -> None:
    if not points:
        return
    render_table(
        "The price of change",
        (
            "price km",
            "moved",
            "hours moved",
            "value moved",
            "at risk",
            "mean km",
            "km-hours saved by each more",
            "max / mean",
            "",
        ),
        [
            (
                point.price_km,
                point.accounts_moved,
                None if point.hours_moved is None else round(point.hours_moved),
                None if point.value_moved_usd is None else round(point.value_moved_usd),
                None if point.loss_usd is None else round(point.loss_usd),
                round(point.mean_km, 2),
                None if point.saved_km_hours is None else round(point.saved_km_hours),
                point.max_over_mean,
                "knee" if point.knee else "",
            )
            for point in points
        ],
        console=console,
    )
    console.print(
        "Each line is a quick re-plan round the same centres; at the price in force it is the "
        "territories above."
    )


def _overlays(report: BuildReport, console: Console) -> None:
    if not report.overlays:
        return
    render_table(
        "Overlays",
        ("team", "reps", "accounts", "moved", "limits kept", "version"),
        [
            (
                name,
                one.reps,
                one.accounts,
                one.moved,
                "yes" if one.feasible else "no",
                one.version[:8],
            )
            for name, one in report.overlays.items()
        ],
        console=console,
    )


def _facts(report: BuildReport) -> Iterator[tuple[str, str | int]]:
    yield "Accounts in territories", report.accounts
    yield "Not located", report.unlocated
    yield "Outside scope", report.outside_scope
    for cause, count in report.left_out.items():
        yield f"Left out: {cause}", count
    for cause, count in report.locked.items():
        yield f"Locked: {cause}", count
    yield "Accounts that leave their rep", report.moved
    yield "Accounts that get a first rep", report.unowned
    staff = report.staffing
    if staff.reps_needed is not None:
        yield "Reps needed, and on the roster", f"{staff.reps_needed:,} and {staff.reps:,}"
    yield "Accounts that the roster can serve", staff.servable_accounts
    if staff.max_over_mean_by_count is not None and staff.max_over_mean_by_hours is not None:
        by_count = f"{staff.max_over_mean_by_count:.2f} if shared out by count alone"
        by_hours = f"{staff.max_over_mean_by_hours:.2f} by hours alone"
        yield "Hours of the fullest over the mean", f"{by_count}, {by_hours}"
    yield "Travel times", report.travel_source
    yield "Error of driving", report.driving_error
    driven = report.driven
    beyond = f"{driven.territories_outside:,} of {len(report.territories):,} outside their limits"
    yield "Hours as driven, over fair part", f"{driven.least:.2f} to {driven.most:.2f}; {beyond}"
    teams = ", ".join(name for name, one in report.overlays.items() if not one.feasible)
    broken = f"no, not by {teams}: see below" if teams else "no: see below"
    yield "Limits kept", "yes" if report.feasible else broken
    gap = "not proven" if report.gap_share is None else f"at most {report.gap_share:.2%}"
    yield "Gap to a proven bound", gap


def _limits(report: BuildReport, console: Console) -> None:
    _conflicts(report, console)
    if not report.feasible and not report.chosen:
        console.print(
            "Go by these territories all the same with `sfterritory build --accept-limits REASON`, "
            "or change what cannot be had."
        )


def _conflicts(report: BuildReport | OverlaySummary, console: Console, *, of: str = "") -> None:
    _lines(f"Cannot be had{of}", [one.message for one in report.conflicts], console)
    _lines(f"Smallest relaxation{of}", [one.message for one in report.relaxation], console)


def _lines(heading: str, texts: Sequence[str], console: Console) -> None:
    """Print the first lines, and how many more there are: large rosters have thousands."""
    for text in texts[:_LINES_SHOWN]:
        console.print(f"{heading}: {text}")
    if len(texts) > _LINES_SHOWN:
        console.print(f"{heading}: {len(texts) - _LINES_SHOWN:,} more, which `--json` lists")
