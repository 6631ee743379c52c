"""The certificate that a Gateway shows to backends: its own, or one that the backend's object names.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls (clientCertificateRef)
"""

from collections.abc import Callable
from dataclasses import dataclass

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import SecretObjectRef
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tls import Certificate
from gatewayd.translator import verdicts
from gatewayd.translator.certificates import certificate
from gatewayd.translator.policies.attach import XBACKEND_KIND
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.reference_grants import Pointer, permitted
from gatewayd.translator.refused_secrets import refusal
from gatewayd.translator.rescues import blame

SECRET_KIND = GroupKind("", "Secret")
_PATHS = {
    GATEWAY_KIND: "spec.tls.backend.clientCertificateRef",
    XBACKEND_KIND: "spec.tls.clientCertificateRef",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """`certificate` None: none is shown. `resolved` None: none was asked for, so nothing is said."""

    certificate: Certificate | None
    resolved: Verdict | None


NONE_ASKED = ClientCertificate(certificate=None, resolved=None)


def _unread(owner: GroupKind) -> Callable[[View, ObjectKey, Exception, ClientCertificate | None], ClientCertificate]:
    def rescue(_view: View, _key: ObjectKey, error: Exception, _before: ClientCertificate | None) -> ClientCertificate:
        return _without(verdicts.invalid_client_certificate_ref(blame(_PATHS[owner], error)))

    return rescue


@rescued_query(_unread(GATEWAY_KIND))
def client_certificate(view: View, gateway: ObjectKey) -> ClientCertificate:
    """Return the client certificate of a Gateway."""
    row = view.get(Gateway, gateway)
    backend = row.spec.tls.backend if row is not None and row.spec.tls is not None else None
    ref = backend.client_certificate_ref if backend is not None else None
    if ref is None:
        return NONE_ASKED
    return _as_taken(view, gateway, GATEWAY_KIND, _resolved(view, GATEWAY_KIND, gateway.namespace, ref))


@rescued_query(_unread(XBACKEND_KIND))
def backend_client_certificate(view: View, backend: ObjectKey) -> ClientCertificate:
    """Return the client certificate that an XBackend itself names: it goes before that of the Gateway.

    https://gateway-api.sigs.k8s.io/geps/gep-4731/ (tls.clientCertificateRef)
    """
    row = view.get(XBackend, backend)
    ref = row.spec.tls.client_certificate_ref if row is not None else None
    if ref is None:
        return NONE_ASKED
    return _resolved(view, XBACKEND_KIND, backend.namespace, ref)


def client_certificate_for(view: View, gateway: ObjectKey, backend: ObjectKey) -> ClientCertificate:
    """Return the client certificate that an XBackend itself names, as far as the proxies of a Gateway take it."""
    return _as_taken(view, gateway, XBACKEND_KIND, backend_client_certificate(view, backend))


def _as_taken(view: View, gateway: ObjectKey, owner: GroupKind, client: ClientCertificate) -> ClientCertificate:
    """Return a certificate unless the proxies of the Gateway have refused it."""
    refused = None if client.certificate is None else refusal(view, gateway, client.certificate)
    if refused is None:
        return client
    return _without(verdicts.invalid_client_certificate_ref(f"{_PATHS[owner]}: {refused}"))


def _resolved(view: View, owner: GroupKind, namespace: str, ref: SecretObjectRef) -> ClientCertificate:
    """Follow a reference. The grant is checked before the Secret is looked up."""
    path = _PATHS[owner]
    to = ObjectKey(ref.namespace or namespace, ref.name)
    if ref.group_kind != SECRET_KIND:
        message = f"{path}: kind {ref.group_kind} is not supported; allowed: Secret"
        return _without(verdicts.invalid_client_certificate_ref(message))
    if not permitted(view, Pointer(owner, namespace, SECRET_KIND, to)):
        message = f'{path}: Secret "{to}" is in another namespace without a ReferenceGrant'
        return _without(verdicts.ref_not_permitted(message))
    pair = certificate(view, to)
    if isinstance(pair, str):
        return _without(verdicts.invalid_client_certificate_ref(f"{path}: {pair}"))
    return ClientCertificate(certificate=pair, resolved=verdicts.resolved())


def _without(unresolved: Verdict) -> ClientCertificate:
    return ClientCertificate(certificate=None, resolved=unresolved)
