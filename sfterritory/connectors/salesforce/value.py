"""Single values of a JSON answer: text for the store, scalars for the gateway, and ids.

Numbers are kept exact on the way to the store, and are floats where a scalar is asked.
"""

from __future__ import annotations

from decimal import Decimal

from sfterritory.connectors.salesforce.address import CHECK_ADDRESS
from sfterritory.connectors.salesforce.faults import BadAnswerError
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18

exact = Decimal  # Salesforce may write 1.39E8, and currency with more digits than a float holds


def text_of(value: object) -> str:
    """Return a JSON scalar as the text that a Bulk result would hold: None is ''.

    Raises:
        TypeError: Not a scalar: a compound field or a list of children.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value.replace("\x00", "")  # long texts hold NUL now and then
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
    raise TypeError(f"{type(value).__name__} is not a single value")


def scalar_of(value: object) -> Scalar:
    """Return a JSON scalar with exact numbers made floats.

    Raises:
        TypeError: Not a scalar: a compound field or a list of children.
    """
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{type(value).__name__} is not a single value")


def id_of(answer: object) -> str:
    """Return an id of Salesforce's answer in its 18-character form.

    Raises:
        BadAnswerError: It is none.
    """
    try:
        return to_18(str(answer))
    except ValueError as error:
        raise BadAnswerError(f"Salesforce's answer: {error}", remedy=CHECK_ADDRESS) from error
