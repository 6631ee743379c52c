"""Cors -> the CORS filter of Envoy and its configuration on a route.

Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httpcorsfilter
"""

import re
from typing import Any

from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.filters import Cors

NAME = "cors"
CONFIG = cors_pb2.Cors()

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_LABELS = "[^/:?#]+"


def cors_policy(cors: Cors) -> Any:
    """Return the policy of one route."""
    return cors_pb2.CorsPolicy(
        allow_origin_string_match=[_origin(origin) for origin in cors.origins],
        allow_methods=_list(cors.methods),
        allow_headers=_list(cors.allow_headers),
        expose_headers=_list(cors.expose_headers),
        max_age=str(cors.max_age),
        allow_credentials=wrappers_pb2.BoolValue(value=cors.credentials),
        # A preflight from elsewhere is answered here, without the headers that would allow it.
        forward_not_matching_preflights=wrappers_pb2.BoolValue(value=False),
    )


def _list(names: tuple[str, ...]) -> str:
    # Envoy gives back what the request asked for only where the text is "*" and nothing else; that is also what
    # credentials need, with which a literal "*" means nothing to a browser.
    return "*" if "*" in names else ", ".join(names)


def _origin(origin: str) -> Any:
    if origin == "*":
        return string_pb2.StringMatcher(exact="*")
    scheme, _, rest = origin.partition("://")
    # Browsers leave the scheme's own port out of Origin.
    text = f"{scheme}://{rest.removesuffix(_DEFAULT_PORTS.get(scheme.lower(), chr(0)))}"
    if "*" not in text:
        return string_pb2.StringMatcher(exact=text, ignore_case=True)
    pattern = _LABELS.join(map(re.escape, text.split("*")))
    return string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=f"(?i){pattern}"))
