"""SecurityPolicy: whom else it has asked, and what it refers to: ext_authz servers, OpenID providers, Secrets.

What is in another namespace needs a ReferenceGrant there, for the kind of theirs that has the reference.
"""

from collections.abc import Sequence
from typing import Final

from gatewayd.api.accesspolicy import (
    OIDC,
    ExternalAuthSection,
    PolicyBackendRef,
    PolicyForwardBody,
    PolicyGRPCAuth,
    PolicyHTTPAuth,
    SecretRef,
)
from gatewayd.api.envoy_gateway.fields import TheirBackendRef, TheirSecretRef, TheirServer
from gatewayd.api.envoy_gateway.references import SecurityBackendRef, SecuritySecretRef
from gatewayd.api.envoy_gateway.security import (
    SecurityExtAuth,
    SecurityHTTPServer,
    SecurityOIDC,
    SecurityRemoteKeys,
)
from gatewayd.api.names import shown
from gatewayd.translator.envoy_gateway.taken import Telling

_SCHEMES: Final = ("http", "https", "%REQ(x-forwarded-proto)%")
_REQUEST_HOST: Final = "%REQ(:authority)%"


def secret_ref(written: TheirSecretRef) -> SecretRef:
    """Return a reference of a SecurityPolicy to a Secret."""
    return SecuritySecretRef(name=written.name, namespace=written.namespace)


def one_backend(
    written: Sequence[TheirBackendRef], path: str, telling: Telling, ref_type: type[PolicyBackendRef]
) -> PolicyBackendRef | None:
    """Return the server that is asked, as a reference of a kind of theirs; one is, whatever their number."""
    if len(written) != 1:
        telling.refuse(f"{path}.backendRefs", f"must name one server, not {len(written)}")
        return None
    [ref] = written
    return ref_type(group=ref.group, kind=ref.kind, name=ref.name, namespace=ref.namespace, port=ref.port)


def servers(written: TheirServer | SecurityRemoteKeys) -> tuple[TheirBackendRef, ...]:
    """Return the servers that are named by either of the two fields that there are for it."""
    return (*((written.backend_ref,) if written.backend_ref is not None else ()), *written.backend_refs)


def ext_auth(written: SecurityExtAuth, path: str, telling: Telling) -> ExternalAuthSection | None:
    """Return the section that has the server asked."""
    server = written.grpc or written.http
    if server is None or (written.grpc is not None and written.http is not None):
        telling.refuse(path, "must have one of grpc, http")
        return None
    body = written.body_to_ext_auth
    http = written.http
    asked = one_backend(servers(server), f"{path}.{'grpc' if http is None else 'http'}", telling, SecurityBackendRef)
    return ExternalAuthSection(
        protocol="GRPC" if http is None else "HTTP",
        backend_ref=asked,
        grpc=PolicyGRPCAuth(allowed_headers=written.headers_to_ext_auth) if http is None else None,
        http=_http(written, http, f"{path}.http", telling) if http is not None else None,
        forward_body=PolicyForwardBody(max_size=body.max_request_bytes) if body is not None else None,
        fail_open=written.fail_open,
    )


def _http(written: SecurityExtAuth, server: SecurityHTTPServer, path: str, telling: Telling) -> PolicyHTTPAuth:
    if not server.headers_to_backend:
        telling.differ(f"{path}.headersToBackend", "without it backends get all headers of the server's answer")
    return PolicyHTTPAuth(
        path=server.path,
        allowed_headers=written.headers_to_ext_auth,
        allowed_response_headers=server.headers_to_backend,
    )


def login(written: SecurityOIDC, path: str, telling: Telling) -> OIDC:
    """Return the section that has clients log in."""
    provider = written.provider
    if (provider.authorization_endpoint is None) != (provider.token_endpoint is None):
        telling.refuse(f"{path}.provider", "must have both of authorizationEndpoint, tokenEndpoint, or none")
    if not provider.backend_refs:
        telling.refuse(f"{path}.provider.backendRefs", "is required here: it says who is asked for tokens")
        server = None
    else:
        server = one_backend(provider.backend_refs, f"{path}.provider", telling, SecurityBackendRef)
    if written.client_id is None:
        telling.refuse(f"{path}.clientID", "is required here")
    return OIDC(
        issuer=provider.issuer,
        authorization_endpoint=provider.authorization_endpoint,
        token_endpoint=provider.token_endpoint,
        end_session_endpoint=provider.end_session_endpoint,
        backend_ref=server,
        client_id=written.client_id,
        client_secret_ref=secret_ref(written.client_secret),
        scopes=written.scopes,
        callback_path=_callback(written.redirect_url, f"{path}.redirectURL", telling),
        logout_path=written.logout_path,
        cookie_domain=written.cookie_domain,
        forward_access_token=written.forward_access_token,
    )


def _callback(url: str | None, path: str, telling: Telling) -> str | None:
    """Return the path that clients come back to."""
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    host, slash, below = rest.partition("/")
    if scheme not in _SCHEMES or not host or not below:
        telling.refuse(path, f"{shown(url)} has no path to come back to; allowed: https://{_REQUEST_HOST}/PATH")
        return None
    return f"{slash}{below}"
