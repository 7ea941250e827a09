"""Making, naming and rendering a plan of 20,000 changes with all its history fields."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import numpy as np

from bench.figure import Figure
from sfterritory.model.columns import TextColumn
from sfterritory.model.ids import to_18
from sfterritory.model.plan import Plan, PlanSource
from sfterritory.web.report import plan_html
from sfterritory.writeback.desired import DesiredOwners, RecordDetail
from sfterritory.writeback.diff import PlanPolicy, make_plan
from sfterritory.writeback.history import HistoryFields, HistorySource
from sfterritory.writeback.owner import OrgFacts, Owner
from sfterritory.writeback.plan_file import dumps_plan
from sfterritory.writeback.summary import summary_line

CHANGES, OWNERS = 20_000, 50
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
_HISTORY = HistoryFields(
    write_once={
        "First_Owner__c": HistorySource.FIRST_OWNER,
        "First_Assigned_At__c": HistorySource.FIRST_ASSIGNED_AT,
    },
    rolled={
        "Previous_Owner__c": HistorySource.BEFORE_OWNER,
        "Owner_Since__c": HistorySource.APPLIED_AT,
        "Assignment_Reason__c": HistorySource.REASON,
        "Territory_Plan__c": HistorySource.PLAN_HASH,
    },
    preserved=("AccountSource",),
)


def figures() -> list[Figure]:
    """Return microseconds of CPU a change, for each thing that is done with a plan."""
    started = process_time()
    plan = _made()
    made = process_time()
    name = plan.hash
    named = process_time()
    text = dumps_plan(plan)
    dumped = process_time()
    Plan.model_validate_json(text[text.index('"plan":') + 7 : -2])
    read = process_time()
    page = plan_html(plan, summary=summary_line(plan), seen_at=NOW)
    drawn = process_time()
    assert len(name) == 64
    steps = {
        "plan: make": made - started,
        "plan: hash": named - made,
        "plan: write the file": dumped - named,
        "plan: read": read - dumped,
        "plan: HTML": drawn - read,
    }
    per_change = [
        Figure(step, seconds / CHANGES * 1e6, "us/change") for step, seconds in steps.items()
    ]
    return [*per_change, Figure("plan: HTML size", len(page.encode()) / 1e6, "MB")]


def _made() -> Plan:
    ids = np.array([to_18(f"001{number:012d}") for number in range(CHANGES)])
    owners = [to_18(f"005{number:012d}") for number in range(OWNERS)]
    fields = dict.fromkeys(_HISTORY.names)
    desired = DesiredOwners(
        object_name="Account",
        ids=ids,
        before=TextColumn.of([owners[row % OWNERS] for row in range(CHANGES)]),
        after=TextColumn.of([owners[(row + 1) % OWNERS] for row in range(CHANGES)]),
        rule=TextColumn.of(["By territory"] * CHANGES),
        territory=TextColumn.of([f"Territory {row % OWNERS}" for row in range(CHANGES)]),
        reason=TextColumn.of([f"its centre is the nearest ({row} km)" for row in range(CHANGES)]),
        runner_up=TextColumn.of([owners[(row + 2) % OWNERS] for row in range(CHANGES)]),
        runner_up_reason=TextColumn.of([f"{row} km nearer" for row in range(CHANGES)]),
        value_usd=np.arange(CHANGES, dtype=np.float64),
        hours_per_year=np.full(CHANGES, 3.0),
    )
    return make_plan(
        [desired],
        {
            str(record_id): RecordDetail(
                name=f"Corner {row}", last_modified_at=NOW, created_at=NOW, fields=fields
            )
            for row, record_id in enumerate(ids.tolist())
        },
        org=OrgFacts({one: Owner(one, f"Rep {one[-4:]}") for one in owners}),
        source=PlanSource(
            org_id=to_18("00D000000000001"),
            snapshot_id="0" * 64,
            territory_version=None,
            route_version=None,
            rules_hash="0" * 64,
            config_hash="0" * 64,
            seed=0,
        ),
        policy=PlanPolicy(history={"Account": _HISTORY}),
    )
