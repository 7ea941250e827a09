"""Why a record is not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(Exception):
    """A save that the platform would refuse.

    Attributes:
        code: The platform's status code.
        message: Its text.
        fields: The fields at fault, where it names them.
        more: Further keys of the error's JSON, such as the duplicates that were found.
    """

    def __init__(
        self,
        code: str,
        message: str,
        fields: tuple[str, ...] = (),
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.more = dict(more or {})
