"""Objects of older versions that refer to others: grants, policies for backends, and the groups of what they name.

A group that is spelled as no API server has it named nothing. What is put right has an effect that it never had: it is
told. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant, https://gateway-api.sigs.k8s.io/geps/gep-1897/
"""

from collections.abc import Iterable
from typing import Any, Final

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import JSON
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.values import items, mapping, text

OLD_GROUP: Final = "networking.x-k8s.io"
"""The group of v1alpha1."""
MISSPELT: Final = frozenset(
    {"networking.gateway.k8s.io", "gateway.networking.x-k8s.io", "gateway.k8s.io", "networking.k8s.io"}
)
"""Groups that stand in guides in the place of gateway.networking.k8s.io."""
_OURS: Final = frozenset(
    {"Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "BackendTLSPolicy"}
)
_CORE: Final = "core"
_CERTIFICATES: Final = {
    "caCertRefs": "caCertificateRefs",
    "caCertificateRefs": "caCertificateRefs",
    "wellKnownCACerts": "wellKnownCACertificates",
    "wellKnownCACertificates": "wellKnownCACertificates",
    "hostname": "hostname",
    "subjectAltNames": "subjectAltNames",
}
"""What v1alpha2 called the fields of a BackendTLSPolicy."""


def named(refs: Iterable[JSON], path: str, fates: list[Fate]) -> list[dict[str, Any]]:
    """Return references in which groups are spelled right; `path` is that of the list."""
    return [_named(ref, f"{path}[{at}]", fates) for at, ref in enumerate(refs)]


def _named(ref: JSON, path: str, fates: list[Fate]) -> dict[str, Any]:
    group, kind = text(ref.get("group")), text(ref.get("kind"))
    meant = group
    if group == _CORE:
        meant = ""
    elif group == OLD_GROUP or (group in MISSPELT and kind in {"", *_OURS}):
        meant = GATEWAY_GROUP
    if meant == group:
        return dict(ref)
    message = f'"{group}" named nothing, so that it had no effect; it is "{meant}", and has one'
    fates.append(Fate(path=f"{path}.group", fidelity=Fidelity.APPROXIMATE, message=message))
    return {**ref, "group": meant}


def grant(spec: JSON, fates: list[Fate]) -> JSON:
    """Return a ReferenceGrant as it is written today."""
    sides = {side: named(items(spec.get(side)), f"spec.{side}", fates) for side in ("from", "to")}
    return {**spec, **{side: refs for side, refs in sides.items() if refs}}


def backend_tls_policy(spec: JSON, fates: list[Fate]) -> JSON:
    """Return a BackendTLSPolicy as it is written today: its first version had one target, and `tls`."""
    target = mapping(spec.get("targetRef"))
    single = [{key: value for key, value in target.items() if key != "namespace"}] if target else []
    targets = named((*single, *items(spec.get("targetRefs"))), "spec.targetRefs", fates)
    checks = {**mapping(spec.get("tls")), **mapping(spec.get("validation"))}
    validation = {_CERTIFICATES.get(name, name): value for name, value in checks.items()}
    if "caCertificateRefs" in validation:
        refs = items(validation["caCertificateRefs"])
        validation["caCertificateRefs"] = named(refs, "spec.validation.caCertificateRefs", fates)
    rest = {name: value for name, value in spec.items() if name not in ("targetRef", "targetRefs", "tls", "validation")}
    return {"targetRefs": targets, "validation": validation, **rest}
