"""What of the Gateway API is not read at all, and what is read only to be refused.

Keys are a kind and a field path, "" for the whole kind, "[]" for any element of a list. The tests hold UNSUPPORTED to
the CRDs: a field that is in neither a struct nor this table fails them. The documentation is made from both tables.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

UNSUPPORTED: Final[Mapping[tuple[str, str], str]] = MappingProxyType({})

_EXTENSION: Final = "no kind is known that a listener may refer to; a RouteFilter is for rules of routes"
_REDIRECT: Final = "what is sent to a backend cannot be sent away; put the filter into a rule"

REFUSED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("Gateway", "spec.listeners[].filters.requests[].extensionRef"): _EXTENSION,
        ("ListenerSet", "spec.listeners[].filters.requests[].extensionRef"): _EXTENSION,
        ("HTTPRoute", "spec.rules[].backendRefs[].filters[].requestRedirect"): _REDIRECT,
    }
)
