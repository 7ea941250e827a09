"""An org and a journal in memory, which can be told to break at any call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied
from sfterritory.model.ports import Intent, RecordWrite, WriteResult


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@dataclass
class Fuse:
    """Blows at the n-th step; every call takes two, one before and one after its effect."""

    blows_at: int | None = None
    error: BaseException = field(default_factory=Killed)
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.blows_at:
            raise self.error


@dataclass
class FakeOrg:
    """Records by id. `refuses` answers a write with a code; `distorts` alters what is stored."""

    records: dict[str, dict[str, Scalar]]
    refuses: Callable[[RecordWrite], str] = lambda _: ""
    distorts: Callable[[RecordWrite], Mapping[str, Scalar]] = lambda row: row.fields
    fuse: Fuse = field(default_factory=Fuse)
    written: Counter[str] = field(default_factory=Counter)
    batches: list[tuple[str, ...]] = field(default_factory=list)

    def read(
        self, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Scalar]]:
        self.fuse.step()
        return {
            one: {name: self.records[one].get(name) for name in fields}
            for one in record_ids
            if one in self.records
        }

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        self.fuse.step()
        self.batches.append(tuple(row.record_id for row in rows))
        answers = [self._write(row) for row in rows]
        self.fuse.step()
        return answers

    def _write(self, row: RecordWrite) -> WriteResult:
        code = self.refuses(row)
        if code:
            return WriteResult(row.record_id, accepted=False, code=code, message="refused")
        self.records[row.record_id].update(self.distorts(row))
        self.written[row.record_id] += 1
        edits = self.written[row.record_id]
        self.records[row.record_id]["LastModifiedDate"] = f"2026-11-23T09:00:{edits:02d}.000+0000"
        return WriteResult(row.record_id, accepted=True)


@dataclass
class FakeJournal:
    """Keeps what reached the disk, whoever is killed."""

    fuse: Fuse = field(default_factory=Fuse)
    settled: dict[str, Applied] = field(default_factory=dict)
    pending: dict[str, Intent] = field(default_factory=dict)

    def outcomes(self) -> Mapping[str, Applied]:
        return dict(self.settled)

    def unsettled(self) -> Sequence[Intent]:
        return tuple(self.pending.values())

    def sending(self, batch_id: int, intents: Sequence[Intent]) -> None:
        self.fuse.step()
        self.pending |= {f"{one.object_name}:{one.record_id}": one for one in intents}
        self.fuse.step()

    def settle(self, applied: Sequence[Applied]) -> None:
        self.fuse.step()
        for one in applied:
            assert one.key not in self.settled, f"{one.key} settled twice"
            self.settled[one.key] = one
            self.pending.pop(one.key, None)
        self.fuse.step()
