"""SecurityPolicy -> sections of an AccessPolicy. What cannot be had closes what the policy is for.

https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicyspec
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from gatewayd.api.accesspolicy import (
    CSRF,
    JWT,
    APIKeys,
    APIKeySource,
    Basic,
    ClaimToHeader,
    CorsSection,
    JWTProvider,
    KeySet,
)
from gatewayd.api.durations import milliseconds
from gatewayd.api.envoy_gateway.references import SecurityBackendRef
from gatewayd.api.envoy_gateway.security import (
    SecurityAPIKeyAuth,
    SecurityBasicAuth,
    SecurityCORS,
    SecurityCSRF,
    SecurityJWT,
    SecurityJWTProvider,
    SecurityPolicySpec,
)
from gatewayd.api.httproute import CORSMethod
from gatewayd.api.inherited import PolicySection
from gatewayd.api.names import shown
from gatewayd.translator.envoy_gateway.authorization import authorization
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.servers import ext_auth, login, one_backend, secret_ref, servers
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_SECOND_MS: Final = 1000
_CONNECTIONS: Final = frozenset({"TCPRoute"})
_ROUTES: Final = frozenset({"HTTPRoute", "GRPCRoute", "TCPRoute"})


def security(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of a SecurityPolicy of a namespace comes to."""
    telling = Telling(namespace=namespace)
    spec = read(written, SecurityPolicySpec, telling)
    if spec is None:
        return telling.result(())
    _for_targets(spec, telling)
    return telling.result(_sections(spec, telling))


def _for_targets(spec: SecurityPolicySpec, telling: Telling) -> None:
    """Refuse what cannot be done for one of the targets."""
    kinds = _kinds(spec)
    if spec.merge_type is not None and not kinds <= _ROUTES:
        telling.refuse("spec.mergeType", "must not be set for a Gateway or a ListenerSet; allowed: for routes")
    if kinds & _CONNECTIONS:
        for each in _TRANSLATED:
            if getattr(spec, each.attribute) is not None:
                why = "must not be set for a TCPRoute, whose connections are not looked into; allowed: authorization"
                telling.refuse(f"spec.{each.wire}", why)


def _kinds(spec: SecurityPolicySpec) -> set[str]:
    return {each.kind for each in (spec.target_ref, *spec.target_refs) if each is not None}


def _sections(spec: SecurityPolicySpec, telling: Telling) -> Iterator[TakenSection]:
    for each in _TRANSLATED:
        given = getattr(spec, each.attribute)
        section = each.translate(given, f"spec.{each.wire}", telling) if given is not None else None
        if section is not None:
            yield TakenSection(each.section, section, f"spec.{each.wire}")
    if spec.authorization is not None:
        providers = tuple(each.name for each in spec.jwt.providers) if spec.jwt is not None else ()
        for taken in authorization(spec.authorization, providers, telling):
            if taken.name != "clients" and _kinds(spec) & _CONNECTIONS:
                telling.refuse(taken.path, "must have no rule but for clientCIDRs for a TCPRoute")
            yield taken
    _beside_login(spec, telling)


def _beside_login(spec: SecurityPolicySpec, telling: Telling) -> None:
    """Refuse a login beside tokens that does not say that a token stands for a login: here it does."""
    passes = spec.oidc is not None and bool(spec.oidc.pass_through_auth_header)
    if spec.oidc is not None and spec.jwt is not None and not passes:
        telling.refuse("spec.oidc.passThroughAuthHeader", "must be true beside jwt: a token stands for a login here")
    if passes and spec.jwt is None:
        telling.refuse("spec.oidc.passThroughAuthHeader", "must not be true without jwt")


def _cors(written: SecurityCORS, _path: str, _telling: Telling) -> CorsSection:
    seconds = milliseconds(written.max_age) // _SECOND_MS
    return CorsSection(
        allow_origins=written.allow_origins,
        allow_credentials=written.allow_credentials,
        allow_methods=cast("tuple[CORSMethod, ...]", written.allow_methods),  # theirs may be any
        allow_headers=written.allow_headers,
        expose_headers=written.expose_headers,
        max_age=seconds if written.max_age is not None else None,
    )


def _csrf(written: SecurityCSRF, path: str, telling: Telling) -> CSRF:
    """Return the hosts of origins: the scheme does not count, in their filter either."""
    hosts = []
    for at, origin in enumerate(written.additional_origins):
        host = origin.partition("://")[2].lower() if "://" in origin else origin.lower()
        if "*" in host.removeprefix("*.") or not host:
            allowed = "allowed: an origin, or one with *. before its host"
            telling.refuse(f"{path}.additionalOrigins[{at}]", f"{shown(origin)} cannot be had; {allowed}")
        hosts.append(host)
    return CSRF(additional_hosts=tuple(hosts))


def _basic(written: SecurityBasicAuth, _path: str, _telling: Telling) -> Basic:
    return Basic(
        secret_ref=secret_ref(written.users),
        client_header=written.forward_username_header,
    )


def _api_keys(written: SecurityAPIKeyAuth, path: str, telling: Telling) -> APIKeys:
    refs = map(secret_ref, written.credential_refs)
    sources = tuple(
        source
        for each in written.extract_from
        for source in (
            *(APIKeySource(type="Header", name=name) for name in each.headers),
            *(APIKeySource(type="Query", name=name) for name in each.params),
            *(APIKeySource(type="Cookie", name=name) for name in each.cookies),
        )
    )
    if not sources:
        telling.refuse(f"{path}.extractFrom", "names nothing; allowed: headers, params, cookies")
    return APIKeys(secret_refs=tuple(refs), sources=sources, client_header=written.forward_client_id_header)


def _jwt(written: SecurityJWT, path: str, telling: Telling) -> JWT:
    providers = (
        _provider(provider, f"{path}.providers[{at}]", telling) for at, provider in enumerate(written.providers)
    )
    return JWT(providers=tuple(providers), optional=written.optional)


def _provider(written: SecurityJWTProvider, path: str, telling: Telling) -> JWTProvider:
    if written.issuer is None:
        telling.refuse(f"{path}.issuer", "is required here: a key is good for the tokens of one issuer")
    return JWTProvider(
        name=written.name,
        issuer=written.issuer or "",
        audiences=written.audiences,
        keys=_keys(written, path, telling),
        claim_headers=tuple(ClaimToHeader(claim=each.claim, header=each.header) for each in written.claim_to_headers),
    )


def _keys(written: SecurityJWTProvider, path: str, telling: Telling) -> KeySet:
    local, remote = written.local_jwks, written.remote_jwks
    if (local is None) == (remote is None):
        telling.refuse(path, "must have one of remoteJWKS, localJWKS")
    if local is not None and local.inline is None:
        telling.refuse(f"{path}.localJWKS.inline", "is required here")
    if remote is None:
        return KeySet(inline=local.inline if local is not None else None)
    named = servers(remote)
    server = one_backend(named, f"{path}.remoteJWKS", telling, SecurityBackendRef) if named else None
    return KeySet(uri=remote.uri, backend_ref=server)


class _Translated(NamedTuple):
    """A section of an AccessPolicy, and the field that it is made of."""

    section: str
    attribute: str
    wire: str
    translate: Callable[[Any, str, Telling], PolicySection | None]


_TRANSLATED: Final = (
    _Translated("cors", "cors", "cors", _cors),
    _Translated("csrf", "csrf", "csrf", _csrf),
    _Translated("jwt", "jwt", "jwt", _jwt),
    _Translated("oidc", "oidc", "oidc", login),
    _Translated("api_keys", "api_key_auth", "apiKeyAuth", _api_keys),
    _Translated("basic", "basic_auth", "basicAuth", _basic),
    _Translated("external_auth", "ext_auth", "extAuth", ext_auth),
)
