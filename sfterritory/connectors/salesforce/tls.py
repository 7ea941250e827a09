"""Why a TLS connection was refused, in words that lead to the cause."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

# OpenSSL's X509_V_ERR_...: its texts differ between versions, the numbers do not.
_NOT_YET_VALID = 9
_EXPIRED = 10
_UNKNOWN_SIGNERS = frozenset({2, 18, 19, 20, 21})
_OTHER_NAMES = frozenset({62, 64})
_NO_INSPECTION = (
    "connect without a proxy that opens TLS connections: ask whoever runs the network to let "
    "*.my.salesforce.com pass unopened"
)


@dataclass(frozen=True, slots=True)
class TlsTrouble:
    """Why TLS failed, and what to do.

    Attributes:
        before_any_request: The handshake failed, so nothing was sent yet.
    """

    what: str
    remedy: str
    before_any_request: bool = True


def tls_trouble(error: BaseException) -> TlsTrouble | None:
    """Return what is wrong where TLS is behind a failure; None of any other."""
    found = next((one for one in _chain(error) if isinstance(one, ssl.SSLError)), None)
    if found is None:
        return None
    if not isinstance(found, ssl.SSLCertVerificationError):
        return TlsTrouble(
            f"the TLS connection failed ({found.reason or type(found).__name__})",
            "check that the address is Salesforce's, and that no proxy stands between",
            before_any_request=False,
        )
    match found.verify_code:
        case code if code in _OTHER_NAMES:
            return TlsTrouble(
                "the server's certificate is made out to another name",
                "correct the instance URL: something else than Salesforce answers there",
            )
        case code if code in _UNKNOWN_SIGNERS:
            who = "the server's certificate is signed by nobody that this machine trusts"
            return TlsTrouble(f"{who} ({found.verify_message})", _NO_INSPECTION)
        case code if code in {_EXPIRED, _NOT_YET_VALID}:
            return TlsTrouble(
                f"the server's certificate is outside its time ({found.verify_message})",
                "set this machine's clock by a time server; if it is right, " + _NO_INSPECTION,
            )
    return TlsTrouble(
        f"the server's certificate is refused ({found.verify_message})", _NO_INSPECTION
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and whatever it wraps: the libraries hide the cause in different places."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
