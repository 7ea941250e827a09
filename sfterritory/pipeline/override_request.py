"""Requests for overrides: every mistake of all of them at once, then all are kept or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import JsonValue

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.model.ids import looks_like_id, to_18
from sfterritory.model.store.override import AssignmentOverride, NewOverride
from sfterritory.model.store.store import Store
from sfterritory.pipeline.override import account_names, standing_overrides
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.routing.directory import Directory
from sfterritory.settings.project import Settings

LEASE = "override"
ACCOUNT_PREFIX = "001"


class OverrideRequest(Document):
    """An override as somebody typed it; `line` is set where it came out of a file."""

    account: str
    rep: str
    reason: str
    until: str
    line: int | None = None


class AddedOverrides(Document):
    """What `add` and `import` did.

    Attributes:
        added: Their numbers.
        unchanged: Rows that say what is in force already.
        notes: Accounts that were merged away, and reps who are not on the roster.
    """

    added: tuple[int, ...]
    unchanged: int
    notes: tuple[str, ...]


def add_overrides(
    settings: Settings,
    store: Store,
    requests: Sequence[OverrideRequest],
    *,
    by: str,
    now: datetime,
) -> AddedOverrides:
    """Check requests, and keep all of them or none; a row that is in force already is left.

    Raises:
        StepMissingError: Nothing was pulled yet.
        ConfigError: Lists every mistake of every request.
        LockHeldError: Somebody else is adding overrides.
    """
    with store.lease(LEASE, by):
        checked = check_overrides(settings, store, requests, now=now)
        added = store.overrides.add(checked.new, by=by, at=now)
        if added:
            numbers = ", ".join(str(one.number) for one in added[:5])
            facts: dict[str, JsonValue] = {
                "added": len(added),
                "numbers": numbers + ("..." if added[5:] else ""),
            }
            store.log.add("override", at=now, by=by, facts=facts)
    return AddedOverrides(
        added=tuple(one.number for one in added),
        unchanged=checked.unchanged,
        notes=checked.notes,
    )


@dataclass(frozen=True, slots=True)
class CheckedOverrides:
    """Overrides that may be kept; `unchanged` counts those that are in force already."""

    new: tuple[NewOverride, ...]
    unchanged: int
    notes: tuple[str, ...]


def check_overrides(
    settings: Settings, store: Store, requests: Sequence[OverrideRequest], *, now: datetime
) -> CheckedOverrides:
    """Return what requests ask for; the caller holds the lease `LEASE` until it is kept.

    Raises:
        StepMissingError: Nothing was pulled yet.
        ConfigError: Lists every mistake of every request.
    """
    latest_snapshot(store)
    people = load_people(settings, store)
    on_roster = {*load_roster(settings, store, people).ids.tolist()}
    desk = _Desk.of(store, people.directory, now=now)
    checked = [desk.check(one) for one in requests]
    problems = [line for one in checked for line in one.problems]
    problems += _named_twice(requests, checked)
    if problems:
        raise ConfigError("\n".join(problems), remedy="correct these; nothing was kept")
    asked = [one.override for one in checked if one.override]
    new = tuple(one for one in asked if not desk.in_force_already(one))
    off = [
        f"{people.names[rep_id]} is not on the roster: accounts put to this rep leave the book and "
        "are in no territory"
        for rep_id in sorted({one.rep_id for one in new} - on_roster)
    ]
    return CheckedOverrides(
        new=new,
        unchanged=len(asked) - len(new),
        notes=(*(line for one in checked for line in one.notes), *off),
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    override: NewOverride | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Desk:
    """What requests are checked against.

    Attributes:
        names: Name of each live account by id.
        in_force: What counts now, by the account that it stands for.
    """

    directory: Directory
    names: Mapping[str, str]
    winners: Mapping[str, str]
    in_force: Mapping[str, AssignmentOverride]
    today: date

    @classmethod
    def of(cls, store: Store, directory: Directory, *, now: datetime) -> _Desk:
        return cls(
            directory=directory,
            names=account_names(store),
            winners=store.mirror.masters("Account"),
            in_force={
                one.account_id: one.override
                for one in standing_overrides(store, now=now)
                if one.counts
            },
            today=now.astimezone(UTC).date(),
        )

    def check(self, request: OverrideRequest) -> _Checked:
        """Return a request with its names looked up, or every mistake in it."""
        before = "" if request.line is None else f"line {request.line}: "
        account_id, wrong_account, notes = self._account(request.account)
        rep = self.directory.resolve_user(request.rep) if request.rep.strip() else None
        until, wrong_day = self._until(request.until)
        problems = [*wrong_account, *wrong_day]
        if rep is None:
            problems.append("no rep is named")
        elif not isinstance(rep, str):
            problems.append(f"{rep.text}; {rep.remedy}")
        if not request.reason.strip():
            problems.append("an override needs a reason")
        if problems or account_id is None or until is None or not isinstance(rep, str):
            return _Checked(None, tuple(f"{before}{text}" for text in problems))
        new = NewOverride(account_id, to_18(rep), until, request.reason.strip())
        present = self.in_force.get(account_id)
        if present is not None and not self.in_force_already(new):
            known = self.directory.people.get(present.rep_id)
            who = known.name if known else present.rep_id
            text = (
                f"{account_id} is under override {present.number} already, to {who} until "
                f"{present.until}; end that one first: "
                f"`sfterritory override end {present.number} --reason ...`"
            )
            return _Checked(None, (f"{before}{text}",))
        return _Checked(new, (), tuple(f"{before}{text}" for text in notes))

    def in_force_already(self, new: NewOverride) -> bool:
        """Tell whether what is in force says just this."""
        present = self.in_force.get(new.account_id)
        return present is not None and (present.rep_id, present.until, present.reason) == (
            new.rep_id,
            new.until,
            new.reason,
        )

    def _account(self, text: str) -> tuple[str | None, list[str], list[str]]:
        """Return the id of the live account that is meant, mistakes, and notes."""
        ref = text.strip()
        if not looks_like_id(ref) or not ref.startswith(ACCOUNT_PREFIX):
            wrong = f"{ref!r} is not the id of an account: 15 or 18 characters that begin with 001"
            return None, [wrong], []
        try:
            named = to_18(ref)
        except ValueError as error:
            return None, [str(error)], []
        account_id = self.winners.get(named, named)
        if account_id not in self.names:
            return None, [f"no live account has the id {ref}; pull again if it is new"], []
        merged = f"{named} was merged into {account_id}, which the override is for"
        return account_id, [], [merged] if account_id != named else []

    def _until(self, text: str) -> tuple[date | None, list[str]]:
        try:
            until = date.fromisoformat(text.strip())
        except ValueError:
            return None, [f"{text.strip()!r} is not a day; write it as 2026-12-31"]
        if until < self.today:
            return None, [f"{until} is over: the last day of an override is today or later"]
        return until, []


def _named_twice(requests: Sequence[OverrideRequest], checked: Sequence[_Checked]) -> list[str]:
    """Return a line for each account that several rows are for."""
    lines: dict[str, list[str]] = {}
    for request, one in zip(requests, checked, strict=True):
        if one.override is not None:
            lines.setdefault(one.override.account_id, []).append(str(request.line))
    return [
        f"lines {', '.join(named)}: {account_id} stands there more than once"
        for account_id, named in lines.items()
        if len(named) > 1
    ]
