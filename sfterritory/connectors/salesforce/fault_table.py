"""Salesforce's error codes: what each asks of the caller, and what it asks of the person.

Codes decide, never the HTTP status (it differs between API families and versions) and never the
text (it comes in the user's language). Where a code is unknown, one record is given up, and a
request as a whole stops the run: nothing is tried twice that nobody understands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Act(StrEnum):
    """What a failure asks of the one who called."""

    RETRY = "retry"  # the same request may work in a while
    REFRESH = "refresh"  # the session has ended: sign in once and ask again
    SPLIT = "split"  # the same in smaller pieces may work, or by Bulk
    FINAL = "final"  # this record or name never works; others may
    CONFLICT = "conflict"  # the record is no longer what the plan saw
    STOP = "stop"  # no request works until a person changes something


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about one code."""

    act: Act
    remedy: str


AGAIN_LATER = "run the same command again in a few minutes; what is done is kept"
_ADMIN_ACCESS = "ask the Salesforce admin for this right for the integration user"
_REPORT_THIS = "report this: the request was not in Salesforce's form"
_PLAN_AGAIN = "pull again and make a new plan"
_SMALLER = "lower pull.bulk_threshold so that Bulk API 2.0 is used"
_SIBLING = "look at the other records of the same request: one of them was refused"
_NEWER_VERSION = 'set org.api_version in sfterritory.yaml to a newer one ("66.0")'

RETRIED: Final[Mapping[str, str]] = {
    "SERVER_UNAVAILABLE": AGAIN_LATER,
    "UNKNOWN_EXCEPTION": AGAIN_LATER,
    "API_CURRENTLY_DISABLED": "wait for the org's maintenance to end, then run again",
    "TOO_MANY_APEX_REQUESTS": AGAIN_LATER,
    "UNABLE_TO_LOCK_ROW": "run again when other loads and sharing recalculations have finished",
    "TERRITORY_REALIGN_IN_PROGRESS": (
        "wait until Salesforce's territory run has finished, then run again"
    ),
    "rate_limit_exceeded": "wait some minutes: there were too many sign-ins",
    "Timeout": AGAIN_LATER,
    "TooManyLockFailure": "run again when other loads have finished",
}
REFRESHED: Final[Mapping[str, str]] = dict.fromkeys(
    ("INVALID_SESSION_ID", "InvalidSessionId", "Bad_OAuth_Token"), "sign in again"
)
SPLIT: Final[Mapping[str, str]] = {
    "QUERY_TIMEOUT": _SMALLER,
    "OPERATION_TOO_LARGE": _SMALLER,
    "REQUEST_RUNNING_TOO_LONG": "lower apply.batch_size or pull.bulk_threshold, then run again",
    "QUERY_TOO_COMPLICATED": "ask for fewer formula fields in mappings/",
    "EXCEEDED_ID_LIMIT": "pull more often, or in full: too much changed since the last pull",
    "INVALID_REPLICATION_DATE": "pull in full: the last pull is too long ago to ask for changes",
}
CONFLICTS: Final[Mapping[str, str]] = {
    "ENTITY_IS_DELETED": _PLAN_AGAIN,
    "ENTITY_IS_LOCKED": "finish or recall the record's approval process, then plan again",
    "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE": (
        "somebody edited the record while it was being written: " + _PLAN_AGAIN
    ),
}
FINAL: Final[Mapping[str, str]] = {
    "NOT_FOUND": "check the name or id, and that the user may see it",
    "NotFound": "check the name or id, and that the user may see it",
    "MALFORMED_ID": "correct the id; spreadsheets change upper and lower case",
    "INVALID_CROSS_REFERENCE_KEY": "pull again: the record or its new owner is gone",
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        "give the integration user edit and Transfer Record rights on this record"
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        "give the integration user access to the parent or owner that the record points to"
    ),
    "CHILD_SHARE_FAILS_PARENT": "give the integration user edit rights on the record's account",
    "TRANSFER_REQUIRES_READ": (
        "give the new owner read access to the object, or choose another owner"
    ),
    "INACTIVE_OWNER_OR_USER": "choose an active owner, or pull users again",
    "INVALID_EMPTY_KEY_OWNER": "make a new plan: an owner cannot be empty",
    "CANNOT_UPDATE_CONVERTED_LEAD": "pull again: the lead was converted",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "satisfy the org's validation rule, or exempt the integration user from it"
    ),
    "FIELD_INTEGRITY_EXCEPTION": "correct the value in Salesforce, then plan again",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "ask the Salesforce admin about the Apex trigger or flow that the text names"
    ),
    "DUPLICATES_DETECTED": "merge the duplicates, or relax the duplicate rule that the text names",
    "DUPLICATE_VALUE": "correct the value: another record has it, and the org wants it unique",
    "REQUIRED_FIELD_MISSING": "fill the required field in Salesforce, then plan again",
    "STRING_TOO_LONG": "lengthen the field in Salesforce, or map a shorter value to it",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "add the value to the field's picklist",
    "INVALID_ASSIGNMENT_RULE": "ask the Salesforce admin about the object's assignment rules",
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        "give the integration user edit access to the field (field-level security)"
    ),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": _SIBLING,
    "PROCESSING_HALTED": _SIBLING,
    "BATCH_PROCESSING_HALTED": _SIBLING,
    "InvalidBatch": "run again: it makes a new job",
    "InvalidJob": "run again: it makes a new job",
    "InvalidJobState": "run again: the job was already closed or aborted",
}
STOPPING: Final[Mapping[str, str]] = {
    "REQUEST_LIMIT_EXCEEDED": (
        "wait until the 24-hour window frees API calls (Setup > System Overview), then run the "
        "same command again: it resumes"
    ),
    "LIMIT_EXCEEDED": "wait until the 24-hour window frees Bulk batches, then run again",
    "ExceededQuota": "wait until the 24-hour window frees Bulk batches, then run again",
    "STORAGE_LIMIT_EXCEEDED": "free data storage in Salesforce, then run again",
    "API_DISABLED_FOR_ORG": "enable the API for this org's edition or this user's profile",
    "INSUFFICIENT_ACCESS": _ADMIN_ACCESS,
    "FeatureNotEnabled": "enable the Bulk API for this org, or set apply.method: collections",
    "InvalidUser": "use the same integration user as the run before, or give it Bulk API rights",
    "UNSUPPORTED_API_VERSION": _NEWER_VERSION,
    "GONE": _NEWER_VERSION,
    "InvalidVersion": _NEWER_VERSION,
    "TXN_SECURITY_NO_ACCESS": (
        "ask the Salesforce admin about the transaction security policy that blocks this"
    ),
    "MALFORMED_QUERY": "correct the filter or field names in mappings/",
    "INVALID_FIELD": (
        "give the integration user read access to the field (field-level security), or correct "
        "its name in mappings/"
    ),
    "INVALID_TYPE": (
        "give the integration user access to the object, or enable the feature it belongs to"
    ),
    "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS": "use at most two sub-selects in a filter",
    "JSON_PARSER_ERROR": _REPORT_THIS,
    "ClientInputError": _REPORT_THIS,
    "InvalidUrl": _REPORT_THIS,
    "InvalidOperation": _REPORT_THIS,
    "METHOD_NOT_ALLOWED": _REPORT_THIS,
    "MethodNotAllowed": _REPORT_THIS,
}
OAUTH: Final[Mapping[str, str]] = {
    "invalid_grant": (
        "check the username, the key or secret, and that the app has a Run As user and is "
        "authorised for this user"
    ),
    "invalid_client": "check SFTERRITORY_CLIENT_ID and SFTERRITORY_CLIENT_SECRET, or client_id "
    "and secret of the profile",
    "invalid_client_id": "check SFTERRITORY_CLIENT_ID, or client_id of the profile",
    "invalid_client_credentials": "check SFTERRITORY_CLIENT_SECRET, or secret of the profile",
    "invalid_request": "check the address: it has to be the org's My Domain",
    "unsupported_grant_type": "enable the flow in the app's OAuth settings",
    "invalid_app_access": "authorise the app for the integration user",
    "inactive_user": "activate the integration user",
    "inactive_org": "ask Salesforce about the state of this org",
}
OAUTH_CODES: Final = frozenset({*OAUTH, "rate_limit_exceeded", "INVALID AUTH"})
LIMIT_CODES: Final = frozenset({"REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "ExceededQuota"})

RULES: Final[Mapping[str, Rule]] = {
    code: Rule(act, remedy)
    for act, remedies in (
        (Act.RETRY, RETRIED),
        (Act.REFRESH, REFRESHED),
        (Act.SPLIT, SPLIT),
        (Act.CONFLICT, CONFLICTS),
        (Act.FINAL, FINAL),
        (Act.STOP, {**STOPPING, **OAUTH}),
    )
    for code, remedy in remedies.items()
}
_LOOK_UP = "look the code up in Salesforce's documentation, then try again"
UNKNOWN_OF_RECORD: Final = Rule(Act.FINAL, _LOOK_UP)
UNKNOWN_OF_REQUEST: Final = Rule(Act.STOP, _LOOK_UP)

# Bulk writes INVALIDJOBSTATE or InvalidJobState for one and the same.
_BY_FOLDED: Final = {code.casefold(): code for code in RULES}
# The beginning that policies of one kind share; an org's own follow it.
_TXN_SECURITY: Final = "TXN_SECURITY_"
_BUSY: Final = frozenset({408, 420, 429})  # too slow, no route at the edge, too many
_BY_STATUS: Final[Mapping[int, str]] = {
    401: "INVALID_SESSION_ID",
    404: "NOT_FOUND",
    410: "GONE",
    412: "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE",
    414: "OPERATION_TOO_LARGE",
    431: "OPERATION_TOO_LARGE",
}


def known_code(code: str) -> str | None:
    """Return the code as the table spells it, None where the table has no such code."""
    if code.startswith(_TXN_SECURITY):
        return "TXN_SECURITY_NO_ACCESS"
    return _BY_FOLDED.get(code.casefold())


def rule_of_record(code: str, message: str) -> Rule:
    """Return what a refused record asks for; an unknown code is final for that record."""
    return _passing(code, message) or _known(code) or UNKNOWN_OF_RECORD


def rule_of_request(code: str, message: str, *, status: int) -> Rule:
    """Return what a refused request asks for; the status decides only where there is no code.

    An unknown code stops, unless the server itself failed.
    """
    rule = _passing(code, message) or _known(code)
    if rule is not None:
        return rule
    if status in _BUSY or status >= 500:
        return Rule(Act.RETRY, AGAIN_LATER)
    if not code and status in _BY_STATUS:
        return RULES[_BY_STATUS[status]]
    return UNKNOWN_OF_REQUEST


def row_is_locked(code: str, message: str) -> bool:
    """Tell whether a refused record was only locked, perhaps inside a trigger's own error."""
    return code == "UNABLE_TO_LOCK_ROW" or (
        code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and "UNABLE_TO_LOCK_ROW" in message
    )


def _known(code: str) -> Rule | None:
    spelled = known_code(code)
    return None if spelled is None else RULES[spelled]


def _passing(code: str, message: str) -> Rule | None:
    """Return RETRY for a code that is usually final and goes away by itself this time."""
    if row_is_locked(code, message):
        return RULES["UNABLE_TO_LOCK_ROW"]
    return Rule(Act.RETRY, AGAIN_LATER) if _is_concurrent(code, message) else None


def _is_concurrent(code: str, message: str) -> bool:
    return code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in message
