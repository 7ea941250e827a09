"""How many API requests the org has answered."""

from __future__ import annotations

import threading


class UsageMeter:
    """Counts API requests since the server started."""

    def __init__(self) -> None:
        self._used = 0
        self._lock = threading.Lock()

    def count_one(self, *, allowed: int) -> str:
        """Count a request and return the value of `Sforce-Limit-Info`."""
        with self._lock:
            self._used += 1
            return f"api-usage={self._used}/{allowed}"

    @property
    def used(self) -> int:
        """Requests counted so far."""
        return self._used
