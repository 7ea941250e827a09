"""One line of the plan with everything the plan knows of it."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sfterritory.cli.render.layout import facts_grid, render_table
from sfterritory.cli.render.style import ACTION_STYLE, BLOCKED_STYLE
from sfterritory.model.plan import BlockedChange, OwnerChange
from sfterritory.web.wording import (
    BLOCKED_SYMBOL,
    NOBODY,
    ROLE_WORD,
    SYMBOL_OF,
    instant,
    scalar,
    visible,
    whole,
    written_value,
)


def render_change(change: OwnerChange, *, console: Console) -> None:
    """Print everything the plan knows of one record."""
    console.print(change_title(change))
    runner_up = change.runner_up
    facts = [
        ("Record", change.key),
        ("Owner now", _person(change.before_name, change.before)),
        ("Owner planned", _person(change.after_name, change.after)),
        ("Reason", visible(change.reason)),
        ("Rule", visible(change.rule)),
        ("Territory", visible(change.territory) if change.territory else "none"),
        (
            "Runner-up",
            f"{_person(runner_up.owner_name, runner_up.owner_id)}: {visible(runner_up.reason)}"
            if runner_up
            else "nobody else qualified",
        ),
        ("Value", f"{whole(change.value_usd)} USD"),
        ("Workload", f"{change.hours_per_year:,.1f} hours a year"),
        ("Last modified", f"{instant(change.last_modified_at)}, as the plan saw it"),
    ]
    if change.parent_id:
        facts.append(("Waits for", change.parent_id))
    console.print(Padding.indent(facts_grid(facts), 2))
    if change.writes:
        render_table(
            "Written in the same request",
            ("Field", "How", "Now", "After"),
            [
                (write.field, ROLE_WORD[write.role], scalar(write.before), written_value(write))
                for write in change.writes
            ],
            console=console,
        )
    if change.preserved:
        render_table(
            "Kept, and checked when read back",
            ("Field", "Value"),
            [(kept.field, scalar(kept.value)) for kept in change.preserved],
            console=console,
        )


def render_blocked(line: BlockedChange, *, console: Console) -> None:
    """Print everything the plan knows of one blocked record."""
    console.print(
        Text.assemble(
            (f"{BLOCKED_SYMBOL} ", f"bold {BLOCKED_STYLE}"),
            (visible(line.subject.name), "bold"),
            " is blocked",
        )
    )
    facts = [
        ("Record", f"{line.subject.object_name}:{line.subject.record_id}"),
        ("Owner stays", _person(line.before_name, line.before)),
        ("Owner wanted", _person(line.after_name, line.after)),
        ("Rule", visible(line.rule)),
        ("Cause", visible(line.cause)),
    ]
    console.print(Padding.indent(facts_grid(facts), 2))


def change_title(change: OwnerChange) -> Text:
    """Return `~ Acme  Ann Berg -> Ben Cole`, coloured."""
    style = ACTION_STYLE[change.action]
    owners = f"  {shown_name(change.before_name)} -> {shown_name(change.after_name)}"
    return Text.assemble(
        (f"{SYMBOL_OF[change.action]} ", f"bold {style}"),
        (visible(change.subject.name), "bold"),
        (owners, style),
    )


def shown_name(name: str) -> str:
    """Return a person's name, or that there is nobody."""
    return visible(name) or NOBODY


def _person(name: str, owner_id: str | None) -> str:
    return f"{shown_name(name)} ({owner_id})" if owner_id else NOBODY
