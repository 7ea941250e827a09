"""The room of plans: documents under their hash, and what reviewers decided about them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from sfterritory.errors import StoreError
from sfterritory.model.document import canonical_json
from sfterritory.model.plan import SHORT_HASH_LENGTH, Decision, Plan, PlanCounts
from sfterritory.model.store.database import Database
from sfterritory.model.store.journal_table import DecisionRow, PlanRow
from sfterritory.model.store.tables import table_of

_PLAN = table_of(PlanRow)
_DECISION = table_of(DecisionRow)
_SHOWN_HASHES = 5


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan, and who made it when; neither is part of its hash.

    Attributes:
        created_by: Who made it first.
        created_at: When it was made first.
        made_at: When it was made last.
    """

    plan: Plan
    created_by: str
    created_at: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A line of the list of plans."""

    hash: str
    counts: PlanCounts
    created_by: str
    created_at: datetime
    made_at: datetime


class PlanRoom:
    """The plans of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, plan: Plan, created_by: str, *, created_at: datetime) -> StoredPlan:
        """Store a plan under its hash; one that is stored already keeps its first maker.

        What is returned holds the plan as given: one of 80,000 changes takes 10 s to read again.
        """
        packer = zlib.compressobj()
        packed = b"".join(packer.compress(piece.encode()) for piece in plan.canonical_pieces())
        packed += packer.flush()
        name = plan.hash
        with self._database.write_durably() as connection:
            again = update(_PLAN).where(_PLAN.c.hash == name).values(made_again_at=created_at)
            if connection.execute(again).rowcount:
                maker = select(_PLAN.c.created_by, _PLAN.c.created_at).where(_PLAN.c.hash == name)
                first = connection.execute(maker).one()
                return StoredPlan(plan, first.created_by, first.created_at, created_at)
            values: dict[str, Any] = {
                "hash": name,
                "document": packed,
                "counts": canonical_json(plan.counts.model_dump(mode="json")),
                "created_by": created_by,
                "created_at": created_at,
                "made_again_at": created_at,
            }
            connection.execute(insert(_PLAN).values(**values))
        return StoredPlan(plan, created_by, created_at, created_at)

    def get(self, hash_prefix: str) -> StoredPlan:
        """Return the plan whose hash begins so, to decide on it or to apply it.

        Raises:
            StoreError: None or several begin so, what is stored is not what was saved, or another
                version of sfterritory made it, which would void its hash and every approval.
        """
        stored, named = self._read(hash_prefix)
        if stored.plan.hash != named:
            raise _of_another_version(named)
        return stored

    def recall(self, plan_hash: str) -> StoredPlan:
        """Return a plan as it was, to explain or undo what it did; its hash may no longer be its.

        An upgrade that adds a key to the document must not keep a write from being undone.

        Raises:
            StoreError: As `get`, but for a plan that this version still understands.
        """
        return self._read(plan_hash)[0]

    def list(self) -> tuple[PlanSummary, ...]:
        """Return every plan, the one made last first."""
        columns = _PLAN.c
        query = select(
            columns.hash,
            columns.counts,
            columns.created_by,
            columns.created_at,
            columns.made_again_at,
        ).order_by(columns.made_again_at.desc(), columns.hash)
        with self._database.read() as connection:
            return tuple(
                PlanSummary(
                    row.hash,
                    PlanCounts.model_validate_json(row.counts),
                    row.created_by,
                    row.created_at,
                    row.made_again_at,
                )
                for row in connection.execute(query)
            )

    def _read(self, hash_prefix: str) -> tuple[StoredPlan, str]:
        """Return a plan, and the hash that it is kept under."""
        with self._database.read() as connection:
            row = self._find(connection, hash_prefix)
        stored = StoredPlan(_verified(row), row.created_by, row.created_at, row.made_again_at)
        return stored, row.hash

    def _find(self, connection: Connection, hash_prefix: str) -> Row[Any]:
        found = select(_PLAN).where(_PLAN.c.hash.startswith(hash_prefix.lower(), autoescape=True))
        rows = connection.execute(found.order_by(_PLAN.c.hash).limit(_SHOWN_HASHES)).all()
        if len(rows) == 1 and hash_prefix:
            return rows[0]
        if rows and hash_prefix:
            problem = f"{len(rows)} or more plans begin with {hash_prefix!r}"
            shown = [row.hash[: len(hash_prefix) + SHORT_HASH_LENGTH] for row in rows]
            raise StoreError(problem, remedy=f"name one of them: {', '.join(shown)}")
        latest = [plan.hash[:SHORT_HASH_LENGTH] for plan in self.list()[:_SHOWN_HASHES]]
        remedy = f"name one of the latest: {', '.join(latest)}" if latest else "make a plan first"
        raise StoreError(f"no plan begins with {hash_prefix!r}", remedy=remedy)


class DecisionRoom:
    """What reviewers decided; nothing is ever changed or removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision) -> None:
        """Append one decision.

        Raises:
            StoreError: The store has no plan with that hash.
        """
        with self._database.write_durably() as connection:
            known = select(_PLAN.c.hash).where(_PLAN.c.hash == decision.plan_hash)
            if connection.execute(known).first() is None:
                raise StoreError(
                    f"no plan has the hash {decision.plan_hash}",
                    remedy="decide on a plan that `sfterritory show` can show",
                )
            values = decision.model_dump()
            values["records"] = canonical_json(list(decision.records))
            connection.execute(insert(_DECISION).values(**values))

    def of(self, plan_hash: str) -> Sequence[Decision]:
        """Return the decisions on one plan, by its whole hash, in the order they were made."""
        query = (
            select(_DECISION).where(_DECISION.c.plan_hash == plan_hash).order_by(_DECISION.c.number)
        )
        with self._database.read() as connection:
            return tuple(
                Decision(
                    plan_hash=row.plan_hash,
                    verdict=row.verdict,
                    decided_by=row.decided_by,
                    decided_at=row.decided_at,
                    records=tuple(json.loads(row.records)),
                    reason=row.reason,
                    summary=row.summary,
                )
                for row in connection.execute(query)
            )


def _verified(row: Row[Any]) -> Plan:
    """Return a stored plan, if its bytes still have the hash that they are kept under."""
    remedy = "make the plan again: approvals of a damaged plan are void"
    try:
        document = zlib.decompress(row.document)
    except zlib.error as error:
        raise StoreError(f"the stored plan {row.hash} is damaged", remedy=remedy) from error
    if hashlib.sha256(document).hexdigest() != row.hash:
        raise StoreError(
            f"the stored plan {row.hash} was damaged or edited: its content has another hash",
            remedy=remedy,
        )
    try:
        return Plan.model_validate_json(document)
    except ValidationError as error:
        raise _of_another_version(row.hash) from error


def _of_another_version(plan_hash: str) -> StoreError:
    return StoreError(
        f"the stored plan {plan_hash} was made by another version of sfterritory",
        remedy="make the plan again: approvals are bound to the hash that the other version gave",
    )
