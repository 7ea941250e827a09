"""Before a pull: what can be asked of each object, and what that will cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.errors import ConfigError
from sfterritory.model.store.pull_state import Bookmark
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import extra_fields
from sfterritory.pipeline.pull.forecast import (
    Api,
    ObjectForecast,
    api_for,
    fetch_calls,
    remaining_calls,
)
from sfterritory.pipeline.pull.objects import (
    REQUIRED_OBJECTS,
    is_counted,
    is_history,
    objects_to_pull,
)
from sfterritory.pipeline.pull.request import ObjectRequest, object_request
from sfterritory.settings.project import Settings

REST = "rest"  # a bookmark without a job: such a pull is small, and starts over
# Of an object that the org does not have, or does not show to the integration user.
ABSENT = frozenset({"NOT_FOUND", "INVALID_TYPE"})


@dataclass(frozen=True, slots=True)
class Planned:
    """One object's request and its forecast; no request where the org does not have the object."""

    forecast: ObjectForecast
    request: ObjectRequest | None = None


@dataclass(frozen=True, slots=True)
class Planner:
    """Asks Salesforce what there is, and reads nothing of it yet."""

    settings: Settings
    store: Store
    org: SalesforceOrg
    full: bool = False
    calls_of: dict[str, int] = field(default_factory=dict)

    def plan(self) -> tuple[Planned, ...]:
        """Return every object's request and forecast, in the order of the pull.

        Raises:
            ConfigError: `pull.missing_fields` is `refuse`, and fields of mappings/ cannot be
                read; all are named.
            ConnectorError: A required object or field cannot be read.
        """
        asked = [
            (name, self._asked(name)) for name in objects_to_pull(self.settings.salesforce.pull)
        ]
        requests = {name: one for name, one in asked if isinstance(one, ObjectRequest)}
        self.check(requests)
        return tuple(
            Planned(self._forecast(one), one)
            if isinstance(one, ObjectRequest)
            else Planned(ObjectForecast(object_name=name, calls=self.calls_of[name], skipped=one))
            for name, one in asked
        )

    def request(self, object_name: str) -> ObjectRequest:
        """Describe an object, and return what to ask of it.

        Raises:
            RefusedError: The org does not have the object (one of `ABSENT`).
        """
        description = self.org.describe(object_name)
        if not description.queryable:
            raise RefusedError(
                f"{object_name} cannot be queried", remedy="ask the admin", code="INVALID_TYPE"
            )
        return object_request(
            self.settings,
            description,
            self.store.mirror.pulled().get(object_name),
            now=self.org.server_time(),
            full=self.full,
        )

    def check(self, requests: Mapping[str, ObjectRequest]) -> None:
        """Refuse to go on without a field that mappings/ name, where the project says so.

        Raises:
            ConfigError: Names every one.
        """
        if self.settings.salesforce.pull.missing_fields != "refuse":
            return
        problems = [
            f"{name}.{one} cannot be read"
            for name, request in requests.items()
            for one in _named(request.missing, extra_fields(self.settings, name))
        ]
        if problems:
            raise ConfigError(
                "\n".join(problems),
                remedy="give the integration user read access to the fields, correct their names "
                "in mappings/, or set pull.missing_fields to warn; nothing was read",
            )

    def unfinished(self, request: ObjectRequest) -> Bookmark | None:
        """Return the job of an earlier pull to go on with, None where there is none of use."""
        mark = self.store.mirror.bookmark(request.object_name, request.fields)
        if mark is None or mark.job_id == REST or (self.full and mark.since is not None):
            return None
        return mark

    def _asked(self, object_name: str) -> ObjectRequest | str:
        """Return an object's request, or why it is not pulled."""
        before = self.org.calls
        try:
            return self.request(object_name)
        except RefusedError as error:
            if object_name in REQUIRED_OBJECTS or error.code not in ABSENT:
                raise
            return absent(error)
        finally:
            self.calls_of[object_name] = self.org.calls - before

    def _forecast(self, request: ObjectRequest) -> ObjectForecast:
        params = self.settings.salesforce.pull
        before = self.org.calls
        query, name = request.query, request.object_name
        mark = self.unfinished(request)
        counted = is_counted(name)
        rows = self.org.count(query) if counted else None
        api: Api = "bulk" if mark else api_for(rows, str(query), threshold=params.bulk_threshold)
        self.calls_of[name] += self.org.calls - before
        calls = (
            remaining_calls((rows or 0) - mark.rows, page_rows=params.page_rows)
            if mark
            else fetch_calls(rows, api, page_rows=params.page_rows)
        )
        return ObjectForecast(
            object_name=name,
            rows=rows,
            api=api,
            full=(mark or request).since is None and not request.mirror.read_whole,
            resumed=mark is not None,
            missing_fields=request.missing,
            kept_fields=tuple(request.kept),
            type_changes=request.type_changes,
            calls=self.calls_of[name] + calls + _counting_calls(request, api),
        )


def absent(error: RefusedError) -> str:
    """Return why an object is skipped that `ABSENT` tells of."""
    return f"the org does not have it, or hides it from the integration user ({error.code})"


def _counting_calls(request: ObjectRequest, api: Api) -> int:
    """Return the calls that tell whether rows are gone; a whole result by REST tells by itself."""
    if is_history(request.object_name) or not request.known:
        return 0
    return 1 if request.since is not None or api == "bulk" else 0


def _named(missing: Iterable[str], by_mappings: Iterable[str]) -> list[str]:
    named = {name.casefold() for name in by_mappings}
    return sorted(name for name in missing if name.casefold() in named)
