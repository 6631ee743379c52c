from gatewayd.api.meta import GroupKind
from gatewayd.api.refs import BackendRef, LocalObjectRef, ObjectRef, ParentRef, SecretObjectRef
from tests.unit.api.documents import accepted, document, problems


def test_defaults_are_those_of_the_crds() -> None:
    assert ParentRef(name="gw").group_kind == GroupKind("gateway.networking.k8s.io", "Gateway")
    assert BackendRef(name="cart").group_kind == GroupKind("", "Service")
    assert BackendRef(name="cart").weight == 1
    assert SecretObjectRef(name="cert").group_kind == GroupKind("", "Secret")
    assert LocalObjectRef(group="", kind="ConfigMap", name="ca").group_kind == GroupKind("", "ConfigMap")
    assert ObjectRef(group="", kind="ConfigMap", name="ca").namespace is None


def test_an_absent_namespace_stays_absent() -> None:
    route = accepted(document("HTTPRoute", spec={"parentRefs": [{"name": "gw"}]}))
    assert route.spec.parent_refs == (ParentRef(name="gw"),)


def test_references_are_checked() -> None:
    spec = {"parentRefs": [{"name": "", "namespace": "A", "port": 0, "sectionName": "a b"}, {}]}
    assert problems(document("HTTPRoute", spec=spec)) == [
        "spec.parentRefs[0].name: must not be empty",
        "spec.parentRefs[0].namespace: \"A\" is not valid; allowed: lower-case letters, digits and '-'",
        "spec.parentRefs[0].sectionName: \"a b\" is not valid; allowed: lower-case letters, digits, '-' and '.'",
        "spec.parentRefs[0].port: 0 is too small; 1 is the least allowed",
        "spec.parentRefs[1].name: is required",
    ]
