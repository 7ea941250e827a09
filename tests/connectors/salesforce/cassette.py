"""Cassettes: recorded HTTP, scrubbed of whatever tells whose it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr

from sfterritory.model.ids import to_18

from .fault_server import TOKEN_PATH

FOLDER = Path(__file__).parents[3] / "cassettes"
HOST = "https://scrubbed.my.salesforce.com"
MATCH_ON = ("method", "path", "query", "body")

_TOKEN = re.compile(r"00D[A-Za-z0-9]{12,15}![A-Za-z0-9_.]+")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?(?![A-Za-z0-9])")
_SHORT_ID_PREFIX = re.compile(r"(?:00[1356DGQTUe]|0r8|012|500|75[01])[A-Za-z0-9]*\d")
_OUR_ID = re.compile(r"[A-Za-z0-9]{3}\d{12}(?:[A-Z0-5]AA)?\Z")

SCRUBBED_TOKEN = "00D000000000001!scrubbed"
SCRUBBED_EMAIL = "person@example.invalid"

REQUEST_HEADERS = frozenset(
    {
        "accept",
        "content-type",
        "sforce-auto-assign",
        "sforce-call-options",
        "sforce-duplicate-rule-header",
    }
)
RESPONSE_HEADERS = frozenset(
    {"content-type", "sforce-locator", "sforce-numberofrecords", "sforce-limit-info"}
)
# Of the forms of a sign-in: each is a secret, or tells whose the app is.
_FORM_SECRET = re.compile(
    r"(?<![^&])(refresh_token|client_secret|client_id|assertion|code|username|password|token)=[^&]*"
)
_TOKEN_KEYS = ("access_token", "instance_url", "id", "token_type", "scope")
_DESCRIBE_KEYS = ("name", "queryable", "updateable")
_FIELD_KEYS = ("name", "type", "updateable", "nillable", "length", "referenceTo")
# An org's own fields tell whose it is; these every org has.
_DESCRIBED_FIELDS = frozenset(
    {"Id", "OwnerId", "Name", "IsDeleted", "SystemModstamp", "LastModifiedDate", "BillingAddress"}
)


def is_id(text: str) -> bool:
    """Tell whether a word is a record id, and not just 15 or 18 letters."""
    try:
        to_18(text)
    except ValueError:
        return False
    return len(text) == 18 or _SHORT_ID_PREFIX.match(text) is not None


class Scrubber:
    """Replaces what tells whose a recording is, the same thing by the same thing throughout."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Return text without tokens, hosts, addresses and ids."""
        text = _TOKEN.sub(SCRUBBED_TOKEN, text)
        text = _ORIGIN.sub(HOST, text)
        text = _EMAIL.sub(SCRUBBED_EMAIL, text)
        return _ID.sub(self._id, text)

    def request(self, request: Any) -> Any:
        """Return a request as the tape keeps it."""
        request.uri = self.text(request.uri)
        request.headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in REQUEST_HEADERS
        }
        if request.body:
            body = self.text(request.body.decode())
            is_form = "/services/oauth2/" in request.uri
            request.body = _FORM_SECRET.sub(r"\1=scrubbed", body) if is_form else body
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return an answer as the tape keeps it."""
        response["headers"] = {
            name: values
            for name, values in response["headers"].items()
            if name.lower() in RESPONSE_HEADERS
        }
        text = self.text(_without_extras(response["body"]["string"].decode()))
        response["body"]["string"] = text.encode()
        return response

    def _id(self, match: re.Match[str]) -> str:
        word = match[0]
        if not is_id(word) or _OUR_ID.match(word):
            return word
        number = len(self._ids) + 1
        return self._ids.setdefault(to_18(word), to_18(f"{word[:3]}{number:012d}"))[: len(word)]


def _without_extras(text: str) -> str:
    """Return a sign-in's or describe's answer reduced to what we rely on."""
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    if not isinstance(answer, dict):
        return text
    if "access_token" in answer:
        return json.dumps(_only(answer, _TOKEN_KEYS))
    if "fields" in answer and "queryable" in answer:
        fields = [
            _only(field, _FIELD_KEYS)
            for field in answer["fields"]
            if field["name"] in _DESCRIBED_FIELDS
        ]
        return json.dumps({**_only(answer, _DESCRIBE_KEYS), "fields": fields})
    return text


def _only(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}


@contextmanager
def recording(name: str, *, heading: str) -> Iterator[None]:
    """Record what happens in the block as `name`.yaml, scrubbed, under a heading."""
    path = FOLDER / f"{name}.yaml"
    path.unlink(missing_ok=True)
    scrubber = Scrubber()
    recorder = vcr.VCR(
        record_mode="all",
        match_on=MATCH_ON,
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        decode_compressed_response=True,
    )
    with recorder.use_cassette(str(path)):
        yield
    path.write_text(f"# {heading}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


@contextmanager
def replaying(name: str) -> Iterator[Any]:
    """Answer every request of the block from `name`.yaml, and fail for any other."""
    player = vcr.VCR(record_mode="none", match_on=MATCH_ON)
    with player.use_cassette(str(FOLDER / f"{name}.yaml")) as cassette:
        yield cassette


def leftovers(text: str) -> list[str]:
    """Return what a cassette still tells of where it was recorded."""
    found = [token for token in _TOKEN.findall(text) if token != SCRUBBED_TOKEN]
    found += [origin for origin in _ORIGIN.findall(text) if origin != HOST]
    found += [email for email in _EMAIL.findall(text) if email != SCRUBBED_EMAIL]
    found += [
        word
        for word in _ID.findall(text)
        if is_id(word) and not _OUR_ID.match(word) and not SCRUBBED_TOKEN.startswith(word)
    ]
    found += re.findall(
        r"(?i)\b(?:authorization|set-cookie|cookie|client_secret|signature)\b", text
    )
    return found


def signs_in(cassette: Any) -> int:
    """Return how many of a cassette's requests were sign-ins."""
    return sum(request.path == TOKEN_PATH for request in cassette.requests)
