"""Why a query is refused, in the platform's words."""

from __future__ import annotations


class SoqlError(Exception):
    """A query that cannot be answered.

    Attributes:
        code: The platform's error code.
        message: Its text, with the excerpt and place where there is one.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def pointed(text: str, at: int, message: str) -> str:
    """Return the message below an excerpt of the query with a caret at `at`."""
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = max(0, at - 40)
    excerpt = text[start : at + 40].replace("\n", " ")
    return f"\n{excerpt}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}"


def unknown_field(text: str, at: int, *, name: str, entity: str) -> SoqlError:
    """Return the refusal of a field that does not exist or is hidden."""
    return SoqlError(
        "INVALID_FIELD",
        pointed(
            text,
            at,
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom "
            "field, be sure to append the '__c' after the custom field name. Please reference "
            "your WSDL or the describe call for the appropriate names.",
        ),
    )


def unknown_relationship(text: str, at: int, *, name: str) -> SoqlError:
    """Return the refusal of a path through a relationship that does not exist."""
    return SoqlError(
        "INVALID_FIELD",
        pointed(
            text,
            at,
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. Please reference your WSDL or the describe call for the appropriate names.",
        ),
    )


def unknown_object(text: str, at: int, *, name: str) -> SoqlError:
    """Return the refusal of an object that does not exist or is hidden."""
    return SoqlError(
        "INVALID_TYPE",
        pointed(
            text,
            at,
            f"sObject type '{name}' is not supported. If you are attempting to use a custom "
            "object, be sure to append the '__c' after the entity name. Please reference your "
            "WSDL or the describe call for the appropriate names.",
        ),
    )


def malformed(message: str) -> SoqlError:
    """Return the refusal of a query that is no SOQL."""
    return SoqlError("MALFORMED_QUERY", message)
