"""Pages of one query or job: which came before, and how many rows they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfterritory.sandbox.faults.request import FaultRequest
    from sfterritory.sandbox.faults.whole import Answer

_MOST_KEPT = 16


class EarlierPages:
    """Remembers the last page of the queries and jobs that were asked last."""

    def __init__(self) -> None:
        self._last: dict[str, Answer] = {}

    def before(self, request: FaultRequest, answer: Answer) -> Answer | None:
        """Return the page before this one, and remember this one."""
        if "page" not in request.occasions or answer.status != 200:
            return None
        earlier = self._last.pop(_series(request.path), None)
        following = _series_after(request.path, answer)
        if following is not None:
            self._last[following] = answer
            while len(self._last) > _MOST_KEPT:
                del self._last[next(iter(self._last))]
        return earlier


def rows_of(answer: Answer, request: FaultRequest) -> int:
    """Return how many rows a page holds; 0 for anything else."""
    if "page" not in request.occasions or answer.status != 200:
        return 0
    said = answer.header("sforce-numberofrecords")
    if said is not None:
        return int(said)
    page = answer.json()
    return len(page["records"]) if isinstance(page, dict) and "records" in page else 0


def _series(path: str) -> str:
    """Return what the pages of one query or job have together: the path without the offset."""
    folder, _, last = path.rpartition("/")
    return path if "/jobs/" in path else f"{folder}/{last.partition('-')[0]}"


def _series_after(path: str, answer: Answer) -> str | None:
    """Return the series that a page belongs to, or None where it is the last of it."""
    if "/jobs/" in path:
        return None if answer.header("sforce-locator") in {None, "null"} else path
    page = answer.json()
    following = page.get("nextRecordsUrl") if isinstance(page, dict) else None
    return None if following is None else _series(following)
