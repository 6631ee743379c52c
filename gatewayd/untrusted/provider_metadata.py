"""What an OpenID provider says of itself -> the endpoints that a login needs, written in one way.

The document is a stranger's: it counts for the issuer alone whose it is, and only URLs of the form that a policy could
have written are taken of it. https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

import json
import re
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

WELL_KNOWN: Final = "/.well-known/openid-configuration"
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9](?:[-.A-Za-z0-9]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[-A-Za-z0-9/._~!$&'()*+,;=:@%?]*)?"
)
_LONGEST: Final = 1024


class ProviderEndpoints(NamedTuple):
    """Where browsers log in and out, and where the proxy asks for tokens; `end_session` "" where there is none."""

    authorization: str
    token: str
    end_session: str


class NoProvider(NamedTuple):
    """A text that says of no provider where to log in. `why` tells nothing of what is in it."""

    why: str


def metadata_uri(issuer: str) -> str:
    """Return where a provider says it: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig."""
    return f"{issuer.removesuffix('/')}{WELL_KNOWN}"


def provider_metadata(text: str, uri: str) -> str | NoProvider:
    """Return what is needed of the document at `uri`, or why it is of no use."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return NoProvider("is not JSON")
    if not isinstance(document, dict):
        return NoProvider("is no provider's configuration")
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or metadata_uri(issuer) != uri:
        return NoProvider("is of another issuer")
    endpoints = {}
    for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint"):
        url = document.get(name, "")
        if not isinstance(url, str) or (url and not _is_url(url)):
            return NoProvider(f"has an {name} that is no URL of a known form")
        endpoints[name.removesuffix("_endpoint")] = url
    if not endpoints["authorization"] or not endpoints["token"]:
        return NoProvider("has no authorization_endpoint, or no token_endpoint")
    return json.dumps(endpoints)


@lru_cache(maxsize=256)
def endpoints_of(metadata: str) -> ProviderEndpoints | None:
    """Return the endpoints of what `provider_metadata` has made; None of any other text."""
    try:
        endpoints = ProviderEndpoints(**msgspec.json.decode(metadata, type=dict[str, str]))
    except (msgspec.MsgspecError, TypeError, RecursionError):
        return None
    needed = endpoints if endpoints.end_session else endpoints[:2]
    return endpoints if all(map(_is_url, needed)) else None


def _is_url(text: str) -> bool:
    return len(text) <= _LONGEST and _URL.fullmatch(text) is not None
