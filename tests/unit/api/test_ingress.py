from typing import Any

import pytest

from gatewayd.api.decode import Decoded, Rejected, decode
from gatewayd.api.ingress import Ingress

BACKEND = {"service": {"name": "cart", "port": {"number": 80}}}


def written(spec: dict[str, Any]) -> Decoded | Rejected:
    document = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}
    return decode(document)


def rule(**path: Any) -> dict[str, Any]:
    whole = {"path": "/", "pathType": "Prefix", "backend": BACKEND, **path}
    return {"rules": [{"host": "shop.example", "http": {"paths": [whole]}}]}


def test_an_ingress_is_read() -> None:
    tls = [{"hosts": ["shop.example"], "secretName": "cert"}]
    decoded = written({"ingressClassName": "gatewayd", "defaultBackend": BACKEND, "tls": tls, **rule()})

    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.obj, Ingress)
    spec = decoded.obj.spec
    assert (spec.ingress_class_name, spec.tls[0].secret_name, spec.tls[0].hosts) == (
        "gatewayd",
        "cert",
        ("shop.example",),
    )
    [path] = spec.rules[0].http.paths if spec.rules[0].http is not None else []
    assert (path.path, path.path_type) == ("/", "Prefix")
    assert path.backend.service is not None
    assert path.backend.service.port.number == 80


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({}, "spec: must have rules or defaultBackend"),
        ({"rules": [{"host": "10.0.0.1"}]}, 'spec.rules[0].host: "10.0.0.1" is an address; a DNS name is allowed'),
        (rule(path="cart"), "spec.rules[0].http.paths[0].path: must start with '/' for pathType Prefix"),
        (rule(path="/a/../b"), "spec.rules[0].http.paths[0].path: must not contain '/../' for pathType Prefix"),
        (rule(path="/a/.."), "spec.rules[0].http.paths[0].path: must not end with '/..' for pathType Prefix"),
        (rule(backend={}), "spec.rules[0].http.paths[0].backend: must have one of service and resource, and not both"),
        (
            {"defaultBackend": {"service": {"name": "cart", "port": {"name": "web", "number": 80}}}},
            "spec.defaultBackend.service.port: must have one of name and number, and not both",
        ),
        (
            {"defaultBackend": {"service": {"name": "cart", "port": {"name": "W"}}}},
            'spec.defaultBackend.service.port.name: "W" is not the name of a port',
        ),
    ],
)
def test_what_the_api_server_refuses_is_refused(spec: dict[str, Any], problem: str) -> None:
    rejected = written(spec)

    assert isinstance(rejected, Rejected)
    assert [str(each) for each in rejected.problems] == [problem]


def test_a_path_may_be_left_out_where_its_type_is_not_said() -> None:
    assert isinstance(written(rule(path="", pathType="ImplementationSpecific")), Decoded)
    assert isinstance(written(rule(path="", pathType="Exact")), Rejected)
    assert isinstance(written(rule(path="/a//b", pathType="ImplementationSpecific")), Decoded)


def test_hosts_are_names_or_wildcards() -> None:
    for host in ("*", "UPPER.example", "a b", "a.*.example"):
        assert isinstance(written({"rules": [{"host": host}]}), Rejected), host
    for host in ("", "*.shop.example"):
        assert isinstance(written({"rules": [{"host": host}]}), Decoded), host
