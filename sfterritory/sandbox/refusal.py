"""Why a record is not saved."""

from __future__ import annotations


class RefusedError(Exception):
    """A save that the platform would refuse.

    Attributes:
        code: The platform's status code.
        message: Its text.
        fields: The fields at fault, where it names them.
    """

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
