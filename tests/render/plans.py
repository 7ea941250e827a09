"""Plans to render: one small enough to read, and any size for the limits."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from sfterritory.model.ids import to_18
from sfterritory.model.plan import (
    Action,
    BlockedChange,
    Check,
    FieldRole,
    FieldWrite,
    Fill,
    OwnerChange,
    OwnerTotals,
    Plan,
    PlanCounts,
    PlanSource,
    PreservedField,
    RunnerUp,
    Subject,
)

SEEN_AT = datetime(2026, 11, 22, 4, 36, tzinfo=UTC)
SUMMARY = "Plan: 1 to reassign, 1 to assign, 1 to unassign; 1 blocked. Hash 00000000."


def account_id(number: int) -> str:
    return to_18(f"001{number:012d}")


def user_id(number: int) -> str:
    return to_18(f"005{number:012d}")


def queue_id(number: int) -> str:
    return to_18(f"00G{number:012d}")


def change(
    number: int = 1,
    *,
    name: str = "Acme GmbH",
    action: Action = Action.REASSIGN,
    before: tuple[str | None, str] = (user_id(1), "Ann Berg"),
    after: tuple[str, str] = (user_id(2), "Ben Cole"),
    reason: str = "lies in the territory South",
    rule: str = "territory owner",
    value_usd: float = 12_000.0,
) -> OwnerChange:
    previous, plan_id = "Previous_Owner__c", "Plan__c"
    return OwnerChange(
        subject=Subject(object_name="Account", record_id=account_id(number), name=name),
        action=action,
        before=before[0],
        before_name=before[1],
        after=after[0],
        after_name=after[1],
        reason=reason,
        rule=rule,
        territory="South",
        runner_up=RunnerUp(
            owner_id=user_id(3), owner_name="Cy Dunn", reason="9 minutes further away"
        ),
        writes=(
            FieldWrite(field=previous, role=FieldRole.ROLLED, before=None, after=before[1] or None),
            FieldWrite(
                field="Owner_Since__c", role=FieldRole.ROLLED, before=None, fill=Fill.APPLIED_AT
            ),
            FieldWrite(field=plan_id, role=FieldRole.ROLLED, before=None, fill=Fill.PLAN_HASH),
        ),
        preserved=(PreservedField(field="First_Owner__c", value="Zoe"),),
        last_modified_at=SEEN_AT - timedelta(days=3),
        value_usd=value_usd,
        hours_per_year=4.5,
    )


def blocked(number: int = 9, *, name: str = "Globex", cause: str = "locked") -> BlockedChange:
    return BlockedChange(
        subject=Subject(object_name="Account", record_id=account_id(number), name=name),
        before=user_id(1),
        before_name="Ann Berg",
        after=user_id(2),
        after_name="Ben Cole",
        rule="territory owner",
        cause=cause,
    )


def totals(
    number: int,
    name: str,
    *,
    accounts: tuple[int, int],
    moved: tuple[int, int],
    hours: tuple[float, float],
    value_usd: tuple[float, float],
) -> OwnerTotals:
    return OwnerTotals(
        owner_id=user_id(number),
        name=name,
        accounts_before=accounts[0],
        accounts_after=accounts[1],
        gained=moved[0],
        lost=moved[1],
        hours_before=hours[0],
        hours_after=hours[1],
        value_before_usd=value_usd[0],
        value_after_usd=value_usd[1],
    )


def plan_of(
    changes: tuple[OwnerChange, ...],
    *,
    blocked_changes: tuple[BlockedChange, ...] = (),
    books: tuple[OwnerTotals, ...] = (),
    checks: tuple[Check, ...] = (),
) -> Plan:
    of = [line.action for line in changes]
    return Plan(
        source=PlanSource(
            org_id=to_18("00D000000000001"),
            snapshot_id="s-20261122-1",
            territory_version="t-4",
            route_version="r-7",
            rules_hash="ab" * 32,
            config_hash="cd" * 32,
            seed=0,
        ),
        expires_after_hours=7 * 24.0,
        counts=PlanCounts(
            reassign=of.count(Action.REASSIGN),
            assign=of.count(Action.ASSIGN),
            unassign=of.count(Action.UNASSIGN),
            blocked=len(blocked_changes),
            unchanged=12,
        ),
        changes=changes,
        blocked=blocked_changes,
        totals=books,
        checks=checks,
        applyable=bool(changes) and all(check.passed for check in checks),
    )


def small_plan() -> Plan:
    """Return a plan with one change of each kind, a blocked one, and a passed check."""
    return plan_of(
        (
            change(1),
            change(
                2,
                name="Initech",
                action=Action.ASSIGN,
                before=(None, ""),
                reason="first owner of a new account",
                value_usd=30_000.0,
            ),
            change(
                3,
                name="Umbrella",
                action=Action.UNASSIGN,
                after=(queue_id(1), "Review queue"),
                reason="no rule matched",
                rule="fallback",
                value_usd=0.0,
            ),
        ),
        blocked_changes=(blocked(cause="named account of Ann Berg"),),
        books=(
            totals(
                1,
                "Ann Berg",
                accounts=(10, 8),
                moved=(0, 2),
                hours=(1_200.0, 1_010.0),
                value_usd=(2_400_000.0, 2_388_000.0),
            ),
            totals(
                2,
                "Ben Cole",
                accounts=(6, 8),
                moved=(2, 0),
                hours=(800.0, 990.0),
                value_usd=(950_000.0, 992_000.0),
            ),
        ),
        checks=(Check(name="share moved", passed=True, detail="3 of 16 accounts, limit 30 %"),),
    )


def large_plan(changes: int, reps: int, *, seed: int = 7) -> Plan:
    """Return a plan of any size; the same arguments give the same plan."""
    rng = random.Random(seed)  # noqa: S311 - names and numbers of a test plan
    first = [
        "Ann",
        "Ben",
        "Cy",
        "Dee",
        "Eve",
        "Finn",
        "Gus",
        "Hana",
        "Ivo",
        "June",
        "Kai",
        "Lena",
        "Milo",
        "Nora",
        "Otto",
        "Pia",
    ]
    last = [
        "Berg",
        "Cole",
        "Dunn",
        "Ebers",
        "Fox",
        "Grant",
        "Hale",
        "Ito",
        "Jansen",
        "Kowalski",
        "Lang",
        "Meier",
        "Novak",
    ]
    names = [f"{first[i % 16]} {last[(i // 16 + i) % 13]}" for i in range(reps)]
    words = [
        "Alpine",
        "Harbor",
        "Union",
        "Summit",
        "Cedar",
        "Pioneer",
        "Delta",
        "Metro",
        "Granite",
        "Lakeside",
    ]
    trades = [
        "Foods",
        "Logistics",
        "Hardware",
        "Clinics",
        "Motors",
        "Supply",
        "Brewing",
        "Textiles",
    ]
    lines: list[OwnerChange] = []
    for number in range(1, changes + 1):
        old, new, third = rng.sample(range(reps), 3)
        action = Action.ASSIGN if rng.random() < 0.08 else Action.REASSIGN
        line = change(
            number,
            name=f"{rng.choice(words)} {rng.choice(trades)} {rng.randint(1, 999)}",
            action=action,
            before=(None, "") if action is Action.ASSIGN else (user_id(old), names[old]),
            after=(user_id(new), names[new]),
            reason=f"lies in territory T-{new:03d}, built to balance hours and value",
            value_usd=float(rng.randint(1, 400) * 500),
        )
        runner_up = RunnerUp(
            owner_id=user_id(third),
            owner_name=names[third],
            reason=f"{rng.randint(2, 40)} minutes further away",
        )
        update = {"territory": f"T-{new:03d}", "runner_up": runner_up}
        lines.append(line.model_copy(update=update))
    gains, losses = (Counter(line.after for line in lines), Counter(line.before for line in lines))
    gained = [gains[user_id(i)] for i in range(reps)]
    lost = [losses[user_id(i)] for i in range(reps)]
    books = []
    for i, name in enumerate(names):
        before = rng.randint(max(lost), max(lost) + 120)
        hours = rng.uniform(900, 2_100)
        value = rng.uniform(0.8e6, 5e6)
        books.append(
            totals(
                i,
                name,
                accounts=(before, before + gained[i] - lost[i]),
                moved=(gained[i], lost[i]),
                hours=(hours, rng.uniform(1_480, 1_620)),
                value_usd=(value, rng.uniform(2.4e6, 3.1e6)),
            )
        )
    return plan_of(
        tuple(lines),
        blocked_changes=tuple(
            blocked(
                changes + i,
                name=f"{rng.choice(words)} {i}",
                cause=rng.choice(["locked until 2027-02-01", "the planned owner is inactive"]),
            )
            for i in range(1, 10)
        ),
        books=tuple(books),
        checks=(
            Check(name="share moved", passed=True, detail=f"{changes} accounts, limit 30 %"),
            Check(name="every owner active", passed=True, detail=f"{reps} owners checked"),
        ),
    )
