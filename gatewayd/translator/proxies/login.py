"""AccessPolicy, section oidc: where to log in, as whom, and the key that sessions are signed with.

That key is derived of the client's secret, so that all replicas, and all clusters behind one name, have the same one
and nothing is stored; the issuer, the client, the cookies' domain and the namespace go in as well, so that no session
is good elsewhere. What cannot be had closes the scope. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

import re
from hashlib import blake2b
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatewayd.api.accesspolicy import OIDC, AccessPolicy
from gatewayd.api.core import Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.incremental.view import View
from gatewayd.ir.backend import InvalidBackend, Protocol, Upstream
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource
from gatewayd.ir.policy import Login
from gatewayd.ir.tls import PrivateBytes, SharedSecret
from gatewayd.translator.backends.backend_refs import ask_for
from gatewayd.translator.backends.servers import server
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.policies.backendtls import upstream_settings
from gatewayd.translator.policies.credentials import decoded, refused_secret, secret_pointer
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.key_sets import provider_source
from gatewayd.untrusted.provider_metadata import ProviderEndpoints, endpoints_of

CLIENT_SECRET: Final = "client-secret"  # noqa: S105 - the name of an entry
_SECRET: Final = re.compile(rb"[!-~]{16,4096}")
"""Whoever has a cookie can try secrets out on it: providers make them of 20 letters and more."""
_CALLBACK: Final = "/oauth2/callback"
_LOGOUT: Final = "/logout"
_OPENID: Final = "openid"
_KEY_BYTES: Final = 32


def login(view: View, namespace: str, section: OIDC) -> Login | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    if not (section.issuer and section.client_id):
        return Unsupported("issuer: is required, and clientID")
    callback, logout = section.callback_path or _CALLBACK, section.logout_path or _LOGOUT
    if callback == logout:
        return Unsupported("logoutPath: is the callbackPath; another path is allowed")
    endpoints = _endpoints(view, namespace, section)
    if isinstance(endpoints, Unsupported):
        return endpoints
    provider = _provider(view, namespace, section, endpoints.token)
    if isinstance(provider, Unsupported):
        return provider
    secret = _client_secret(view, namespace, section)
    if isinstance(secret, Unsupported):
        return secret
    parts = (namespace, section.issuer, section.client_id, section.cookie_domain or "", str(secret.name))
    mark = blake2b("\n".join(parts).encode(), digest_size=6).hexdigest()
    return Login(
        issuer=section.issuer,
        provider=provider,
        authorization_endpoint=endpoints.authorization,
        token_endpoint=endpoints.token,
        end_session_endpoint=endpoints.end_session,
        client_id=section.client_id,
        client_secret=secret,
        session_key=_session_key(secret, parts, mark),
        mark=mark,
        scopes=tuple(dict.fromkeys((_OPENID, *section.scopes))),
        callback_path=callback,
        logout_path=logout,
        cookie_domain=section.cookie_domain or "",
        forwards_token=bool(section.forward_access_token),
    )


def _endpoints(view: View, namespace: str, section: OIDC) -> ProviderEndpoints | Unsupported:
    """Return where to log in: as the policy says, else as the provider said when it was asked last."""
    if section.authorization_endpoint and section.token_endpoint:
        return ProviderEndpoints(
            section.authorization_endpoint, section.token_endpoint, section.end_session_endpoint or ""
        )
    if section.backend_ref is None:
        return Unsupported("backendRef: is required")
    source = provider_source(view, namespace, section)
    if not isinstance(source, KeySetSource):
        return Unsupported(source or "tokenEndpoint: is required, and authorizationEndpoint, or none of them")
    known = view.get(FetchedKeySet, source)
    endpoints = endpoints_of(known.keys) if known is not None else None
    if endpoints is None:
        why = f": {known.fault}" if known is not None and known.fault else ""
        return Unsupported(f"issuer: {source.uri} could not be fetched yet{why}; allowed: endpoints that are written")
    return endpoints


def _provider(view: View, namespace: str, section: OIDC, token_endpoint: str) -> Upstream | Unsupported:
    ref = section.backend_ref
    if ref is None:
        return Unsupported("backendRef: is required")
    ask = ask_for(BY_STRUCT[AccessPolicy].group_kind, namespace, ref, Protocol.HTTP1)
    upstream = server(view, ask)
    if isinstance(upstream, InvalidBackend):
        return Unsupported(f"backendRef: {upstream.message}")
    if token_endpoint.startswith("https:") and upstream_settings(view, upstream) is None:
        return Unsupported(
            f'backendRef: tokenEndpoint is https, and {ref.kind} "{ask.to}" is spoken to in plain text; allowed: one'
            " with a BackendTLSPolicy, or an XBackend with tls"
        )
    return upstream


def _client_secret(view: View, namespace: str, section: OIDC) -> SharedSecret | Unsupported:
    if section.client_secret_ref is None:
        return Unsupported("clientSecretRef: is required")
    pointer = secret_pointer(section.client_secret_ref, namespace)
    refused = refused_secret(view, pointer)
    row = None if refused else view.get(Secret, pointer.to)
    if row is None:
        return Unsupported(f"clientSecretRef: {refused or missing(view, Content('Secret', pointer.to))}")
    content = decoded(row.data.get(CLIENT_SECRET, ""))
    if content is None or not _SECRET.fullmatch(content):
        allowed = f"allowed: 16 to 4096 visible ASCII letters as {CLIENT_SECRET}"
        return Unsupported(f'clientSecretRef: Secret "{pointer.to}" has no client secret; {allowed}')
    return SharedSecret(name=f"client/{pointer.to}", content=PrivateBytes(content))


def _session_key(secret: SharedSecret, parts: tuple[str, ...], mark: str) -> SharedSecret:
    derive = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=b"gatewayd login", info="\n".join(parts).encode())
    key = derive.derive(bytes(secret.content)).hex().encode()
    return SharedSecret(name=f"session/{parts[0]}/{mark}", content=PrivateBytes(key))
