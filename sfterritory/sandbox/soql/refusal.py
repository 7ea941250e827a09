"""Why a query is refused, in the platform's words."""

from __future__ import annotations

_EXCERPT_CHARACTERS = 40  # on each side of the caret


class SoqlError(Exception):
    """A query that cannot be answered.

    Attributes:
        code: The platform's error code.
        reason: Its text without the excerpt.
        at: The offset of the place in the query; None where the platform names none.
        message: Its text, with the excerpt and place where there is one.
    """

    def __init__(
        self, code: str, reason: str, *, at: int | None = None, text: str | None = None
    ) -> None:
        self.code = code
        self.reason = reason
        self.at = at
        self.message = reason if at is None or text is None else pointed(text, at, reason)
        super().__init__(self.message)

    def at_least(self, at: int) -> SoqlError:
        """Return the error with a place, its own if it has one."""
        return SoqlError(self.code, self.reason, at=at if self.at is None else self.at)

    def shown_in(self, text: str) -> SoqlError:
        """Return the error with an excerpt of the query above its text."""
        return SoqlError(self.code, self.reason, at=self.at, text=text)


def pointed(text: str, at: int, message: str) -> str:
    """Return the message below an excerpt of the query with a caret at `at`."""
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = max(0, at - _EXCERPT_CHARACTERS)
    excerpt = text[start : at + _EXCERPT_CHARACTERS].replace("\n", " ")
    return f"\n{excerpt}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}"


def malformed(reason: str, at: int | None = None) -> SoqlError:
    """Return the refusal of a query that is no SOQL."""
    return SoqlError("MALFORMED_QUERY", reason, at=at)


def invalid_field(reason: str, at: int | None = None) -> SoqlError:
    """Return the refusal of a field, or of what is done with it."""
    return SoqlError("INVALID_FIELD", reason, at=at)


def unexpected(token: str, at: int | None = None) -> SoqlError:
    """Return the refusal of a word that has no meaning where it stands."""
    return malformed(f"unexpected token: '{token}'", at)


def too_complicated(at: int | None = None) -> SoqlError:
    """Return the refusal of a query beyond what the server computes."""
    return SoqlError(
        "QUERY_TOO_COMPLICATED",
        "Query is either selecting too many fields or the filter conditions are too complicated.",
        at=at,
    )


def unknown_field(name: str, at: int, *, entity: str) -> SoqlError:
    """Return the refusal of a field that does not exist or is hidden."""
    return invalid_field(
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference "
        "your WSDL or the describe call for the appropriate names.",
        at,
    )


def unknown_relationship(name: str, at: int) -> SoqlError:
    """Return the refusal of a path through a relationship that does not exist."""
    return invalid_field(
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
        "a custom relationship, be sure to append the '__r' after the custom relationship "
        "name. Please reference your WSDL or the describe call for the appropriate names.",
        at,
    )


def unknown_object(name: str, at: int) -> SoqlError:
    """Return the refusal of an object that does not exist or is hidden."""
    return SoqlError(
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom "
        "object, be sure to append the '__c' after the entity name. Please reference your "
        "WSDL or the describe call for the appropriate names.",
        at=at,
    )


def unknown_child_relationship(name: str, at: int) -> SoqlError:
    """Return the refusal of a sub-query over a child relationship that does not exist."""
    return SoqlError(
        "INVALID_TYPE",
        f"Didn't understand relationship '{name}' in FROM part of query call. If you are "
        "attempting to use a custom relationship, be sure to append the '__r' after the custom "
        "relationship name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
        at=at,
    )
