"""Secrets and ConfigMaps -> certificates that Envoy will take, checked and written anew.

Everything is parsed here, because a certificate that Envoy refuses would hold back a whole listener.
https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig (certificateRefs)
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gatewayd.api.clustertrustbundle import ClusterTrustBundle
from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import Ingress
from gatewayd.api.listeners import Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Index, Member, Output, Rescue, Source, View, query, rescued_query, rows
from gatewayd.ir.limits import RSA_BITS
from gatewayd.ir.tls import Certificate, LastGood, TrustBundle
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.refused_secrets import REFUSED_BY_ANY
from gatewayd.translator.rescues import blame
from gatewayd.untrusted.pem import ReadCertificate, ReadKey, Unreadable, read_certificates, read_key, rewritten

CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""What BoringSSL, as Envoy is built with it, accepts for server certificates."""


def _unread(kind: str, field: str) -> Rescue:
    """Return what makes a text of a failure to read an object: wrong, as if what it holds could not be read."""

    def rescue(_view: View, key: ObjectKey | str, error: Exception, _before: object) -> str:
        return blame(f'{kind} "{key}": {field}', error)

    return rescue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSecret:
    """The certificate of a TLS Secret, and what its first one says of itself."""

    certificate: Certificate
    leaf: ReadCertificate


@query
def certificate(view: View, secret: ObjectKey) -> Certificate | str:
    """Return the certificate of a TLS Secret, or what is wrong with it."""
    read = read_secret(view, secret)
    return read if isinstance(read, str) else read.certificate


@rescued_query(_unread("Secret", "data"))
def read_secret(view: View, secret: ObjectKey) -> ReadSecret | str:
    """Return what a TLS Secret holds, or what is wrong with it."""
    row = view.get(Secret, secret)
    if row is None:
        return missing(view, Content("Secret", secret))
    absent = [each for each in ("tls.crt", "tls.key") if not row.data.get(each)]
    if absent:
        return f'Secret "{secret}" has no {" and no ".join(absent)}; a certificate needs tls.crt and tls.key'
    try:
        chain, key = (base64.b64decode(row.data.get(name, ""), validate=True) for name in ("tls.crt", "tls.key"))
    except ValueError:  # binascii.Error is one, and so is what a letter beyond ASCII leads to
        return f'Secret "{secret}": data is not base64'
    return _checked(str(secret), chain, key)


def _checked(name: str, chain: bytes, key: bytes) -> ReadSecret | str:
    certificates = read_certificates(chain)
    if isinstance(certificates, Unreadable):
        return f'Secret "{name}": tls.crt holds no PEM certificate that can be read'
    private = read_key(key)
    if isinstance(private, Unreadable):
        return f'Secret "{name}": tls.key holds no PEM private key without a password that can be read'
    problem = _key_problem(certificates[0], private)
    if problem is not None:
        return f'Secret "{name}": {problem}'
    pair = Certificate(name=name, chain=b"".join(each.pem for each in certificates), key=private.pem)
    return ReadSecret(certificate=pair, leaf=certificates[0])


def _key_problem(leaf: ReadCertificate, private: ReadKey) -> str | None:
    """Return why Envoy would refuse the key, or the key with this certificate."""
    if private.rsa_bits < RSA_BITS and private.curve not in CURVES:
        return f"tls.key is neither RSA of {RSA_BITS} bits or more nor ECDSA P-256, P-384 or P-521"
    if not leaf.public_key:
        return "tls.crt is for a key of a kind that is not known"
    if leaf.public_key != private.public_key:
        return "tls.key does not belong to the first certificate of tls.crt"
    return None


def _named(namespace: str, listeners: tuple[Listener, ...]) -> list[ObjectKey]:
    refs = (ref for each in listeners if each.tls is not None for ref in each.tls.certificate_refs)
    return [ObjectKey(ref.namespace or namespace, ref.name) for ref in refs]


CERTIFICATE_USES = Index(
    name="listeners_by_secret",
    sources=(
        rows(Gateway, lambda row: _named(row.metadata.namespace, row.spec.listeners)),
        rows(ListenerSet, lambda row: _named(row.metadata.namespace, row.spec.listeners)),
        rows(Ingress, lambda row: [ObjectKey(row.metadata.namespace, each.secret_name) for each in row.spec.tls]),
    ),
    group=lambda secret: secret,
)


def _as_before(view: View, member: Member, _error: Exception, _before: LastGood | None) -> LastGood | None:
    return view.get(LastGood, member.key)


@rescued_query(_as_before)
def last_good(view: View, member: Member) -> LastGood | None:
    """Return what to remember of a Secret that a listener names: its good certificates, or what they were before.

    None forgets: the Secret is gone, or nobody names it. Beside the last one that could be read stands the one before
    it, unless a proxy has refused that.
    """
    row = view.get(Secret, member.key)
    if row is None or not view.count(CERTIFICATE_USES, member.key):
        return None
    pair = certificate(view, row.metadata.key)
    kept = view.get(LastGood, member.key)
    if not isinstance(pair, Certificate):
        return kept
    known = () if kept is None else kept.certificates
    if known[:1] == (pair,):
        return kept
    others = [each for each in known if each != pair and not view.count(REFUSED_BY_ANY, each.version)]
    return LastGood(certificates=(pair, *others[:1]))


LAST_GOOD = Output(name="last_good", sources=(Source(table=Secret, query=last_good),))


@rescued_query(_unread("ConfigMap", "data"))
def trust_in_configmap(view: View, configmap: ObjectKey) -> TrustBundle | str:
    """Return the CA certificates under `ca.crt` of a ConfigMap, or what is wrong with them."""
    row = view.get(ConfigMap, configmap)
    if row is None:
        return missing(view, Content("ConfigMap", configmap))
    text = row.data.get("ca.crt", "").encode(errors="replace")
    return _trust(f'ConfigMap "{configmap}"', f"configmap/{configmap}", text, "ca.crt")


@rescued_query(_unread("Secret", "data"))
def trust_in_secret(view: View, secret: ObjectKey) -> TrustBundle | str:
    """Return the CA certificates under `ca.crt` of a Secret, or what is wrong with them."""
    row = view.get(Secret, secret)
    if row is None:
        return missing(view, Content("Secret", secret))
    try:
        text = base64.b64decode(row.data.get("ca.crt", ""), validate=True)
    except ValueError:
        return f'Secret "{secret}": data is not base64'
    return _trust(f'Secret "{secret}"', f"secret/{secret}", text, "ca.crt")


@rescued_query(_unread("ClusterTrustBundle", "spec.trustBundle"))
def trust_in_cluster(view: View, name: str) -> TrustBundle | str:
    """Return the CA certificates of a ClusterTrustBundle, or what is wrong with them."""
    row = view.get(ClusterTrustBundle, ObjectKey("", name))
    if row is None:
        return f'ClusterTrustBundle "{name}" does not exist'
    text = row.spec.trust_bundle.encode(errors="replace")
    return _trust(f'ClusterTrustBundle "{name}"', f"clustertrustbundle/{name}", text, "spec.trustBundle")


TRUST_READERS: Mapping[GroupKind, Callable[[View, ObjectKey], TrustBundle | str]] = {
    GroupKind("", "ConfigMap"): trust_in_configmap,
    GroupKind("", "Secret"): trust_in_secret,
    GroupKind("certificates.k8s.io", "ClusterTrustBundle"): lambda view, key: trust_in_cluster(view, key.name),
}
"""What a caCertificateRef may lead to. The first is what the spec demands, the second what it leaves open."""

TRUST_KINDS = ", ".join(kind.kind for kind in TRUST_READERS)


def _trust(shown: str, name: str, text: bytes, field: str) -> TrustBundle | str:
    if not text:
        return f"{shown} has no {field}; PEM certificates of a CA are needed there"
    bundle = rewritten(text)
    if isinstance(bundle, Unreadable):
        return f"{shown} has no PEM certificate under {field}"
    return TrustBundle(name=name, certificates=bundle)
