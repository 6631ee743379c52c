"""Every field of the API that can point into another namespace, against every way of granting it or not.

FIELDS names them all: a reference field that the structs have and the table has not fails here.
https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP, BackendObjectRef, ObjectRef, SecretObjectRef
from gatewayd.api.unsupported import REFUSED
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.outcome import Verdict
from gatewayd.offline.translate import offline
from gatewayd.own_group import API_VERSION, DOMAIN
from tests.unit.translator.manifests import CLASS, TABLES, deltas

CROSSING = (BackendObjectRef, SecretObjectRef, ObjectRef)
"""The shapes of references that take a ReferenceGrant to cross namespaces; parentRefs take allowedRoutes instead."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A reference field: who points (`source`), at what (`target`), and a manifest where it points at far/target."""

    source: str
    target: str
    group: str
    manifest: str
    source_group: str = GATEWAY_GROUP


LISTENERS = "[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]"
GATEWAY = f"""
kind: Gateway
metadata: {{name: gw, namespace: near}}
spec: {{gatewayClassName: gatewayd, allowedListeners: {{namespaces: {{from: All}}}}, listeners: {LISTENERS}}}
"""
TLS_PORT = "{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: target, namespace: far}]}}"
OWN_TLS = "{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: own}]}}"


def route(kind: str, rules: str) -> str:
    return f"""
kind: {kind}
metadata: {{name: it, namespace: near}}
spec: {{parentRefs: [{{name: gw}}], {rules}}}
"""


def gateway(more: str) -> str:
    return f"""
kind: Gateway
metadata: {{name: it, namespace: near}}
spec: {{gatewayClassName: gatewayd, {more}}}
"""


def listener_set(listener: str) -> str:
    return f"""
kind: ListenerSet
metadata: {{name: it, namespace: near}}
spec: {{parentRef: {{name: gw}}, listeners: [{listener}]}}
"""


BACKEND = "{name: target, namespace: far, port: 80}"
MIRROR = "{type: RequestMirror, requestMirror: {backendRef: {name: target, namespace: far, port: 80}}}"

FIELDS: dict[tuple[str, str], Field] = {
    (kind, path): Field(source=kind, target="Service", group="", manifest=route(kind, rules))
    for kind in ("HTTPRoute", "GRPCRoute")
    for path, rules in (
        ("spec.rules[].backendRefs[]", f"rules: [{{backendRefs: [{BACKEND}]}}]"),
        ("spec.rules[].filters[].requestMirror.backendRef", f"rules: [{{filters: [{MIRROR}]}}]"),
    )
}
FIELDS |= {
    (kind, "spec.rules[].backendRefs[]"): Field(
        source=kind,
        target="Service",
        group="",
        manifest=route(kind, f"{hosts}rules: [{{backendRefs: [{BACKEND}]}}]"),
    )
    for kind, hosts in (("TLSRoute", "hostnames: [a.example], "), ("TCPRoute", ""), ("UDPRoute", ""))
}
FIELDS |= {
    ("Gateway", "spec.listeners[].tls.certificateRefs[]"): Field(
        source="Gateway", target="Secret", group="", manifest=gateway(f"listeners: [{TLS_PORT}]")
    ),
    ("ListenerSet", "spec.listeners[].tls.certificateRefs[]"): Field(
        source="ListenerSet",
        target="Secret",
        group="",
        manifest=listener_set(TLS_PORT),
    ),
    ("Gateway", "spec.tls.backend.clientCertificateRef"): Field(
        source="Gateway",
        target="Secret",
        group="",
        manifest=gateway(
            f"listeners: {LISTENERS}, tls: {{backend: {{clientCertificateRef: {{name: target, namespace: far}}}}}}"
        ),
    ),
    ("Gateway", "spec.tls.frontend.default.validation.caCertificateRefs[]"): Field(
        source="Gateway",
        target="ConfigMap",
        group="",
        manifest=gateway(
            f"listeners: [{OWN_TLS}], tls: {{frontend: {{default: {{validation: {{caCertificateRefs: "
            '[{group: "", kind: ConfigMap, name: target, namespace: far}]}}}}'
        ),
    ),
    ("Gateway", "spec.tls.frontend.perPort[].tls.validation.caCertificateRefs[]"): Field(
        source="Gateway",
        target="ConfigMap",
        group="",
        manifest=gateway(
            f"listeners: [{OWN_TLS}], tls: {{frontend: {{default: {{}}, perPort: [{{port: 443, tls: {{validation: "
            '{caCertificateRefs: [{group: "", kind: ConfigMap, name: target, namespace: far}]}}}]}}'
        ),
    ),
}

AUTH = f"{{type: ExternalAuth, externalAuth: {{protocol: HTTP, backendRef: {BACKEND}, http: {{}}}}}}"
GUARDED = f"{{name: guarded, port: 81, protocol: HTTP, filters: {{requests: [{AUTH}]}}}}"
FIELDS |= {
    ("HTTPRoute", path): Field(source="HTTPRoute", target="Service", group="", manifest=route("HTTPRoute", rules))
    for path, rules in (
        ("spec.rules[].filters[].externalAuth.backendRef", f"rules: [{{filters: [{AUTH}]}}]"),
        (
            "spec.rules[].backendRefs[].filters[].externalAuth.backendRef",
            f"rules: [{{backendRefs: [{{name: own, port: 80, filters: [{AUTH}]}}]}}]",
        ),
    )
}
FIELDS |= {
    (kind, "spec.rules[].backendRefs[].filters[].requestMirror.backendRef"): Field(
        source=kind,
        target="Service",
        group="",
        manifest=route(kind, f"rules: [{{backendRefs: [{{name: own, port: 80, filters: [{MIRROR}]}}]}}]"),
    )
    for kind in ("HTTPRoute", "GRPCRoute")
}
FIELDS |= {
    ("Gateway", "spec.listeners[].filters.requests[].externalAuth.backendRef"): Field(
        source="Gateway", target="Service", group="", manifest=gateway(f"listeners: [{GUARDED}]")
    ),
    ("ListenerSet", "spec.listeners[].filters.requests[].externalAuth.backendRef"): Field(
        source="ListenerSet", target="Service", group="", manifest=listener_set(GUARDED)
    ),
}

CLIENT = "clientCertificateRef: {name: target, namespace: far}"
FIELDS |= {
    ("XBackend", "spec.tls.clientCertificateRef"): Field(
        source="XBackend",
        target="Secret",
        group="",
        source_group=EXPERIMENTAL_GROUP,
        manifest=f"""
kind: XBackend
metadata: {{name: it, namespace: near}}
spec:
  type: ExternalHostname
  externalHostname: {{hostname: far.example}}
  port: {{number: 443}}
  tls: {{mode: ClientAndServer, validation: {{hostname: a.example, wellKnownCACertificates: System}}, {CLIENT}}}
---
{route("HTTPRoute", f"rules: [{{backendRefs: [{{group: {EXPERIMENTAL_GROUP}, kind: XBackend, name: it}}]}}]")}
""",
    ),
}

LOGIN = (
    "issuer: http://a.example, authorizationEndpoint: http://a.example, tokenEndpoint: http://a.example, "
    f"clientID: a, clientSecretRef: {{name: s}}, backendRef: {BACKEND}"
)
ASKED = f"protocol: HTTP, backendRef: {BACKEND}"
KEYS = (
    f'providers: [{{name: a, issuer: "https://a.example", keys: {{uri: "http://a.example/", backendRef: {BACKEND}}}}}]'
)
FIELDS |= {
    (kind, f"spec.{strategy}.{path}"): Field(
        source=kind,
        target="Service",
        group="",
        source_group=DOMAIN,
        manifest=f"""
kind: {kind}
apiVersion: {API_VERSION}
metadata: {{name: it, namespace: near}}
spec:
  targetRefs: [{{group: "", kind: Namespace}}]
  {strategy}: {{{path.partition(".")[0]}: {{{written}}}}}
---
{{kind: Namespace, metadata: {{name: near}}}}
""",
    )
    for strategy in ("default", "override")
    for kind, path, written in (
        ("AccessPolicy", "externalAuth.backendRef", ASKED),
        ("AccessPolicy", "oidc.backendRef", LOGIN),
        ("AccessPolicy", "jwt.providers[].keys.backendRef", KEYS),
        ("RoutePolicy", "externalProcessing.backendRef", f"backendRef: {BACKEND}, request: {{}}"),
    )
}
SINK = f"sinks: [{{type: OTLP, backendRef: {BACKEND}}}]"
FIELDS |= {
    ("ReportPolicy", f"spec.{strategy}.accessLog.sinks[].backendRef"): Field(
        source="ReportPolicy",
        target="Service",
        group="",
        source_group=DOMAIN,
        manifest=f"""
kind: ReportPolicy
apiVersion: {API_VERSION}
metadata: {{name: it, namespace: near}}
spec:
  targetRefs: [{{group: {GATEWAY_GROUP}, kind: Gateway, name: gw}}]
  {strategy}: {{accessLog: {{{SINK}}}}}
""",
    )
    for strategy in ("default", "override")
}
FIELDS |= {
    ("XTelemetryPolicy", "spec.tracing.provider.backendRef"): Field(
        source="XTelemetryPolicy",
        target="Service",
        group="",
        source_group=EXPERIMENTAL_GROUP,
        manifest=f"""
kind: XTelemetryPolicy
apiVersion: {EXPERIMENTAL_GROUP}/v1alpha1
metadata: {{name: it, namespace: near}}
spec:
  targetRefs: [{{group: {GATEWAY_GROUP}, kind: Gateway, name: gw}}]
  tracing: {{mode: Enabled, provider: {{backendRef: {BACKEND}}}}}
""",
    ),
}

ELSEWHERE: dict[tuple[str, str], str] = {
    ("GatewayClass", "spec.parametersRef"): "a class is not of any namespace; gatewayd takes no parameters there",
    ("XMesh", "spec.parametersRef"): "a mesh is not of any namespace; it has no parameters",
}


def shapes(annotation: object) -> Iterator[tuple[str, type[Struct]]]:
    """Yield the structs that a field's type is made of, with "[]" for those in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        yield "", annotation
        return
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from shapes(arguments[0])
    elif origin is tuple:
        yield from (("[]" + more, shape) for more, shape in shapes(arguments[0]))
    elif origin in (typing.Union, types.UnionType):
        for argument in arguments:
            yield from shapes(argument)


def references(struct: type[Struct], path: str) -> Iterator[str]:
    hints = typing.get_type_hints(struct, include_extras=True)
    for each in fields(struct):
        for suffix, shape in shapes(hints[each.name]):
            where = f"{path}.{each.encode_name}{suffix}".lstrip(".")
            if issubclass(shape, CROSSING):
                yield where
            yield from references(shape, where)


def test_every_reference_field_is_in_the_table() -> None:
    found = {(kind.kind, path) for kind in KINDS for path in references(kind.struct, "")}
    refused = {at for at in found if any(at[0] == kind and at[1].startswith(path) for kind, path in REFUSED)}
    assert found - refused - set(FIELDS) - set(ELSEWHERE) == set()
    assert set(FIELDS) <= found
    assert set(ELSEWHERE) <= found


GRANTS = {
    "no grant": None,
    "wrong source group": {"from": ("x.example", "{source}", "near"), "to": ("{group}", "{target}", "")},
    "wrong source kind": {"from": ("{api}", "Namespace", "near"), "to": ("{group}", "{target}", "")},
    "wrong namespace": {"from": ("{api}", "{source}", "elsewhere"), "to": ("{group}", "{target}", "")},
    "wrong target group": {"from": ("{api}", "{source}", "near"), "to": ("x.example", "{target}", "")},
    "wrong target kind": {"from": ("{api}", "{source}", "near"), "to": ("{group}", "Namespace", "")},
    "wrong name": {"from": ("{api}", "{source}", "near"), "to": ("{group}", "{target}", "other")},
    "right, all names": {"from": ("{api}", "{source}", "near"), "to": ("{group}", "{target}", "")},
    "right, by name": {"from": ("{api}", "{source}", "near"), "to": ("{group}", "{target}", "target")},
}


def grant(case: str, field: Field) -> str:
    written = GRANTS[case]
    if written is None:
        return ""
    known = {"api": field.source_group, "source": field.source, "group": field.group, "target": field.target}
    source, target = ([part.format(**known) for part in written[side]] for side in ("from", "to"))
    name = f", name: {target[2]}" if target[2] else ""
    return f"""
---
kind: ReferenceGrant
metadata: {{name: it, namespace: far}}
spec:
  from: [{{group: "{source[0]}", kind: {source[1]}, namespace: {source[2]}}}]
  to: [{{group: "{target[0]}", kind: {target[1]}{name}}}]
"""


def verdicts(outcome: object) -> Iterator[Verdict]:
    for name in ("parents", "listeners", "ancestors"):
        for part in getattr(outcome, name, ()):
            yield from part.verdicts
    yield from getattr(outcome, "verdicts", ())


@pytest.mark.parametrize("case", GRANTS)
@pytest.mark.parametrize("at", FIELDS, ids=".".join)
def test_a_reference_crosses_namespaces_only_by_a_grant_for_it(at: tuple[str, str], case: str) -> None:
    field = FIELDS[at]
    texts = f"{CLASS}---{GATEWAY}---{field.manifest}{grant(case, field)}"
    found = offline(deltas(texts), DEFAULT_ENVIRONMENT)
    outcome = found.outcomes[Member(TABLES[at[0]], ObjectKey("near", "it"))]
    # By the message: of several bad references of a listener only the first one's reason is the condition's.
    forbidden = [verdict for verdict in verdicts(outcome) if "ReferenceGrant" in verdict.message]
    # The target does not exist: what differs is whether we say that (granted) or keep silent about it (not granted).
    assert bool(forbidden) is not case.startswith("right")
