"""Tokens -> Envoy's jwt_authn filter in a place of its own, with the keys in its configuration.

Headers that tell a backend what a token says have been taken away from the client before (`withheld_headers`).
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
"""

from functools import lru_cache
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from google.protobuf import empty_pb2

from gatewayd.ir.policy import TokenIssuer, Tokens
from gatewayd.xds.filters.auth import composite, taking_place

NAME = "token"
CONFIG = composite(NAME)
METADATA = "envoy.filters.http.jwt_authn"
"""Where the filter leaves what a token says, under `PAYLOAD`."""
PAYLOAD = "token"
_FILTER = METADATA
_SPACED = ("scope", "scp")
"""Claims that hold several words: each counts as an element of a list."""


@lru_cache(maxsize=256)
def per_route(tokens: Tokens) -> Any:
    """Return the configuration of one route."""
    authn = config_pb2.JwtAuthentication(
        providers={each.name: _provider(each, tokens.cookie) for each in tokens.issuers},
        rules=[
            config_pb2.RequirementRule(match=route_components_pb2.RouteMatch(prefix="/"), requires=_required(tokens))
        ],
        # What is wrong with a token is nobody's business but its owner's, and a 401 says enough.
        strip_failure_response=True,
    )
    return taking_place(_FILTER, authn)


def _places(cookie: str) -> dict[str, Any]:
    """Return where a token is looked for; Envoy's own places when no cookie is named."""
    if not cookie:
        return {}
    header = config_pb2.JwtHeader(name="Authorization", value_prefix="Bearer ")
    return {"from_headers": [header], "from_cookies": [cookie]}


def _provider(issuer: TokenIssuer, cookie: str) -> Any:
    return config_pb2.JwtProvider(
        issuer=issuer.issuer,
        audiences=issuer.audiences,
        local_jwks=base_pb2.DataSource(inline_string=issuer.keys),
        forward=True,
        **_places(cookie),
        payload_in_metadata=PAYLOAD,
        normalize_payload_in_metadata=config_pb2.JwtProvider.NormalizePayload(space_delimited_claims=_SPACED),
        jwt_cache_config=config_pb2.JwtCacheConfig(),
        claim_to_headers=[
            config_pb2.JwtClaimToHeader(header_name=each.header, claim_name=each.claim) for each in issuer.claim_headers
        ],
    )


def _required(tokens: Tokens) -> Any:
    requirements = [config_pb2.JwtRequirement(provider_name=each.name) for each in tokens.issuers]
    if tokens.is_optional:
        requirements.append(config_pb2.JwtRequirement(allow_missing=empty_pb2.Empty()))
    if len(requirements) == 1:
        return requirements[0]
    return config_pb2.JwtRequirement(requires_any=config_pb2.JwtRequirementOrList(requirements=requirements))
