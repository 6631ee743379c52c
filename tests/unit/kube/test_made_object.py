import json

import msgspec
import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.infra.layout import certificate_secret
from gatewayd.ir.infrastructure import object_name
from gatewayd.kube.made_object import LiveObject, ObjectName, OwnedMeta, name_of
from tests.fakes.documents import Json

NAME = object_name("shop", "gw")
LABELS = {"app.kubernetes.io/managed-by": "gatewayd"}
OWNER = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": "gw", "uid": "u"}
META: Json = {"name": NAME, "namespace": "shop", "labels": LABELS, "ownerReferences": [OWNER]}


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("v1", "Service", "/api/v1/namespaces/shop/services/a"),
        ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/shop/deployments/a"),
        ("policy/v1", "PodDisruptionBudget", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/a"),
    ],
)
def test_an_object_has_a_path(api_version: str, kind: str, path: str) -> None:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "shop"}}
    assert name_of(document) == ObjectName(api_version=api_version, kind=kind, namespace="shop", name="a")
    assert name_of(document).path() == path
    assert str(name_of(document)) == f'{kind} "shop/a"'


@pytest.mark.parametrize(
    "meta",
    [
        META,
        META | {"name": certificate_secret(NAME)},
        META | {"ownerReferences": [OWNER | {"apiVersion": "gateway.networking.k8s.io/v1beta1"}]},
        META | {"ownerReferences": [OWNER | {"kind": "Lease"}, OWNER]},
    ],
)
def test_an_object_was_made_for_the_gateway_that_owns_it(meta: Json) -> None:
    assert msgspec.convert(meta, OwnedMeta).gateways("gatewayd") == {ObjectKey("shop", "gw")}


@pytest.mark.parametrize(
    "meta",
    [
        {},
        META | {"labels": {}},
        META | {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
        META | {"labels": {"app.kubernetes.io/managed-by": "gatewayd.red.example_gatewayd"}},
        META | {"ownerReferences": []},
        META | {"ownerReferences": [OWNER | {"kind": "Deployment"}]},
        META | {"ownerReferences": [OWNER | {"apiVersion": "networking.istio.io/v1"}]},
        META | {"ownerReferences": [OWNER | {"name": "other"}]},
        META | {"name": "copy"},
        META | {"namespace": "elsewhere"},
    ],
)
def test_what_somebody_else_made_was_made_for_no_gateway(meta: Json) -> None:
    assert msgspec.convert(meta, OwnedMeta).gateways("gatewayd") == frozenset()


@pytest.mark.parametrize(
    ("kind", "replicas", "status", "ready"),
    [
        ("Deployment", 1, {}, False),
        ("Deployment", 2, {"readyReplicas": 1, "observedGeneration": 3}, False),
        ("Deployment", 2, {"readyReplicas": 2, "observedGeneration": 2}, False),
        ("Deployment", 2, {"readyReplicas": 2, "observedGeneration": 3}, True),
        ("Deployment", 0, {"observedGeneration": 3}, True),
        ("DaemonSet", None, {"observedGeneration": 3}, False),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 1, "observedGeneration": 3}, False),
        ("DaemonSet", None, {"desiredNumberScheduled": 2, "numberReady": 2, "observedGeneration": 3}, True),
    ],
)
def test_a_workload_is_ready_with_all_its_pods(kind: str, replicas: int | None, status: Json, *, ready: bool) -> None:
    spec = {} if replicas is None else {"replicas": replicas}
    text = json.dumps({"metadata": META | {"generation": 3}, "spec": spec, "status": status})
    assert msgspec.json.decode(text, type=LiveObject).is_ready(kind) is ready


@pytest.mark.parametrize(
    ("kind", "replicas", "status", "rolled"),
    [
        ("Deployment", 2, {}, False),
        ("Deployment", 2, {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "observedGeneration": 2}, False),
        ("Deployment", 2, {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 3, "observedGeneration": 3}, False),
        ("Deployment", 2, {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 2, "observedGeneration": 3}, False),
        ("Deployment", 2, {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1, "observedGeneration": 3}, False),
        ("Deployment", 2, {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "observedGeneration": 3}, True),
        ("Deployment", 0, {"observedGeneration": 3}, True),
        (
            "DaemonSet",
            None,
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberReady": 2, "observedGeneration": 3},
            False,
        ),
        (
            "DaemonSet",
            None,
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2, "observedGeneration": 3},
            True,
        ),
        ("DaemonSet", None, {"observedGeneration": 3}, True),
    ],
)
def test_a_workload_has_rolled_when_its_pods_are_of_its_template(
    kind: str, replicas: int | None, status: Json, *, rolled: bool
) -> None:
    spec = {} if replicas is None else {"replicas": replicas}
    text = json.dumps({"metadata": META | {"generation": 3}, "spec": spec, "status": status})
    assert msgspec.json.decode(text, type=LiveObject).has_rolled(kind) is rolled
