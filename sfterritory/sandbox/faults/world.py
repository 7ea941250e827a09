"""Faults in which the org changes under a client: others edit, delete, sign it out, move the clock.

They happen right before the request at which they strike is answered.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sfterritory.sandbox.api.bulk.ingest_job import job_by_id
from sfterritory.sandbox.api.bulk.ingest_work import abort
from sfterritory.sandbox.bin import put_into_bin, take_out_of_bin
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.document import Occasion, RequestFault
from sfterritory.sandbox.faults.request import FaultRequest, job_id
from sfterritory.sandbox.faults.rows import check_value, other_owner
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.interface import acting
from sfterritory.sandbox.merge import MERGEABLE, merge_rows
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import change_row
from sfterritory.sandbox.state import row_of

if TYPE_CHECKING:
    import sqlite3
    from random import Random

    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.state import SandboxState


@dataclass(frozen=True, slots=True)
class Moment:
    """When a fault strikes: the org, what is asked of it, and the dice of this strike."""

    state: SandboxState
    request: FaultRequest
    dice: Random


@dataclass(frozen=True, slots=True)
class Target:
    """A record that changes, and the way in which somebody else writes."""

    saver: Saver
    described: ObjectDef
    id: str

    @property
    def whole(self) -> ObjectDef:
        """The object with all its fields, also those that a fault took away."""
        return EVERYTHING.objects[self.described.name]


class WorldFault(RequestFault):
    """A fault that changes the org. Unless told otherwise it strikes once."""

    times: int | None = Field(default=1, ge=1)

    @abstractmethod
    def happen(self, moment: Moment) -> None:
        """Change the org.

        Raises:
            SandboxError: There is nothing that could be changed so.
        """


class RecordFault(WorldFault):
    """A change to records that somebody else makes.

    Attributes:
        id: The record; None takes records that the request names, else any of the object.
        count: How many records change at once.
    """

    occasion: ClassVar[Occasion] = "write"
    object_is_asked: ClassVar[bool] = False
    candidates: ClassVar[str] = "1"  # SQL: which records are there to be drawn

    object: str | None = "Account"
    id: str | None = None
    count: int = Field(default=1, ge=1)

    def check(self, state: SandboxState) -> None:
        """Refuse an object or a record that the org does not have.

        Raises:
            SandboxError: Names it.
        """
        described = state.schema.find(self.object or "")
        if described is None:
            raise SandboxError(
                f"object: the org has no object {self.object}",
                remedy=f"name one of {', '.join(sorted(state.schema.objects))}",
            )
        if self.id is None:
            return
        with state.reading() as connection:
            found = row_of(
                connection, EVERYTHING.objects[described.name], normalised(self.id) or ""
            )
        if found is None:
            raise SandboxError(
                f"id: {self.object} has no record {self.id}",
                remedy="copy the id from a query's answer",
            )

    def happen(self, moment: Moment) -> None:
        """Change the records in one transaction, before the request sees them."""
        described = moment.state.schema.find(self.object or "")
        if described is None:  # another fault has taken the object away
            return
        author = moment.state.credentials().run_as_user_id
        with acting(moment.state, author) as saver:
            for record_id in self._chosen(moment, saver.connection, described):
                with suppress(RefusedError):  # the org refuses other people's changes too
                    self.change(moment, Target(saver, described, record_id))

    @abstractmethod
    def change(self, moment: Moment, target: Target) -> None:
        """Change one record."""

    def _chosen(
        self, moment: Moment, connection: sqlite3.Connection, described: ObjectDef
    ) -> list[str]:
        if self.id is not None:
            return [normalised(self.id) or self.id]
        named = [normalised(one) for one in moment.request.record_ids(described.sequence_prefix)]
        found = [one for one in named if one is not None and _lives(connection, described, one)]
        if not found:
            living = "IsDeleted = 0" if described.has("IsDeleted") else "1"
            sql = (
                f'SELECT Id FROM "{described.name}" WHERE {living} AND {self.candidates} '  # noqa: S608 - names of our own schema
                "ORDER BY Id"
            )
            found = [row[0] for row in connection.execute(sql)]
        return sorted(moment.dice.sample(found, min(self.count, len(found))))


class Edit(RecordFault):
    """Somebody edits a record that is being written: its owner, or any field."""

    kind: Literal["edit"] = "edit"
    field: str = "OwnerId"
    value: str | int | float | bool | None = None

    def check(self, state: SandboxState) -> None:
        """Refuse a field or a value that the org does not take.

        Raises:
            SandboxError: Names it.
        """
        super().check(state)
        check_value(state, str(self.object), self.field, self.value)

    def change(self, moment: Moment, target: Target) -> None:
        """Save the value as a person would; an owner that is not named is any other active user."""
        value, saver = self.value, target.saver
        if value is None and self.field == "OwnerId":
            value = other_owner(saver, target.described, target.id, dice=moment.dice)
        saver.update(target.described, target.id, {self.field: value})


class DeleteRecord(RecordFault):
    """Somebody deletes a record, or undeletes it."""

    kind: Literal["delete_record"] = "delete_record"
    undelete: bool = False

    def change(self, moment: Moment, target: Target) -> None:  # noqa: ARG002 - nothing is drawn
        """Put the record into the recycle bin, or take it out."""
        if self.undelete:
            row = target.saver.stored(target.described, target.id)
            take_out_of_bin(target.saver, target.whole, row)
        else:
            put_into_bin(target.saver, target.whole, target.id)


class MergeRecord(RecordFault):
    """Somebody merges a record into another one: it is deleted and names its master."""

    kind: Literal["merge_record"] = "merge_record"
    into: str | None = None

    def check(self, state: SandboxState) -> None:
        """Refuse an object whose records cannot be merged.

        Raises:
            SandboxError: Names those that can.
        """
        if self.object not in MERGEABLE:
            raise SandboxError(
                f"object: {self.object} records cannot be merged",
                remedy=f"name one of {', '.join(MERGEABLE)}",
            )
        super().check(state)

    def change(self, moment: Moment, target: Target) -> None:
        """Delete the loser, and give its children to the master."""
        saver, described = target.saver, target.described
        master = self.into
        if master is None:
            rows = saver.connection.execute(
                f'SELECT Id FROM "{described.name}" WHERE IsDeleted = 0 AND Id != ? ORDER BY Id',  # noqa: S608 - names of our own schema
                (target.id,),
            ).fetchall()
            master = str(moment.dice.choice(rows)[0])
        loser = saver.living(described, target.id)
        merge_rows(saver, target.whole, saver.living(described, master), [loser])


class DeactivateUser(RecordFault):
    """An owner leaves: the user becomes inactive, whoever was about to get records."""

    candidates: ClassVar[str] = (
        "IsActive = 1 AND UserType = 'Standard' "
        "AND Id != (SELECT value FROM _meta WHERE key = 'run_as_user_id')"
    )

    kind: Literal["deactivate_user"] = "deactivate_user"
    object: Literal["User"] = "User"

    def change(self, moment: Moment, target: Target) -> None:  # noqa: ARG002 - nothing is drawn
        """Take the user's activity away."""
        before = target.saver.stored(target.described, target.id)
        change_row(target.saver, target.whole, before, {"IsActive": 0})


class DeleteQueue(RecordFault):
    """A queue is deleted, with its members and its objects."""

    candidates: ClassVar[str] = "Type = 'Queue'"

    kind: Literal["delete_queue"] = "delete_queue"
    object: Literal["Group"] = "Group"

    def change(self, moment: Moment, target: Target) -> None:  # noqa: ARG002 - no stamp is left
        """Remove the queue without a trace, as the platform does."""
        for sql in (
            'DELETE FROM "QueueSobject" WHERE QueueId = ?',
            'DELETE FROM "GroupMember" WHERE GroupId = ?',
            'DELETE FROM "Group" WHERE Id = ?',
        ):
            target.saver.connection.execute(sql, (target.id,))


class EndSessions(WorldFault):
    """Every session ends: the next request finds its token dead."""

    kind: Literal["end_sessions"] = "end_sessions"

    def happen(self, moment: Moment) -> None:
        """End every access token; refresh tokens live on."""
        with moment.state.writing() as connection:
            connection.execute("DELETE FROM _token")


class JobEnded(WorldFault):
    """An admin aborts the job that is asked for, or it fails: what was not done stays undone."""

    occasion: ClassVar[Occasion] = "job"

    kind: Literal["job_ended"] = "job_ended"
    state: Literal["Aborted", "Failed"] = "Aborted"
    message: str = "InternalServerError : Retried more than fifteen times"

    def happen(self, moment: Moment) -> None:
        """End the job; an upload keeps what was saved of it, and its other rows are unprocessed."""
        state, named = moment.state, job_id(moment.request.path) or ""
        error = self.message if self.state == "Failed" else ""
        with state.writing() as connection:
            upload = job_by_id(connection, named)
            if upload is not None and abort(state, upload).state != "Aborted":
                return  # it has ended already
            for table in ("_query_job", "_ingest_job"):
                connection.execute(
                    f"UPDATE {table} SET state = ?, error = ?, modified = ? WHERE id = ?",  # noqa: S608 - our tables
                    (self.state, error, stored(state.now()), named),
                )


class ClockSkew(WorldFault):
    """The server's clock jumps, and stays so: Date header and stamps move with it."""

    occasion: ClassVar[Occasion] = "any"

    kind: Literal["clock_skew"] = "clock_skew"
    seconds: float = Field(default=86_400, ge=-315_360_000, le=315_360_000)

    def happen(self, moment: Moment) -> None:
        """Move the clock."""
        moment.state.faults.clock_offset += timedelta(seconds=self.seconds)


def _lives(connection: sqlite3.Connection, described: ObjectDef, record_id: str) -> bool:
    living = " AND IsDeleted = 0" if described.has("IsDeleted") else ""
    sql = f'SELECT 1 FROM "{described.name}" WHERE Id = ?{living}'  # noqa: S608 - names of our own schema
    return connection.execute(sql, (record_id,)).fetchone() is not None
