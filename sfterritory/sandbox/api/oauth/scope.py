"""What a token may be used for."""

from __future__ import annotations

from sfterritory.sandbox.api.oauth.request import OAuthError

# The app's own scopes. `openid` is not among them: the org signs no identity tokens.
APP_SCOPES = ("api", "web", "full", "id", "profile", "email", "refresh_token", "offline_access")
BROWSER_SCOPE = "refresh_token api web id"
_LASTING = frozenset({"refresh_token", "offline_access"})


def granted_scope(asked: str, *, default: str) -> str:
    """Return the scopes of a token; asking for none takes the default.

    Raises:
        OAuthError: The app does not have one of them.
    """
    scopes = asked.split()
    strange = [one for one in scopes if one not in APP_SCOPES]
    if strange:
        raise OAuthError("invalid_scope", f"the requested scope is not allowed: {strange[0][:80]}")
    return " ".join(dict.fromkeys(scopes)) or default


def lasts(scope: str) -> bool:
    """Whether a refresh token goes with the access token."""
    return not _LASTING.isdisjoint(scope.split())
