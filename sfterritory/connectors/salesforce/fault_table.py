"""Salesforce's error codes: what each asks of the caller, and what it asks of the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Act(StrEnum):
    """What a failure asks of the one who called."""

    RETRY = "retry"  # the same request may work in a while
    REFRESH = "refresh"  # the session has ended: sign in once and ask again
    FINAL = "final"  # this request never works; others may
    STOP = "stop"  # no request works until a person changes something


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about one code."""

    act: Act
    remedy: str


AGAIN_LATER = "run the same command again in a few minutes; what is done is kept"
_DAILY_LIMIT = Rule(
    Act.STOP,
    "wait until the 24-hour window frees API calls (Setup > System Overview), then run the same "
    "command again: it resumes",
)
_ADMIN_ACCESS = "ask the Salesforce admin for this right for the integration user"

RULES: Final[Mapping[str, Rule]] = {
    "INVALID_SESSION_ID": Rule(Act.REFRESH, "sign in again"),
    "Bad_OAuth_Token": Rule(Act.REFRESH, "sign in again"),
    "REQUEST_LIMIT_EXCEEDED": _DAILY_LIMIT,
    "STORAGE_LIMIT_EXCEEDED": Rule(Act.STOP, "free data storage in Salesforce, then run again"),
    "API_DISABLED_FOR_ORG": Rule(Act.STOP, "enable the API for this org's edition or this user"),
    "INSUFFICIENT_ACCESS": Rule(Act.STOP, _ADMIN_ACCESS),
    "UNSUPPORTED_API_VERSION": Rule(Act.STOP, "set a newer API version (66.0)"),
    "GONE": Rule(Act.STOP, "set a newer API version (66.0)"),
    "TXN_SECURITY_NO_ACCESS": Rule(
        Act.STOP, "ask the Salesforce admin about the transaction security policy"
    ),
    "SERVER_UNAVAILABLE": Rule(Act.RETRY, AGAIN_LATER),
    "UNKNOWN_EXCEPTION": Rule(Act.RETRY, AGAIN_LATER),
    "API_CURRENTLY_DISABLED": Rule(Act.RETRY, "wait for the org's maintenance to end"),
    "TOO_MANY_APEX_REQUESTS": Rule(Act.RETRY, AGAIN_LATER),
    "UNABLE_TO_LOCK_ROW": Rule(Act.RETRY, "run again when other loads have finished"),
    "TERRITORY_REALIGN_IN_PROGRESS": Rule(
        Act.RETRY, "wait until Salesforce's territory run has finished, then run again"
    ),
    "MALFORMED_QUERY": Rule(Act.FINAL, "correct the filter or field names in mappings/"),
    "INVALID_FIELD": Rule(
        Act.FINAL,
        "give the integration user read access to the field (field-level security), or correct "
        "its name in mappings/",
    ),
    "INVALID_TYPE": Rule(
        Act.FINAL,
        "give the integration user access to the object, or enable the feature it belongs to",
    ),
    "NOT_FOUND": Rule(Act.FINAL, "check the name or id, and that the user may see it"),
    "MALFORMED_ID": Rule(Act.FINAL, "correct the id; spreadsheets change upper and lower case"),
    "QUERY_TIMEOUT": Rule(Act.FINAL, "lower pull.bulk_threshold so that Bulk API 2.0 is used"),
    "OPERATION_TOO_LARGE": Rule(
        Act.FINAL, "lower pull.bulk_threshold so that Bulk API 2.0 is used"
    ),
    "QUERY_TOO_COMPLICATED": Rule(Act.FINAL, "ask for fewer formula fields in mappings/"),
    "ENTITY_IS_DELETED": Rule(Act.FINAL, "pull again and make a new plan"),
    "ENTITY_IS_LOCKED": Rule(Act.FINAL, "finish or recall the record's approval, then plan again"),
    "INVALID_CROSS_REFERENCE_KEY": Rule(Act.FINAL, "pull again: the record or owner is gone"),
    "INSUFFICIENT_ACCESS_OR_READONLY": Rule(Act.FINAL, _ADMIN_ACCESS),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Rule(Act.FINAL, _ADMIN_ACCESS),
    "CHILD_SHARE_FAILS_PARENT": Rule(Act.FINAL, _ADMIN_ACCESS),
    "TRANSFER_REQUIRES_READ": Rule(
        Act.FINAL, "give the new owner read access to the object, or choose another owner"
    ),
    "INACTIVE_OWNER_OR_USER": Rule(Act.FINAL, "choose an active owner, or pull users again"),
    "INVALID_EMPTY_KEY_OWNER": Rule(Act.FINAL, "make a new plan: an owner cannot be empty"),
    "CANNOT_UPDATE_CONVERTED_LEAD": Rule(Act.FINAL, "pull again: the lead was converted"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Rule(
        Act.FINAL, "satisfy the org's validation rule that the text names"
    ),
    "FIELD_INTEGRITY_EXCEPTION": Rule(
        Act.FINAL, "correct the value in Salesforce, then plan again"
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Rule(
        Act.FINAL, "ask the Salesforce admin about the Apex trigger that the text names"
    ),
    "DUPLICATES_DETECTED": Rule(Act.FINAL, "resolve the duplicate that the org's rule blocks"),
    "JSON_PARSER_ERROR": Rule(Act.STOP, "report this: the request was not in Salesforce's form"),
    # OAuth
    "invalid_grant": Rule(
        Act.STOP,
        "check the username, the key or secret, and that the app has a Run As user and is "
        "authorised for this user",
    ),
    "invalid_client": Rule(Act.STOP, "check SFTERRITORY_CLIENT_ID and SFTERRITORY_CLIENT_SECRET"),
    "invalid_client_id": Rule(Act.STOP, "check SFTERRITORY_CLIENT_ID"),
    "invalid_client_credentials": Rule(Act.STOP, "check SFTERRITORY_CLIENT_SECRET"),
    "unsupported_grant_type": Rule(Act.STOP, "enable the flow in the app's OAuth settings"),
    "invalid_app_access": Rule(Act.STOP, "authorise the app for the integration user"),
    "inactive_user": Rule(Act.STOP, "activate the integration user"),
    "inactive_org": Rule(Act.STOP, "ask Salesforce about the state of this org"),
    "rate_limit_exceeded": Rule(Act.RETRY, "wait some minutes: there were too many sign-ins"),
}  # fmt: skip
OAUTH_CODES: Final = frozenset(
    {code for code in RULES if code[0].islower()} | {"invalid_request", "INVALID AUTH"}
)
UNKNOWN = Rule(Act.FINAL, "look the code up in Salesforce's documentation, then try again")
