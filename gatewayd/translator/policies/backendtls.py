"""BackendTLSPolicy and an XBackend's own TLS: how an upstream is spoken to under TLS.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy
"""

from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.api.backendtlspolicy import BackendTLSPolicy, BackendTLSValidation, SubjectAltName
from gatewayd.api.envoy_gateway.objects import EnvoyBackend
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.backend import Upstream
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tls import SanKind, SanMatcher, SystemTrust, TrustBundle, UpstreamTLS
from gatewayd.translator import verdicts
from gatewayd.translator.certificates import TRUST_KINDS, TRUST_READERS
from gatewayd.translator.envoy_gateway.outside import Outside, outside
from gatewayd.translator.policies.attach import OUTSIDE_KIND, PORTED, UPSTREAM_KINDS, Claim, Target, applying, astray
from gatewayd.translator.refused_secrets import refusal
from gatewayd.translator.rescues import blame


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationEffect:
    """What a validation comes to. `tls` None: TLS is asked for and cannot be had, so no request may get through."""

    tls: UpstreamTLS | None
    accepted: Verdict
    resolved: Verdict


class ValidationKey(NamedTuple):
    """A BackendTLSPolicy or an XBackend (the `table`) with the field path of its validation."""

    table: type[BackendTLSPolicy] | type[XBackend] | type[EnvoyBackend]
    key: ObjectKey
    path: str


def _unread(
    _view: View, at: ValidationKey, error: Exception, _before: ValidationEffect | None
) -> ValidationEffect | None:
    """Ask for TLS that cannot be had: no request may get through in plain text."""
    refused = verdicts.invalid(blame(at.path, error))
    return ValidationEffect(tls=None, accepted=refused, resolved=verdicts.resolved())


@rescued_query(_unread)
def settings(view: View, at: ValidationKey) -> ValidationEffect | None:
    """Return what the validation of a policy or of an XBackend comes to; None when there is none."""
    validation = _validation(view, at)
    if validation is None:
        return None
    if validation.well_known_ca_certificates:
        return _well_known(validation, at.path)
    bundles = [
        _bundle(view, ref.group_kind, ObjectKey(at.key.namespace, ref.name), f"{at.path}.caCertificateRefs[{index}]")
        for index, ref in enumerate(validation.ca_certificate_refs)
    ]
    good = [each for each in bundles if isinstance(each, TrustBundle)]
    bad = [each for each in bundles if isinstance(each, Verdict)]
    resolved = bad[0] if bad else verdicts.resolved()
    if not good:
        message = bad[0].message if bad else f"{at.path}.caCertificateRefs: at least one is needed"
        refused = verdicts.no_valid_ca_certificate(message)
        return ValidationEffect(tls=None, accepted=refused, resolved=resolved)
    trust = TrustBundle(
        name="+".join(each.name for each in good), certificates=b"".join(each.certificates for each in good)
    )
    return ValidationEffect(tls=_tls(validation, trust), accepted=verdicts.accepted(), resolved=resolved)


def _validation(view: View, at: ValidationKey) -> BackendTLSValidation | None:
    if at.table is BackendTLSPolicy:
        policy = view.get(BackendTLSPolicy, at.key)
        return policy.spec.validation if policy is not None else None
    if at.table is EnvoyBackend:
        row = view.get(EnvoyBackend, at.key)
        found = outside(row.spec) if row is not None else None
        return found.validation if isinstance(found, Outside) else None
    backend = view.get(XBackend, at.key)
    return backend.spec.tls.validation if backend is not None and backend.spec.tls.mode != "None" else None


def _well_known(validation: BackendTLSValidation, path: str) -> ValidationEffect:
    if validation.well_known_ca_certificates == "System":
        tls = _tls(validation, SystemTrust.SYSTEM)
        return ValidationEffect(tls=tls, accepted=verdicts.accepted(), resolved=verdicts.resolved())
    message = (
        f"{path}.wellKnownCACertificates: {validation.well_known_ca_certificates} is not supported; allowed: System"
    )
    return ValidationEffect(tls=None, accepted=verdicts.invalid(message), resolved=verdicts.resolved())


def _bundle(view: View, kind: GroupKind, key: ObjectKey, path: str) -> TrustBundle | Verdict:
    read = TRUST_READERS.get(kind)
    if read is None:
        return verdicts.invalid_kind(f"{path}: kind {kind} is not supported; allowed: {TRUST_KINDS}")
    bundle = read(view, key)
    return bundle if isinstance(bundle, TrustBundle) else verdicts.invalid_ca_certificate_ref(f"{path}: {bundle}")


def _tls(validation: BackendTLSValidation, trust: TrustBundle | SystemTrust) -> UpstreamTLS:
    """Where names are given, the hostname is for SNI only and is not what the certificate must carry.

    https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyvalidation (subjectAltNames)
    """
    names = tuple(_name(each) for each in validation.subject_alt_names)
    own = SanMatcher(kind=SanKind.DNS, value=validation.hostname)
    return UpstreamTLS(sni=validation.hostname, trust=trust, names=names or (own,), client=None)


def _name(written: SubjectAltName) -> SanMatcher:
    if written.type == "URI":
        return SanMatcher(kind=SanKind.URI, value=written.uri or "")
    return SanMatcher(kind=SanKind.DNS, value=written.hostname or "")


def as_taken(view: View, gateway: ObjectKey, validation: ValidationEffect) -> ValidationEffect:
    """Return settings as the proxies of a Gateway take them: no TLS can be had with a bundle that they refused."""
    trust = validation.tls.trust if validation.tls is not None else None
    refused = refusal(view, gateway, trust) if isinstance(trust, TrustBundle) else None
    if refused is None:
        return validation
    message = f"validation.caCertificateRefs: {refused}"
    return ValidationEffect(
        tls=None,
        accepted=verdicts.no_valid_ca_certificate(message),
        resolved=verdicts.invalid_ca_certificate_ref(message),
    )


def upstream_settings(view: View, upstream: Upstream) -> ValidationEffect | None:
    """Return the TLS settings for an upstream; None for plain text.

    Where a policy names a port that the Service does not have, its owner meant one of those that there are: none of
    them that no other policy covers is spoken to in plain text.
    """
    key = ObjectKey(upstream.namespace, upstream.name)
    if upstream.kind == "XBackend":
        return settings(view, ValidationKey(XBackend, key, "spec.tls.validation"))
    if upstream.kind == OUTSIDE_KIND.kind:
        return settings(view, ValidationKey(EnvoyBackend, key, "spec.tls"))
    target = Target(UPSTREAM_KINDS[upstream.kind], key, port_name(view, upstream))
    policy = applying(view, Claim(BackendTLSPolicy, target))
    if policy is not None:
        return settings(view, ValidationKey(BackendTLSPolicy, policy, "spec.validation"))
    lost = astray(view, Claim(BackendTLSPolicy, target._replace(section="")))
    return None if lost is None else ValidationEffect(tls=None, accepted=lost, resolved=verdicts.resolved())


def port_name(view: View, upstream: Upstream) -> str:
    """Return how the Service of an upstream, or its ServiceImport, calls the port, "" without a name."""
    row = view.get(PORTED[UPSTREAM_KINDS[upstream.kind]], ObjectKey(upstream.namespace, upstream.name))
    transport = upstream.protocol.transport
    ports = row.spec.ports if row is not None else ()
    return next((each.name for each in ports if each.port == upstream.port and each.protocol == transport), "")
