import pytest

from tests.unit.api.documents import Document, document, problems

BACKEND = {"service": {"name": "cart", "port": {"number": 80}}}
PATH = "spec.rules[0].http.paths[0]"


def ingress(**spec: object) -> Document:
    return document("Ingress", spec=spec)


def default(port: Document) -> Document:
    return ingress(defaultBackend={"service": {"name": "cart", "port": port}})


def rule(path: str, kind: str = "Prefix", backend: Document = BACKEND) -> Document:
    return ingress(rules=[{"http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}])


def parameters(**more: str) -> Document:
    return ingress_class(parameters={"kind": "Gateway", "name": "edge", **more})


def ingress_class(**spec: object) -> Document:
    return document("IngressClass", spec={"controller": "gatewayd.io/ingress-controller", **spec})


BROKEN = [
    (parameters(apiGroup="Gateway"), ['spec.parameters.apiGroup: "Gateway" is not a DNS name']),
    (parameters(name="a/b"), ["spec.parameters.name: \"a/b\" is not valid; '/', '%', '.' and '..' are not allowed"]),
    (
        rule("/", backend={"resource": {"kind": "..", "name": "b"}}),
        [f"{PATH}.backend.resource.kind: \"..\" is not valid; '/', '%', '.' and '..' are not allowed"],
    ),
    (
        ingress(defaultBackend=BACKEND, ingressClassName="::", tls=[{"secretName": "a b"}]),
        [
            'spec.ingressClassName: "::" is not the name of a class',
            'spec.tls[0].secretName: "a b" is not the name of a Secret',
        ],
    ),
    (
        ingress(defaultBackend=BACKEND, tls=[{"hosts": ["shop.example", ""], "secretName": "cert"}]),
        ["spec.tls[0].hosts[1]: must be a host name; it is empty"],
    ),
    (ingress_class(controller=""), ["spec.controller: is required"]),
    (document("IngressClass"), ["spec.controller: is required"]),
    (ingress_class(controller="GET"), ['spec.controller: "GET" is not valid; allowed: example.com/name']),
    (ingress_class(controller="a.b/?"), ['spec.controller: "a.b/?" is not valid; allowed: example.com/name']),
    (
        ingress(defaultBackend={"service": {"name": "a.b", "port": {"number": 80}}}),
        ['spec.defaultBackend.service.name: "a.b" is not the name of a Service'],
    ),
    (default({"name": "200"}), ['spec.defaultBackend.service.port.name: "200" is not the name of a port']),
    (ingress(), ["spec: must have rules or defaultBackend"]),
    (ingress(rules=[{"host": "10.0.0.1"}]), ['spec.rules[0].host: "10.0.0.1" is an address; a DNS name is allowed']),
    (rule("/", backend={}), [f"{PATH}.backend: must have one of service and resource, and not both"]),
    (default({}), ["spec.defaultBackend.service.port: must have one of name and number, and not both"]),
    (
        default({"name": "web", "number": 80}),
        ["spec.defaultBackend.service.port: must have one of name and number, and not both"],
    ),
    (default({"name": "W"}), ['spec.defaultBackend.service.port.name: "W" is not the name of a port']),
    (rule("a", "Exact"), [f"{PATH}.path: must start with '/' for pathType Exact"]),
    (rule("a", "ImplementationSpecific"), [f"{PATH}.path: must start with '/' for pathType ImplementationSpecific"]),
    (rule("/a//b"), [f"{PATH}.path: must not contain '//' for pathType Prefix"]),
    (rule("/a/.."), [f"{PATH}.path: must not end with '/..' for pathType Prefix"]),
    (parameters(scope="Namespace"), ["spec.parameters.namespace: is required for scope Namespace"]),
    (parameters(namespace="infra"), ["spec.parameters.namespace: must be left out for scope Cluster"]),
]
KEPT = [
    default({"name": "web"}),
    default({"number": 80}),
    rule("", "ImplementationSpecific"),
    rule("/a//b/..", "ImplementationSpecific"),
    rule("/a/..b"),
    rule("/", backend={"resource": {"kind": "Bucket", "name": "b"}}),
    ingress(rules=[{"host": "*.shop.example"}]),
    parameters(),
    parameters(scope="Namespace", namespace="infra"),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []
