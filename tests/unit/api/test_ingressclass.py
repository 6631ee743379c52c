from typing import Any

import pytest

from gatewayd.api.decode import Decoded, Rejected, decode
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.meta import ObjectKey


def written(parameters: dict[str, Any]) -> Decoded | Rejected:
    spec = {"controller": "gatewayd.io/ingress-controller", "parameters": parameters}
    metadata = {"name": "gatewayd"}
    return decode({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata, "spec": spec})


def test_a_class_is_read() -> None:
    decoded = written({"apiGroup": "g.example", "kind": "Gateway", "name": "e", "scope": "Namespace", "namespace": "i"})

    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.obj, IngressClass)
    assert decoded.key == ObjectKey("", "gatewayd")
    parameters = decoded.obj.spec.parameters
    assert parameters is not None
    assert (parameters.api_group, parameters.namespace) == ("g.example", "i")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"scope": "Namespace"}, "spec.parameters.namespace: is required for scope Namespace"),
        ({"namespace": "infra"}, "spec.parameters.namespace: must be left out for scope Cluster"),
    ],
)
def test_a_namespace_goes_with_its_scope(more: dict[str, str], problem: str) -> None:
    rejected = written({"kind": "Gateway", "name": "edge", **more})

    assert isinstance(rejected, Rejected)
    assert [str(each) for each in rejected.problems] == [problem]
