"""Tokens -> Envoy's jwt_authn filter, whose configuration is a resource of its own (`discovered`).

It has the issuers and keys of all routes of a proxy once. A route names what it requires, by a hash of that: another
requirement is another name, and other keys that are fetched are not.
Headers that tell a backend what a token says have been taken away from the client before (`withheld_headers`).
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
"""

import base64
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, assert_never

from envoy.config.core.v3 import base_pb2, http_uri_pb2
from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from google.protobuf import empty_pb2

from gatewayd.ir.key_sets import KeySetSource, ProxyKeySet, SourceKeys
from gatewayd.ir.policy import TokenIssuer, Tokens
from gatewayd.xds import names
from gatewayd.xds.encoding import milliseconds, serialised
from gatewayd.xds.resource import content_version

NAME: Final = "token"
_unsigned = base64.urlsafe_b64encode(sha256(b"nobody has the private key").digest()).rstrip(b"=")
METADATA: Final = "envoy.filters.http.jwt_authn"
"""Where the filter leaves what a token says, under `PAYLOAD`."""
PAYLOAD: Final = "token"
NOBODYS: Final = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": _unsigned.decode()}]})
"""A set of one key that no private key is known of: Envoy takes no empty set, and a 401 is what there is to say."""
_TIMEOUT_MS: Final = 5_000
_GOOD_FOR_MS: Final = 300_000
"""As gatewayd itself takes an answer that does not say how long it is good for."""
_AGAIN_MS: Final = 10_000
_SPACED = ("scope", "scp")
"""Claims that hold several words: each counts as an element of a list."""


@lru_cache(maxsize=256)
def per_route(tokens: Tokens) -> Any:
    """Return the configuration of one route."""
    return config_pb2.PerRouteConfig(requirement_name=_hash(_required(tokens)))


def filter_config(asked: Iterable[Tokens], key_sets: Iterable[SourceKeys]) -> Any:
    """Return the configuration of the filter for all routes of a proxy, with the keys that were fetched."""
    fetched = {each.source: each.keys for each in key_sets}
    tokens = tuple(asked)
    required = [_required(each) for each in tokens]
    issuers = dict.fromkeys((issuer, each.cookie) for each in tokens for issuer in each.issuers)
    return _config(
        providers={
            _provider_name(issuer, cookie): _provider(issuer, cookie, _keys(issuer, fetched))
            for issuer, cookie in issuers
        },
        requirements={_hash(each): each for each in required},
    )


def union(old: Any, new: Any) -> Any:
    """Return the configuration of both; what is in both is as the new one has it."""
    return _config(
        providers={**old.providers, **new.providers}, requirements={**old.requirement_map, **new.requirement_map}
    )


def _config(providers: dict[str, Any], requirements: dict[str, Any]) -> Any:
    # What is wrong with a token is nobody's business but its owner's, and a 401 says enough.
    return config_pb2.JwtAuthentication(providers=providers, requirement_map=requirements, strip_failure_response=True)


@lru_cache(maxsize=1024)
def _provider_name(issuer: TokenIssuer, cookie: str) -> str:
    keys = issuer.keys
    return _hash(_provider(issuer, cookie, _by_proxies(keys) if isinstance(keys, ProxyKeySet) else _inline(str(keys))))


def _keys(issuer: TokenIssuer, fetched: Mapping[KeySetSource, str]) -> dict[str, Any]:
    """Return the fields for the keys of an issuer; while nothing has been fetched, one that nobody signs with."""
    match issuer.keys:
        case str():
            return _inline(issuer.keys)
        case KeySetSource():
            return _inline(fetched.get(issuer.keys) or NOBODYS)
        case ProxyKeySet():
            return _by_proxies(issuer.keys)
        case _:
            assert_never(issuer.keys)


def _inline(keys: str) -> dict[str, Any]:
    return {"local_jwks": base_pb2.DataSource(inline_string=keys)}


def _by_proxies(keys: ProxyKeySet) -> dict[str, Any]:
    """Return the fields that make Envoy fetch keys, ahead of the first request, and soon again where that fails."""
    uri = http_uri_pb2.HttpUri(uri=keys.uri, cluster=names.cluster(keys.via), timeout=milliseconds(_TIMEOUT_MS))
    remote = config_pb2.RemoteJwks(
        http_uri=uri,
        cache_duration=milliseconds(_GOOD_FOR_MS),
        async_fetch=config_pb2.JwksAsyncFetch(fast_listener=True, failed_refetch_duration=milliseconds(_AGAIN_MS)),
    )
    return {"remote_jwks": remote}


def _places(cookie: str) -> dict[str, Any]:
    """Return where a token is looked for; Envoy's own places when no cookie is named."""
    if not cookie:
        return {}
    header = config_pb2.JwtHeader(name="Authorization", value_prefix="Bearer ")
    return {"from_headers": [header], "from_cookies": [cookie]}


def _provider(issuer: TokenIssuer, cookie: str, keys: dict[str, Any]) -> Any:
    return config_pb2.JwtProvider(
        issuer=issuer.issuer,
        audiences=issuer.audiences,
        **keys,
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
    requirements = [
        config_pb2.JwtRequirement(provider_name=_provider_name(each, tokens.cookie)) for each in tokens.issuers
    ]
    if tokens.is_optional:
        requirements.append(config_pb2.JwtRequirement(allow_missing=empty_pb2.Empty()))
    if len(requirements) == 1:
        return requirements[0]
    return config_pb2.JwtRequirement(requires_any=config_pb2.JwtRequirementOrList(requirements=requirements))


def _hash(message: Any) -> str:
    return content_version(serialised(message))
