"""Header names that nobody may write who does not own the connection: one table for all that changes headers.

A connection to a backend carries the requests of many routes. Who says where a message ends, or what the connection
is to become, says it for all of them.
https://www.rfc-editor.org/rfc/rfc9112#section-6, https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_FRAMES: Final = "says where a message ends"
_CONNECTION: Final = "belongs to the connection"
_STEERS: Final = "steers the proxy"

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-length": _FRAMES,
        "transfer-encoding": _FRAMES,
        "trailer": _FRAMES,
        "expect": "says when a body is sent",
        "connection": _CONNECTION,
        "http2-settings": _CONNECTION,
        "keep-alive": _CONNECTION,
        "proxy-connection": _CONNECTION,
        "te": _CONNECTION,
        "upgrade": _CONNECTION,
    }
)
"""Lower-case names, each with what it does."""

PREFIXES: Final[Mapping[str, str]] = MappingProxyType({"x-gatewayd-": _STEERS, "x-envoy-": _STEERS})
"""What gatewayd and Envoy tell themselves."""

HOST: Final = "host"

EXPRESSION: Final = "(?i)" + "|".join((
    HOST,
    *(name.replace("-", "[-_]") for name in NAMES),
    *(f"{prefix.replace('-', '[-_]')}.*" for prefix in PREFIXES),
))  # fmt: skip
"""An RE2 expression that the whole of any such name matches, Host included, in any case."""

OF_CONNECTION: Final = "(?i)" + "|".join(name for name in NAMES if name != "content-length")
"""What no request takes over from another one; how long its own body is, each says itself."""


def reserved(name: str) -> str:
    """Return what a header is there for that may not be changed, "" for one that may.

    "_" counts as "-", as it does for backends that read headers as CGI does.
    """
    plain = name.lower().replace("_", "-")
    if plain.startswith(":"):
        return "is a pseudo-header, a part of the request line"
    found = next((why for prefix, why in PREFIXES.items() if plain.startswith(prefix)), "")
    return NAMES.get(plain, found)


def of_response(name: str) -> str:
    """Return why a server may not put a header into a request that it lets through, "" when it may."""
    return "says which host is asked" if name.lower() == HOST else reserved(name)
