"""The certificate that a Gateway shows to backends.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls (clientCertificateRef)
"""

from dataclasses import dataclass

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tls import Certificate
from gatewayd.translator import verdicts
from gatewayd.translator.certificates import certificate
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.references import Pointer, permitted

SECRET_KIND = GroupKind("", "Secret")
PATH = "spec.tls.backend.clientCertificateRef"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """`certificate` None: none is shown. `resolved` None: none was asked for, so nothing is said."""

    certificate: Certificate | None
    resolved: Verdict | None


NONE_ASKED = ClientCertificate(certificate=None, resolved=None)


@query
def client_certificate(view: View, gateway: ObjectKey) -> ClientCertificate:
    """Return the client certificate of a Gateway. The grant is checked before the Secret is looked up."""
    row = view.get(Gateway, gateway)
    backend = row.spec.tls.backend if row is not None and row.spec.tls is not None else None
    ref = backend.client_certificate_ref if backend is not None else None
    if ref is None:
        return NONE_ASKED
    to = ObjectKey(ref.namespace or gateway.namespace, ref.name)
    if ref.group_kind != SECRET_KIND:
        return _bad("InvalidClientCertificateRef", f"kind {ref.group_kind} is not supported; allowed: Secret")
    if not permitted(view, Pointer(GATEWAY_KIND, gateway.namespace, SECRET_KIND, to)):
        return _bad("RefNotPermitted", f'Secret "{to}" is in another namespace without a ReferenceGrant')
    found = certificate(view, to)
    if isinstance(found, str):
        return _bad("InvalidClientCertificateRef", found)
    return ClientCertificate(certificate=found, resolved=verdicts.resolved())


def _bad(reason: str, message: str) -> ClientCertificate:
    return ClientCertificate(certificate=None, resolved=verdicts.unresolved(reason, f"{PATH}: {message}"))
