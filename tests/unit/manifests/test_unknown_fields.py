from collections.abc import Mapping

import pytest

from gatewayd.api.core import ConfigMap, Namespace, Secret, Service
from gatewayd.api.gateway import Gateway
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import KubernetesObject
from gatewayd.manifests.unknown_fields import unknown_fields


def fields(document: Mapping[str, object], struct: type[KubernetesObject] = HTTPRoute) -> list[str]:
    return [str(each.problem) for each in unknown_fields(document, struct)]


def rules(**rule: object) -> dict[str, object]:
    return {"apiVersion": "x", "kind": "HTTPRoute", "metadata": {"name": "a"}, "spec": {"rules": [rule]}}


def test_known_fields_are_passed_over() -> None:
    assert fields(rules(matches=[{"path": {"value": "/"}}], backendRefs=[{"name": "a", "port": 80}])) == []
    assert fields({"metadata": {"ownerReferences": [{"any": 1}], "labels": {"any": "x"}}, "status": {"odd": 1}}) == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"backendRef": []}, 'spec.rules[0].backendRef: unknown field; did you mean "backendRefs"?'),
        ({"filter": []}, 'spec.rules[0].filter: unknown field; did you mean "filters"?'),
        ({"type": 1}, None),
        (
            {"caseSensitive": 1, "queryParams": []},
            "spec.rules[0].queryParams: unknown field; it belongs into spec.rules[].matches[]",
        ),
        (
            {"matches": [{"path": {"prefix": "/"}}]},
            "spec.rules[0].matches[0].path.prefix: unknown field; allowed: type, value",
        ),
    ],
)
def test_what_may_have_been_meant(rule: dict[str, object], message: str | None) -> None:
    told = fields(rules(**rule))
    assert told
    assert message is None or message in told


def test_a_slip_is_told_from_a_field_of_newer_crds() -> None:
    slips = {each.path: each.is_slip for each in unknown_fields(rules(backendRef=[], wormhole=1), HTTPRoute)}
    assert slips == {"spec.rules[0].backendRef": True, "spec.rules[0].wormhole": False}


def test_at_the_root_and_in_metadata() -> None:
    assert fields({"metadata": {"lables": {}}, "specs": {}}) == [
        'metadata.lables: unknown field; did you mean "labels"?',
        'specs: unknown field; did you mean "spec"?',
    ]


@pytest.mark.parametrize(
    ("struct", "document"),
    [
        (
            Service,
            {"spec": {"sessionAffinityConfig": {"clientIP": {}}, "ipFamilyPolicy": "SingleStack", "clusterIP": ""}},
        ),
        (Secret, {"immutable": True, "type": "Opaque", "stringData": {"a": "b"}}),
        (ConfigMap, {"immutable": True, "binaryData": {}}),
        (Namespace, {"spec": {"finalizers": ["kubernetes"]}}),
    ],
)
def test_what_the_core_kinds_have_beside_what_is_read(
    struct: type[KubernetesObject], document: dict[str, object]
) -> None:
    assert fields(document, struct) == []
    assert fields({**document, "wormhole": 1}, struct)


def test_keys_of_maps_are_no_fields() -> None:
    listener = {"name": "a", "tls": {"options": {"any.example/key": "x"}}, "odd.key": 1}
    assert fields({"spec": {"listeners": [listener]}}, Gateway)[0].startswith('spec.listeners[0]["odd.key"]: unknown')


@pytest.mark.parametrize("spec", [None, [], 3, {"rules": {"a": 1}}, {"rules": [3, None]}])
def test_what_has_another_type_is_left_to_decoding(spec: object) -> None:
    assert fields({"spec": spec}) == []
