import pytest

from tests.unit.api.documents import Document, document, http_filter, http_rule, problems

XBACKEND = {"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "api"}
RULE = {"backendRefs": [{"name": "db", "port": 5432}]}


def parents(*refs: Document, kind: str = "HTTPRoute") -> Document:
    spec: Document = {"parentRefs": list(refs)}
    if kind != "HTTPRoute":
        spec |= {"rules": [RULE]} | ({"hostnames": ["a.example"]} if kind == "TLSRoute" else {})
    return document(kind, spec=spec)


def targets(*refs: Document) -> Document:
    full = [{"group": "", "kind": "Service", "name": "cart", **ref} for ref in refs]
    validation = {"hostname": "a", "wellKnownCACertificates": "System"}
    return document("BackendTLSPolicy", spec={"targetRefs": full, "validation": validation})


APART = "spec.parentRefs[1]: is the same parent as parentRefs[0]; both must name a sectionName or port, or neither"
TWICE = "spec.parentRefs[1]: repeats parentRefs[0]; references to one parent must differ in sectionName or port"
PORT = "is required for a Service"

BROKEN = [
    (http_rule(backendRefs=[{"name": "a"}]), [f"spec.rules[0].backendRefs[0].port: {PORT}"]),
    (
        http_filter("RequestMirror", requestMirror={"backendRef": {"name": "a"}}),
        [f"spec.rules[0].filters[0].requestMirror.backendRef.port: {PORT}"],
    ),
    (
        http_rule(backendRefs=[{**XBACKEND, "port": 80}]),
        ["spec.rules[0].backendRefs[0].port: must not be set for an XBackend, which has its own"],
    ),
    (parents({"name": "a"}, {"name": "a", "sectionName": "s"}), [APART]),
    (parents({"name": "a"}, {"name": "a", "port": 80}), [APART]),
    (parents({"name": "a", "port": 80}, {"name": "a", "sectionName": "s"}), [APART]),
    (parents({"name": "a"}, {"name": "a"}), [TWICE]),
    (parents({"name": "a", "port": 80}, {"name": "a", "port": 80}, kind="TCPRoute"), [TWICE]),
    (parents({"name": "a"}, {"name": "a"}, kind="UDPRoute"), [TWICE]),
    (parents({"name": "a"}, {"name": "a"}, kind="TLSRoute"), [TWICE]),
    (
        document("GRPCRoute", spec={"rules": [{"name": "r"}, {}, {"name": "r"}]}),
        [
            "spec.rules[0].name: r is used twice; rule names must be unique",
            "spec.rules[2].name: r is used twice; rule names must be unique",
        ],
    ),
    (
        targets({}, {"sectionName": "http"}),
        ["spec.targetRefs[1]: is the same target as targetRefs[0]; both must name a sectionName, or neither"],
    ),
    (
        targets({}, {}),
        ["spec.targetRefs[1]: repeats targetRefs[0]; references to one target must differ in sectionName"],
    ),
]
KEPT = [
    http_rule(backendRefs=[XBACKEND, {"group": "example.com", "kind": "Service", "name": "a"}]),
    parents({"name": "a"}, {"name": "b"}, {"name": "a", "namespace": "other"}, {"name": "a", "kind": "Service"}),
    parents({"name": "a", "sectionName": "s"}, {"name": "a", "sectionName": "t"}),
    parents({"name": "a", "sectionName": "s", "port": 1}, {"name": "a", "sectionName": "s", "port": 2}),
    document("HTTPRoute", spec={"rules": [{"name": "r"}, {}, {}]}),
    targets({"sectionName": "a"}, {"sectionName": "b"}, {"name": "other"}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []
