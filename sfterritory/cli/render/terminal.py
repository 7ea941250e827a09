"""The plan as text for a person at a terminal.

Signs stand beside every colour. Customer text goes through `visible`, so it cannot steer the
terminal. The summary line is handed in, because it is frozen and tested elsewhere.
"""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sfterritory.cli.render.detail import change_title, shown_name
from sfterritory.cli.render.layout import plain_table, render_table
from sfterritory.cli.render.style import ACTION_STYLE, BLOCKED_STYLE
from sfterritory.model.plan import SHORT_HASH_LENGTH, BlockedChange, OwnerChange, Plan
from sfterritory.web.digest import (
    ChangeGroup,
    HistoryField,
    changed_books,
    first_changes,
    grouped_blocked,
    grouped_changes,
    history_fields,
    kept_fields,
    key_figures,
)
from sfterritory.web.wording import (
    BLOCKED_SYMBOL,
    LEGEND,
    ROLE_WORD,
    count,
    counted,
    instant,
    percent,
    scalar,
    short_amount,
    visible,
    whole,
    written_value,
)
from sfterritory.writeback.freshness import expires_at

FIRST_LINES = 20
FIRST_REPS = 30
FIRST_BLOCKED = 5
_LEGEND_STYLE = dict(
    zip((sign for sign, _ in LEGEND), (*ACTION_STYLE.values(), BLOCKED_STYLE), strict=True)
)


def render_plan(
    plan: Plan,
    *,
    summary: str,
    seen_at: datetime,
    console: Console,
    limit: int | None = FIRST_LINES,
) -> None:
    """Print the whole plan, the heaviest changes first, and end with the summary line.

    Args:
        plan: The plan to print.
        summary: Its frozen summary line.
        seen_at: When the org was last seen in the state that the plan was made from.
        console: Where to print.
        limit: How many changes to print; None prints every change, rep and blocked line.
    """
    if plan.changes or plan.blocked:
        console.print(_heading(plan, seen_at))
        console.print(_legend())
    if plan.changes:
        _print_changes(plan, console=console, limit=limit)
        _print_books(plan, console=console, limit=None if limit is None else FIRST_REPS)
        _print_history(plan, console=console)
    if plan.blocked:
        _print_blocked(plan, console=console, limit=None if limit is None else FIRST_BLOCKED)
    if plan.checks:
        _print_checks(plan, console=console)
    if not plan.complete:
        console.print("\nThis plan looks at a part of the records only: a target narrowed it.")
    console.print()
    console.print(Text(summary, style="bold"))


def _heading(plan: Plan, seen_at: datetime) -> Text:
    source = plan.source
    snapshot = source.snapshot_id[:SHORT_HASH_LENGTH]
    origin = f"reverts run {source.reverts_run}" if source.reverts_run else "made"
    return Text.assemble(
        (f"Plan {plan.short_hash}", "bold"),
        f" for org {source.org_id}, {visible(origin)} from snapshot {visible(snapshot)}",
        f"; org last seen {instant(seen_at)}; expires {instant(expires_at(plan, seen_at))}",
    )


def _legend() -> Text:
    text = Text("\n")
    for sign, meaning in LEGEND:
        text.append(f"  {sign} ", style=f"bold {_LEGEND_STYLE[sign]}").append(meaning)
    return text


def _print_changes(plan: Plan, *, console: Console, limit: int | None) -> None:
    whole_groups = {group.owner_id: group for group in grouped_changes(plan.changes)}
    for group in first_changes(tuple(whole_groups.values()), limit):
        console.print()
        console.print(_group_title(whole_groups[group.owner_id]))
        for change in group.changes:
            for indent, line in _change_lines(change):
                console.print(Padding.indent(line, indent))
    left_out = 0 if limit is None else max(0, len(plan.changes) - limit)
    if left_out:
        console.print(f"\n  and {count(left_out)} more (sfterritory show {plan.short_hash} --all)")


def _group_title(group: ChangeGroup) -> Text:
    where = group.territories
    territory = ""
    if where:
        label = where[0] if len(where) == 1 else f"{count(len(where))} territories"
        territory = f" ({visible(label)})"
    return Text.assemble(
        (visible(group.owner_name), "bold"),
        f"{territory} gets {counted(len(group.changes), 'record')}: ",
        f"{short_amount(group.value_usd)} USD, {whole(group.hours_per_year)} hours a year",
    )


def _change_lines(change: OwnerChange) -> list[tuple[int, Text]]:
    """Return (indent, text) of each line, so that none is padded to the longest."""
    details = [visible(change.reason), f"rule {visible(change.rule)}"]
    if change.runner_up:
        details.append(
            f"next: {visible(change.runner_up.owner_name)} ({visible(change.runner_up.reason)})"
        )
    facts = [change.key]
    if change.value_usd:
        facts.append(f"{short_amount(change.value_usd)} USD")
    if change.hours_per_year:
        facts.append(f"{change.hours_per_year:,.1f} h a year")
    return [
        (2, change_title(change)),
        (6, Text(", ".join(facts), style="dim")),
        (6, Text("; ".join(details))),
    ]


def _print_books(plan: Plan, *, console: Console, limit: int | None) -> None:
    books = changed_books(plan.totals)
    if not books:
        return
    table = plain_table(
        ("Rep", "Records", "Gains", "Loses", "Hours a year", "Value USD"), right=(1, 2, 3, 4, 5)
    )
    for book in books[:limit]:
        table.add_row(
            visible(book.name),
            f"{count(book.accounts_before)} -> {count(book.accounts_after)}",
            f"+{count(book.gained)}" if book.gained else "0",
            f"-{count(book.lost)}" if book.lost else "0",
            f"{whole(book.hours_before)} -> {whole(book.hours_after)}",
            f"{short_amount(book.value_before_usd)} -> {short_amount(book.value_after_usd)}",
        )
    console.print()
    console.print(Text("Per rep, before -> after", style="bold"))
    console.print(table)
    if limit is not None and len(books) > limit:
        console.print(f"  and {counted(len(books) - limit, 'more rep')}")
    unchanged = len(plan.totals) - len(books)
    if unchanged:
        console.print(f"  {counted(unchanged, 'other book')} stay as they are")
    figures = key_figures(plan)
    console.print(
        Padding.indent(
            Text(
                f"Furthest book from the mean: hours {percent(figures.hours_spread.before)} -> "
                f"{percent(figures.hours_spread.after)}, value "
                f"{percent(figures.value_spread.before)} -> {percent(figures.value_spread.after)}. "
                f"Moved: {percent(figures.hours_share)} of the hours, "
                f"{percent(figures.value_share)} of the value."
            ),
            2,
        )
    )


def _print_history(plan: Plan, *, console: Console) -> None:
    written = history_fields(plan.changes)
    if written:
        render_table(
            "History fields, written in the same request as the owner",
            ("Field", "How", "Records", "Example"),
            [
                (
                    f"{field.object_name}.{field.field}",
                    ROLE_WORD[field.role],
                    field.records,
                    _example(field),
                )
                for field in written
            ],
            console=console,
        )
    kept = kept_fields(plan.changes)
    if kept:
        names = ", ".join(f"{field.object_name}.{field.field}" for field in kept)
        console.print(Padding.indent(Text(f"Kept, and checked when read back: {names}"), 2))


def _print_blocked(plan: Plan, *, console: Console, limit: int | None) -> None:
    console.print()
    console.print(Text("Blocked", style="bold"))
    for group in grouped_blocked(plan.blocked):
        title = Text.assemble(
            (f"{BLOCKED_SYMBOL} ", f"bold {BLOCKED_STYLE}"),
            f"{count(len(group.lines))}: {visible(group.cause)}",
        )
        console.print(Padding.indent(title, 2))
        for line in group.lines[:limit]:
            console.print(Padding.indent(_blocked_line(line), 6))
        if limit is not None and len(group.lines) > limit:
            console.print(f"      and {count(len(group.lines) - limit)} more")


def _blocked_line(line: BlockedChange) -> Text:
    return Text(
        f"{visible(line.subject.name)} ({line.subject.object_name}:{line.subject.record_id}) "
        f"stays with {shown_name(line.before_name)}, wanted {shown_name(line.after_name)}"
    )


def _print_checks(plan: Plan, *, console: Console) -> None:
    console.print()
    console.print(Text("Checks", style="bold"))
    for check in plan.checks:
        word, style = ("passed", "green") if check.passed else ("FAILED", "bold red")
        line = Text.assemble(
            (f"{word}  ", style), f"{visible(check.name)}: {visible(check.detail)}"
        )
        console.print(Padding.indent(line, 2))


def _example(field: HistoryField) -> str:
    change = f"{scalar(field.example.before)} -> {written_value(field.example)}"
    return f"{change} ({visible(field.example_name)})"
