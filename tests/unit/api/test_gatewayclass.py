from gatewayd.api.refs import ObjectRef
from tests.unit.api.documents import accepted, document, problems


def test_a_gateway_class_of_either_version() -> None:
    spec = {
        "controllerName": "gatewayd.io/controller",
        "parametersRef": {"group": "", "kind": "ConfigMap", "name": "p", "namespace": "ns"},
    }
    for version in ("v1", "v1beta1"):
        made = accepted(document("GatewayClass", version, spec=spec))
        assert made.spec.controller_name == "gatewayd.io/controller"
        assert made.spec.parameters_ref == ObjectRef(group="", kind="ConfigMap", name="p", namespace="ns")
        assert made.metadata.namespace == ""


def test_its_limits() -> None:
    spec = {"controllerName": "gatewayd", "description": "a" * 65}
    assert problems(document("GatewayClass", spec=spec)) == [
        "spec.controllerName: \"gatewayd\" is not valid; allowed: a DNS name, '/' and a path",
        "spec.description: has 65 characters; at most 64 are allowed",
    ]
