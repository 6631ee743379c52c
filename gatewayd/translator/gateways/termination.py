"""How a listener terminates TLS: its certificates and what it asks of clients.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig, #frontendtlsvalidation
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from gatewayd.api.gateway import FrontendValidation, Gateway
from gatewayd.api.listeners import Listener, ListenerTLS
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import ObjectRef, SecretObjectRef
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tls import Certificate, ClientTrust, ClientValidation, DownstreamTLS, LastGood, TrustBundle
from gatewayd.own_group import own
from gatewayd.translator import verdicts
from gatewayd.translator.backends.client_certificates import SECRET_KIND
from gatewayd.translator.certificates import TRUST_KINDS, TRUST_READERS, certificate
from gatewayd.translator.gateways.listeners import ListenerKey, MergedListener
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND
from gatewayd.translator.reference_grants import Pointer, permitted
from gatewayd.translator.refused_secrets import refusal
from gatewayd.translator.rescues import blame

FROM_INGRESSES: Final = (own("certificates"), "ingress")
"""The entry of a listener's `tls.options` that says: it has no certificate of its own, Ingresses bring theirs."""
ALPN = {"HTTPS": ("h2", "http/1.1"), "TLS": ()}
_OWNERS: Mapping[str, tuple[type[Gateway] | type[ListenerSet], GroupKind]] = {
    "Gateway": (Gateway, GATEWAY_KIND),
    "ListenerSet": (ListenerSet, LISTENERSET_KIND),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Termination:
    """`tls` None: the listener cannot terminate TLS. `unresolved`: the bad ResolvedRefs verdict.

    `tls` has no certificate where those of Ingresses are all that a listener shows. `refused`: the bad Accepted verdict
    that a missing client CA makes.
    """

    tls: DownstreamTLS | None
    unresolved: Verdict | None
    refused: Verdict | None


class TerminationKey(NamedTuple):
    """A listener, and the Gateway whose frontend rules apply to it."""

    gateway: ObjectKey
    listener: ListenerKey
    path: str


def termination_key(gateway: ObjectKey, listener: MergedListener) -> TerminationKey:
    """Return the key to ask `termination` by."""
    return TerminationKey(gateway, listener.key, listener.path)


class _Refused(NamedTuple):
    """What a proxy refused and nothing earlier can stand for: nor may what stands beside it be served."""

    why: Verdict


def _unread(_view: View, key: TerminationKey, error: Exception, _before: Termination | None) -> Termination:
    bad = verdicts.invalid_certificate_ref(blame(f"{key.path}.tls", error))
    return Termination(tls=None, unresolved=bad, refused=None)


@rescued_query(_unread)
def termination(view: View, key: TerminationKey) -> Termination:
    """Return how a listener that terminates TLS does it."""
    entry = _entry(view, key.listener)
    if entry is None or entry.tls is None:
        message = f"{key.path}.tls: must be given for this protocol"
        bad = verdicts.invalid_certificate_ref(message)
        return Termination(tls=None, unresolved=bad, refused=None)
    without_own = _is_for_ingresses(entry.protocol, entry.tls)
    certificates = () if without_own else tuple(_certificates(view, key, entry.tls.certificate_refs))
    good = tuple(each for each in certificates if isinstance(each, Certificate))
    is_closed = any(isinstance(each, _Refused) for each in certificates)
    bad_ones = [
        each.why if isinstance(each, _Refused) else each for each in certificates if not isinstance(each, Certificate)
    ]
    client = _client(view, key, entry)
    refused = None
    if isinstance(client, Verdict):
        bad_ones.append(client)
        refused = verdicts.no_valid_ca_certificate(client.message)
    unresolved = None
    if bad_ones:
        unresolved = verdicts.unresolved(bad_ones[0].reason, "; ".join(each.message for each in bad_ones))
    if not (good or without_own) or is_closed or isinstance(client, Verdict):
        return Termination(tls=None, unresolved=unresolved, refused=refused)
    tls = DownstreamTLS(certificates=good, alpn=ALPN[entry.protocol], client=client)
    return Termination(tls=tls, unresolved=unresolved, refused=None)


def _is_for_ingresses(protocol: str, tls: ListenerTLS) -> bool:
    """Return whether a listener has no certificate of its own because Ingresses bring theirs."""
    name, value = FROM_INGRESSES
    return protocol == "HTTPS" and not tls.certificate_refs and tls.options.get(name) == value


def can_serve(view: View, gateway: ObjectKey, listener: MergedListener) -> bool:
    """Return whether a listener can serve: it is valid, and has the certificates that it needs."""
    if listener.protocol is None or not listener.valid:
        return False
    return not listener.protocol.terminates or termination(view, termination_key(gateway, listener)).tls is not None


def _entry(view: View, key: ListenerKey) -> Listener | None:
    row = view.get(_OWNERS[key.owner][0], key.object)
    if row is None:
        return None
    return next((each for each in row.spec.listeners if each.name == key.section), None)


def _certificates(
    view: View, key: TerminationKey, refs: tuple[SecretObjectRef, ...]
) -> Iterator[Certificate | Verdict | _Refused]:
    """Resolve certificateRefs. The grant is checked before the Secret is looked up, so that nothing leaks."""
    if not refs:
        yield verdicts.invalid_certificate_ref(f"{key.path}.tls.certificateRefs: at least one is needed")
    for at, ref in enumerate(refs):
        path = f"{key.path}.tls.certificateRefs[{at}]"
        to = ObjectKey(ref.namespace or key.listener.namespace, ref.name)
        if ref.group_kind != SECRET_KIND:
            yield verdicts.invalid_certificate_ref(f"{path}: kind {ref.group_kind} is not supported; allowed: Secret")
        elif not permitted(view, Pointer(_OWNERS[key.listener.owner][1], key.listener.namespace, SECRET_KIND, to)):
            yield verdicts.ref_not_permitted(f'{path}: Secret "{to}" is in another namespace without a ReferenceGrant')
        else:
            yield from _found(view, key.gateway, to, path)


class OneCertificate(NamedTuple):
    """The certificate of a Secret, or its last good one; None for nothing that may be shown. And what is wrong."""

    certificate: Certificate | None
    wrong: Verdict | None


def certificate_of(view: View, gateway: ObjectKey, secret: ObjectKey, path: str) -> OneCertificate:
    """Return what a Secret has for a Gateway whose listener shows it alone; `path` is the field that names it."""
    certificate, wrong = None, None
    for each in _found(view, gateway, secret, path):
        if isinstance(each, Certificate):
            certificate = each
        else:
            wrong = each.why if isinstance(each, _Refused) else each
    return OneCertificate(certificate, wrong)


def _found(view: View, gateway: ObjectKey, secret: ObjectKey, path: str) -> Iterator[Certificate | Verdict | _Refused]:
    """Yield a Secret's certificate; when it holds none that can be used, say so and go on with its last good one.

    A proxy tries all certificates of a listener together, and does not say which of them it refuses: without a last
    good one all of them are left out, or it would refuse the listener for what it still has of the culprit.
    """
    parsed = certificate(view, secret)
    problem = parsed if isinstance(parsed, str) else refusal(view, gateway, parsed)
    if problem is None and isinstance(parsed, Certificate):
        yield parsed
        return
    history = view.get(LastGood, secret)
    kept = [each for each in (history.certificates if history else ()) if refusal(view, gateway, each) is None]
    shown = problem if isinstance(parsed, str) else f'Secret "{secret}": {problem}'
    still = "; its last good certificate is still served" if kept else ""
    why = verdicts.invalid_certificate_ref(f"{path}: {shown}{still}")
    yield why if kept or isinstance(parsed, str) else _Refused(why)
    yield from kept[:1]


def _client(view: View, key: TerminationKey, entry: Listener) -> ClientTrust | Verdict | None:
    """Return what is asked of clients: the port's own rule, else the Gateway's default; for HTTPS listeners only."""
    gateway = view.get(Gateway, key.gateway)
    frontend = gateway.spec.tls.frontend if gateway and gateway.spec.tls else None
    if gateway is None or frontend is None or entry.protocol != "HTTPS":
        return None
    rule = next(((at, each.tls) for at, each in enumerate(frontend.per_port) if each.port == entry.port), None)
    if rule is None:
        path, validation = "spec.tls.frontend.default", frontend.default.validation
    else:
        path, validation = f"spec.tls.frontend.perPort[{rule[0]}].tls", rule[1].validation
    if validation is None:
        return None
    return _trusted(view, key.gateway, validation, f"{path}.validation.caCertificateRefs")


def _trusted(view: View, gateway: ObjectKey, validation: FrontendValidation, path: str) -> ClientTrust | Verdict:
    bundles = [_bundle(view, gateway, ref, f"{path}[{at}]") for at, ref in enumerate(validation.ca_certificate_refs)]
    good = [each for each in bundles if isinstance(each, TrustBundle)]
    if not good:
        return next(each for each in bundles if isinstance(each, Verdict))
    fallback = validation.mode == "AllowInsecureFallback"
    trust = TrustBundle(
        name="+".join(each.name for each in good), certificates=b"".join(each.certificates for each in good)
    )
    refused = refusal(view, gateway, trust)
    if refused is not None:
        return verdicts.invalid_ca_certificate_ref(f"{path}: {refused}")
    return ClientTrust(
        trust=trust,
        validation=ClientValidation.INSECURE_FALLBACK if fallback else ClientValidation.REQUIRED,
    )


def _bundle(view: View, gateway: ObjectKey, ref: ObjectRef, path: str) -> TrustBundle | Verdict:
    to = ObjectKey(ref.namespace or gateway.namespace, ref.name)
    read = TRUST_READERS.get(ref.group_kind)
    if read is None:
        message = f"{path}: kind {ref.group_kind} is not supported; allowed: {TRUST_KINDS}"
        return verdicts.invalid_ca_certificate_kind(message)
    if not permitted(view, Pointer(GATEWAY_KIND, gateway.namespace, ref.group_kind, to)):
        return verdicts.ref_not_permitted(f'{path}: {ref.kind} "{to}" is in another namespace without a ReferenceGrant')
    bundle = read(view, to)
    return bundle if isinstance(bundle, TrustBundle) else verdicts.invalid_ca_certificate_ref(f"{path}: {bundle}")
