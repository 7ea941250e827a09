"""Who should own each record: what the plan is worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import MISSING_CODE, Floats, Ids, Ints, TextColumn
from sfterritory.model.document import Scalar


@dataclass(frozen=True, slots=True)
class DesiredOwners:
    """Who owns the records of one object, and who should, in ascending order of id.

    Attributes:
        ids: 18-character ids, shape (n,).
        before: Owner now; missing where nobody owns it.
        after: Owner wanted; missing where nothing is wanted, and the record stays as it is.
        rule: What chose `after`: a routing rule, or the territory step.
        territory: Territory that the record is in, missing where none.
        reason: Why, as one sentence.
        runner_up: Owner that came second, missing where none.
        runner_up_reason: What kept the runner-up from it.
        value_usd: Worth; NaN counts as 0.
        hours_per_year: Work; NaN counts as 0.
    """

    object_name: str
    ids: Ids
    before: TextColumn
    after: TextColumn
    rule: TextColumn
    territory: TextColumn
    reason: TextColumn
    runner_up: TextColumn
    runner_up_reason: TextColumn
    value_usd: Floats
    hours_per_year: Floats

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """What only the records that change owner need.

    Attributes:
        fields: Values of every history field of the object, by Salesforce field name.
        first_owner: First person of the owner timeline, None where there is no timeline.
        first_assigned_at: When that person got it.
        converted: A lead that was converted; Salesforce refuses to change it.
    """

    name: str
    last_modified_at: datetime
    fields: Mapping[str, Scalar]
    created_at: datetime | None = None
    parent_id: str | None = None
    first_owner: str | None = None
    first_assigned_at: datetime | None = None
    converted: bool = False


def changed_rows(desired: DesiredOwners) -> NDArray[np.intp]:
    """Return the rows whose owner should change: what `make_plan` wants a detail for."""
    _, before, after = owner_codes(desired)
    return np.flatnonzero((after != MISSING_CODE) & (after != before))


def owner_codes(desired: DesiredOwners) -> tuple[tuple[str, ...], Ints, Ints]:
    """Return one vocabulary for both owner columns, and both as codes into it."""
    owner_ids = tuple(sorted({*desired.before.vocabulary, *desired.after.vocabulary}))
    code_of = {owner_id: code for code, owner_id in enumerate(owner_ids)}

    def recoded(column: TextColumn) -> Ints:
        # The missing value is code -1, which picks the last entry of the table.
        table = [*(code_of[owner_id] for owner_id in column.vocabulary), MISSING_CODE]
        return np.array(table, dtype=np.int32)[column.codes]

    return owner_ids, recoded(desired.before), recoded(desired.after)
