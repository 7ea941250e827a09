"""A thin HTTP client for the tests: answers are looked at raw."""

from __future__ import annotations

from typing import Any, Self

import httpx

from sfterritory.sandbox.running import SandboxHandle

DATA = "/services/data/v62.0"


class Org:
    """The sandbox as a test talks to it."""

    def __init__(self, handle: SandboxHandle) -> None:
        self.handle = handle
        self.http = httpx.Client(
            base_url=handle.url,
            headers={"Authorization": f"Bearer {handle.access_token}"},
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.get(DATA + path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.post(DATA + path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.patch(DATA + path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.delete(DATA + path, **kwargs)

    def soql(self, query: str) -> list[dict[str, Any]]:
        """Return the first page's records."""
        answer = self.get("/query", params={"q": query})
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records

    def ids(self, query: str) -> list[str]:
        return [record["Id"] for record in self.soql(query)]

    def refusal(self, query: str) -> dict[str, Any]:
        """Return the error of a query that must fail."""
        answer = self.get("/query", params={"q": query})
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()
        return dict(error)

    def change(self, object_name: str, *records: dict[str, Any], **body: Any) -> list[Any]:
        """Update through a collection, assignment rules off."""
        listed = [{"attributes": {"type": object_name}, **record} for record in records]
        answer = self.patch(
            "/composite/sobjects",
            json={"records": listed, **body},
            headers={"Sforce-Auto-Assign": "FALSE"},
        )
        assert answer.status_code == 200, answer.text
        results: list[Any] = answer.json()
        return results

    def reps(self) -> list[str]:
        return self.ids(
            "SELECT Id FROM User WHERE IsActive = true AND Title = 'Account Executive' ORDER BY Id"
        )
