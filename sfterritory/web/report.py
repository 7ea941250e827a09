"""The plan as one HTML file that opens from disk: nothing in it is fetched from anywhere.

It is complete without JavaScript; the script only filters, sorts, and opens or closes groups. Text
from Salesforce is escaped by the template engine after `visible` has spelled out hidden characters,
and the page's own policy lets no other script run should an escape ever fail.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from sfterritory.model.plan import Action, OwnerChange, OwnerTotals, Plan
from sfterritory.web import wording
from sfterritory.web.construction import Construction, loads_of_stage, section_of
from sfterritory.web.digest import (
    BlockedGroup,
    ChangeGroup,
    first_changes,
    grouped_blocked,
    grouped_changes,
    history_fields,
    kept_fields,
    key_figures,
)
from sfterritory.web.history_pattern import HistoryPatterns
from sfterritory.web.map_drawing import MapPoints, draw_map
from sfterritory.writeback.freshness import expires_at

MAX_CHANGES = 25_000
MAX_BLOCKED = 5_000
# Browsers lay out what is open; above this many lines the groups start closed.
MAX_OPEN_CHANGES = 500
BAR_WIDTH = 120
# In this order: print overrules what stands before it.
STYLE_SHEETS = ("palette.css", "map.css", "chart.css", "plan.css")
# Classes of the style sheet.
TONE_OF = {Action.REASSIGN: "r1", Action.ASSIGN: "r2", Action.UNASSIGN: "r3"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One change as the template prints it: text only, not yet escaped."""

    tone: str
    sign: str
    action: str
    name: str
    key: str
    before: str
    reason: str
    rule: str
    runner_up: str
    runner_up_reason: str
    value: str
    hours: str
    history: str


@dataclass(frozen=True, slots=True)
class _Group:
    """One owner's gains: heading figures of all lines, and the rows that are shown."""

    owner: str
    territory: str
    total: int
    value: str
    hours: str
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Bar:
    """A rep's load before and after, and the mean after, as pixels of `BAR_WIDTH`."""

    before: str
    after: str
    mean: str


@dataclass(frozen=True, slots=True)
class _Book:
    """One line of the table of reps."""

    number: int | None
    totals: OwnerTotals
    hours_bar: _Bar
    value_bar: _Bar


def plan_html(
    plan: Plan,
    *,
    summary: str,
    seen_at: datetime,
    map_points: MapPoints | None = None,
    construction: Construction | None = None,
) -> str:
    """Return the whole page.

    Changes are grouped by new owner, the most value first. Above `MAX_CHANGES` the lightest are
    left out, and the page says how many are only in the CSV.

    Args:
        plan: The plan to show.
        summary: Its frozen summary line.
        seen_at: When the org was last seen in the state that the plan was made from.
        map_points: Located records for the map; None or no record leaves the map out.
        construction: Figures of the territories; None leaves their section out.
    """
    script, style = _asset("plan.js"), "".join(map(_asset, STYLE_SHEETS))
    section = section_of(construction) if construction is not None else None
    groups = grouped_changes(plan.changes)
    patterns = HistoryPatterns.of(plan.changes)
    drawn = map_points if map_points is not None and len(map_points) else None
    return _template().render(
        plan=plan,
        summary=summary,
        seen_at=seen_at,
        expires_at=expires_at(plan, seen_at),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        figures=key_figures(plan),
        books=_books(plan.totals, drawn.owner_ids if drawn else ()),
        groups=_groups(groups, patterns),
        open_groups=len(plan.changes) <= MAX_OPEN_CHANGES,
        left_out=max(0, len(plan.changes) - MAX_CHANGES),
        history=history_fields(plan.changes),
        kept=kept_fields(plan.changes),
        patterns=patterns.described,
        blocked=_first_blocked(grouped_blocked(plan.blocked)),
        blocked_left_out=max(0, len(plan.blocked) - MAX_BLOCKED),
        map_before=draw_map(drawn, which="before") if drawn else None,
        map_after=draw_map(drawn, which="after") if drawn else None,
        map_outside=drawn.outside if drawn else 0,
        c=section if section is not None and not section.empty else None,
        loads_of_stage=loads_of_stage,
        w=wording,
    )


@cache
def _template_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sfterritory.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = wording.visible
    return environment


def _template() -> Template:
    return _template_environment().get_template("plan.html.j2")


def _asset(name: str) -> str:
    return (files("sfterritory.web") / "templates" / name).read_text(encoding="utf-8")


def _groups(groups: Sequence[ChangeGroup], patterns: HistoryPatterns) -> Iterable[_Group]:
    total_of = {group.owner_id: group for group in groups}
    for shown in first_changes(groups, MAX_CHANGES):
        group = total_of[shown.owner_id]
        territories = group.territories
        yield _Group(
            owner=group.owner_name,
            territory=territories[0] if len(territories) == 1 else "",
            total=len(group.changes),
            value=wording.whole(group.value_usd),
            hours=wording.whole(group.hours_per_year),
            rows=tuple(
                _row(change, patterns, with_territory=len(territories) > 1)
                for change in shown.changes
            ),
        )


def _row(change: OwnerChange, patterns: HistoryPatterns, *, with_territory: bool) -> _Row:
    shown = wording.visible
    runner_up = change.runner_up
    territory = f", {change.territory}" if with_territory and change.territory else ""
    return _Row(
        tone=TONE_OF[change.action],
        sign=wording.SYMBOL_OF[change.action],
        action=change.action.value,
        name=shown(change.subject.name),
        key=change.key,
        before=shown(change.before_name) or wording.NOBODY,
        reason=shown(change.reason),
        rule=shown(change.rule + territory),
        runner_up=shown(runner_up.owner_name) if runner_up else "",
        runner_up_reason=shown(runner_up.reason) if runner_up else "",
        value=wording.whole(change.value_usd),
        hours=f"{change.hours_per_year:,.1f}",
        history=patterns.of_change(change),
    )


def _books(totals: Sequence[OwnerTotals], owner_ids: Sequence[str]) -> list[_Book]:
    """Return the reps, most moved records first; numbers are those on the map."""
    number_of = {owner_id: number for number, owner_id in enumerate(owner_ids, start=1)}
    hours = _scale([(book.hours_before, book.hours_after) for book in totals])
    value = _scale([(book.value_before_usd, book.value_after_usd) for book in totals])
    books = [
        _Book(number_of.get(book.owner_id), book, hours[index], value[index])
        for index, book in enumerate(totals)
    ]
    return sorted(
        books,
        key=lambda book: (
            -(book.totals.gained + book.totals.lost),
            book.totals.name,
            book.totals.owner_id,
        ),
    )


def _scale(pairs: Sequence[tuple[float, float]]) -> list[_Bar]:
    longest = max((max(pair) for pair in pairs), default=0.0) or 1.0
    mean = sum(after for _, after in pairs) / len(pairs) if pairs else 0.0

    def pixels(load: float) -> str:
        return f"{max(0.0, load) / longest * BAR_WIDTH:.1f}"

    return [_Bar(pixels(before), pixels(after), pixels(mean)) for before, after in pairs]


def _first_blocked(groups: Sequence[BlockedGroup]) -> Iterable[tuple[BlockedGroup, int]]:
    """Yield each cause with how many of its lines are shown."""
    left = MAX_BLOCKED
    for group in groups:
        shown = min(left, len(group.lines))
        left -= shown
        yield group, shown
