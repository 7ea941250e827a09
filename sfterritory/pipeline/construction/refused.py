"""A build that broke a limit and was not accepted: what the next steps say of it."""

from __future__ import annotations

from datetime import datetime

from sfterritory.errors import StepMissingError
from sfterritory.model.store.activity import Activity
from sfterritory.model.store.store import Store

BUILD = "build"
REFUSED = "refused"
"""Key of a build's facts in the log: it broke a limit, and nobody accepted that."""

_ACCEPT = (
    "change what it named and build again, or go by it all the same with "
    "`sfterritory build --accept-limits REASON`"
)


def territories_missing(store: Store) -> StepMissingError:
    """Return the error of a step that needs territories, and none count."""
    if _refused(store):
        return StepMissingError(
            "the construction step has no result: the last build broke a limit and nobody "
            "accepted that, so its territories do not count",
            remedy=_ACCEPT,
        )
    return StepMissingError(
        "the construction step has no result: no territories were built yet",
        remedy="run `sfterritory build` first",
    )


def territories_outdated(store: Store, *, built_from: str, pulled: str) -> StepMissingError:
    """Return the error of a step that needs territories of the last pull; both are snapshots."""
    problem = (
        f"the territories were built from snapshot {built_from[:8]}, and the last pull is "
        f"{pulled[:8]}"
    )
    if _refused(store):
        return StepMissingError(
            f"{problem}; the last build broke a limit and nobody accepted that", remedy=_ACCEPT
        )
    return StepMissingError(problem, remedy="run `sfterritory build` again")


def last_build(store: Store, *, now: datetime | None = None) -> Activity | None:
    """Return the last build that was to count, up to a moment; those of scenarios were not."""
    return next(
        (
            one
            for one in store.log.list()
            if one.kind == BUILD
            and (one.facts.get("chosen") or one.facts.get(REFUSED))
            and (now is None or one.at <= now)
        ),
        None,
    )


def _refused(store: Store) -> bool:
    last = last_build(store)
    return last is not None and bool(last.facts.get(REFUSED))
