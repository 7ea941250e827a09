"""What every fault has: when it strikes. Kinds are in the modules beside; `catalogue` lists them.

A fault is a flat document, so that one can be written on a command line: `KIND name=value ...`.
The same faults and the same requests in the same order give the same outcome.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from sfterritory.sandbox.faults.request import FaultRequest
    from sfterritory.sandbox.state import SandboxState

Occasion = Literal[
    "any",
    "data",
    "describe",
    "ingest",
    "job",
    "page",
    "poll",
    "query",
    "read",
    "results",
    "sign_in",
    "write",
]
"""Kinds of request, by what they are for; `request.OCCASIONS` says which paths they are."""


class Fault(BaseModel):
    """One fault as the state file keeps it.

    Attributes:
        seed: Another seed, other dice.
        nth: Strikes only at the nth request (or row) that it is for, counted from 1.
        after: Lets that many requests (or rows) pass first.
        times: Strikes at most so often; None is for ever.
        object: Strikes only where this object is concerned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    seed: int = 0
    nth: int | None = Field(default=None, ge=1)
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)
    object: str | None = None

    def check(self, state: SandboxState) -> None:
        """Refuse a fault that could not happen in this org.

        Raises:
            SandboxError: It names what the org does not have.
        """

    def due(self, number: int, fired: int) -> bool:
        """Tell whether the fault may strike at the number-th request or row, counted from 1."""
        if self.nth is not None and number != self.nth:
            return False
        return number > self.after and (self.times is None or fired < self.times)

    def dice(self, *key: str | int) -> Random:
        """Return dice that depend on the seed and the key alone."""
        return Random(":".join(map(str, (self.kind, self.seed, *key))))  # noqa: S311 - no secret


class RequestFault(Fault):
    """A fault that strikes at a request.

    Attributes:
        on: What kind of request; None is the kind's own choice, `occasion`.
        method: Only this HTTP method.
        path: Only paths like this, `*` for anything: `/services/data/v*/query*`.
        probability: Of striking at each request that it is for.
        after_rows: Waits until the org has answered or saved so many rows since it was added.
    """

    occasion: ClassVar[Occasion] = "data"
    object_is_asked: ClassVar[bool] = True  # else `object` names what changes

    on: Occasion | None = None
    method: str | None = None
    path: str | None = None
    probability: float = Field(default=1.0, ge=0, le=1)
    after_rows: int = Field(default=0, ge=0)

    def concerns(self, request: FaultRequest) -> bool:
        """Tell whether a request is of the kind that the fault is for."""
        return (
            (self.on or self.occasion) in request.occasions
            and (self.method is None or self.method.upper() == request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (self.object is None or not self.object_is_asked or request.is_about(self.object))
        )

    def strikes(self, number: int, *, fired: int, rows: int) -> bool:
        """Tell whether the fault strikes at the number-th request that it is for."""
        return (
            self.due(number, fired)
            and rows >= self.after_rows
            and (self.probability >= 1 or self.dice(number).random() < self.probability)
        )


class RowFault(Fault):
    """A fault that strikes at a record that is saved, through whichever resource.

    Attributes:
        share: Of the records, chosen by their ids: a record that is spared once is spared always.
        attempts: So often the same record is struck; None is for ever.
        operation: Only this way to save.
    """

    share: float = Field(default=1.0, ge=0, le=1)
    attempts: int | None = Field(default=None, ge=1)
    operation: Literal["create", "update", "delete"] | None = None

    def chosen(self, record: str) -> bool:
        """Tell whether the dice fell on a record."""
        return self.share >= 1 or self.dice(record).random() < self.share


def parameters(kind: type[Fault]) -> dict[str, Any]:
    """Return what a kind takes of its own, or with a default of its own.

    By name: the default, or the name in capitals where there is none.
    """
    shared = {**RequestFault.model_fields, **RowFault.model_fields}
    return {
        name: name.upper() if one.is_required() else one.default
        for name, one in kind.model_fields.items()
        if name != "kind" and (name not in shared or one.default != shared[name].default)
    }


def summary(kind: type[Fault]) -> str:
    """Return in one sentence what a kind does."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
