"""A sample org, the same for the same seed: customers, owners and the dirt of real life.

The dirt is dealt in known numbers; `SeedReport.counts` names each kind.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.history import history_rows
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.seed_activity import ActivityMaker
from sfterritory.sandbox.seed_people import Row, insert_records, seed_people
from sfterritory.sandbox.seed_records import YEARS_BACK, RecordMaker
from sfterritory.sandbox.seed_setup import seed_setup
from sfterritory.sandbox.seed_territory import TerritoryMaker
from sfterritory.sandbox.state import write_meta
from sfterritory.sandbox.state_file import check_is_state_file, connect, create_state_file

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

# The sample org's own present: a fixed day, so that a seed gives the same org on any day.
SEED_AS_OF = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
_PORTION_RECORDS = 20_000


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was seeded: records by object, and each kind of dirt by name."""

    records: dict[str, int]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Sizes:
    accounts: int
    leads: int
    reps: int


def seed_org(
    path: Path,
    *,
    seed: int = 7,
    accounts: int = 2000,
    leads: int = 600,
    reps: int = 15,
    as_of: datetime = SEED_AS_OF,
) -> SeedReport:
    """Make a new state file with a sample org in it.

    Raises:
        SandboxError: The file cannot be written.
    """
    fresh = path.with_name(f"{path.name}.seeding")
    _unlink(fresh)  # left by a seeding that was killed
    create_state_file(fresh)
    connection = connect(fresh)
    try:
        connection.execute("BEGIN IMMEDIATE")
        sizes = _Sizes(accounts=accounts, leads=leads, reps=reps)
        report = _written(connection, sizes, seed=seed, as_of=as_of)
        write_meta(connection, {"seed": str(seed), "seed_counts": json.dumps(report.counts)})
        connection.execute("COMMIT")
    finally:
        connection.close()
    fresh.replace(path)  # only a whole org ever has the name that was asked for
    return report


def remove_state_file(path: Path) -> None:
    """Remove a state file and the write-ahead log beside it; a file that is not ours stays.

    Raises:
        SandboxError: It is no sandbox state, or cannot be removed.
    """
    if path.exists():
        check_is_state_file(path)
    try:
        _unlink(path)
    except OSError as error:
        raise SandboxError(
            f"{path} cannot be removed: {error}", remedy="stop what uses it, then try again"
        ) from error


def _unlink(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _written(
    connection: sqlite3.Connection, sizes: _Sizes, *, seed: int, as_of: datetime
) -> SeedReport:
    dice = random.Random(seed)  # noqa: S311 - a sample org, no secret
    founded = stored(as_of - timedelta(days=365 * YEARS_BACK + 30))
    people = seed_people(connection, dice, reps=sizes.reps, seed=seed, stamp=founded)
    maker = RecordMaker(connection, dice, people=people, as_of=as_of)
    # Dice of its own: what was seeded before it stays as it was.
    own_dice = random.Random(f"{seed} activities")  # noqa: S311 - a sample org, no secret
    activities = ActivityMaker(connection, own_dice, people=people, as_of=as_of)
    records: Counter[str] = Counter()
    for accounts, leads in _portions(sizes):
        rows = _portion(maker, accounts=accounts, leads=leads)
        for name, some in rows.items():
            insert_records(connection, name, some)
            records[name] += len(some)
        changes = _owner_changes(connection, rows["Account"], author_id=people.manager_id)
        maker.counts["accounts with owner history"] += len(changes) // 2
        history_rows(connection, EVERYTHING.objects["AccountHistory"], changes)
        records.update(activities.write(rows))
    seed_setup(connection, people=people, stamp=founded)
    TerritoryMaker(connection, people=people, stamp=founded).write()
    return SeedReport(dict(records), dict(sorted(maker.counts.items())))


def _portions(sizes: _Sizes) -> list[tuple[int, int]]:
    """Return how many accounts and leads are made at a time, so that memory stays flat."""
    count = max(1, math.ceil(max(sizes.accounts, sizes.leads) / _PORTION_RECORDS))
    starts = [
        (sizes.accounts * part // count, sizes.leads * part // count) for part in range(count + 1)
    ]
    return [(end[0] - start[0], end[1] - start[1]) for start, end in pairwise(starts)]


def _portion(maker: RecordMaker, *, accounts: int, leads: int) -> dict[str, list[Row]]:
    """Return rows by object: so many accounts with what hangs on them, and so many leads."""
    parents = maker.accounts(accounts)
    return {
        "Account": parents,
        "Contact": maker.contacts(parents),
        "Lead": maker.leads(leads, parents),
        "Opportunity": maker.opportunities(parents),
        "Case": maker.cases(parents),
    }


def _owner_changes(
    connection: sqlite3.Connection, accounts: list[Row], *, author_id: str
) -> list[tuple[str, ...]]:
    """Return the history of accounts that say they had another owner before: names, then ids."""
    names = dict(connection.execute("SELECT Id, Name FROM _Name").fetchall())
    entries: list[tuple[str, ...]] = []
    for row in accounts:
        old, new = row.get("Previous_Owner__c"), row["OwnerId"]
        if not old:
            continue
        change = (row["Id"], author_id, row["Owner_Since__c"], "Owner")
        entries += [
            (*change, "Text", names[old], names[new]),
            (*change, "EntityId", old, new),
        ]
    return entries
