from typing import Any

import pytest

from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.replicas import HEIR, hand_over_replicas
from tests.fakes.api_server import Cluster, refused
from tests.fakes.documents import Json

PATH = "/apis/apps/v1/namespaces/shop/deployments/a"
DOCUMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "namespace": "shop"},
    "spec": {"template": {}},
}


def live(manager: str = "gatewayd", operation: str = "Apply", fields: Any = None) -> Json:
    owned = {"f:spec": {"f:replicas": {}}} if fields is None else fields
    managed = [{"manager": manager, "operation": operation, "fieldsV1": owned}]
    return {"metadata": {"name": "a", "managedFields": managed}, "spec": {"replicas": 4}}


async def handed(cluster: Cluster, document: Json = DOCUMENT) -> list[Json]:
    await hand_over_replicas(cluster.client, PATH, document)
    return [each.body for each in cluster.server.said("PATCH", PATH)]


async def test_the_number_of_now_gets_another_manager_before_ours_lets_go_of_it(cluster: Cluster) -> None:
    cluster.server.put(PATH, live())
    assert await handed(cluster) == [{**DOCUMENT, "spec": {"replicas": 4}}]
    (patch,) = cluster.server.said("PATCH")
    assert patch.query["fieldManager"] == HEIR
    assert "force" not in patch.query


async def test_nothing_is_handed_over_while_the_number_is_ours_to_say(cluster: Cluster) -> None:
    cluster.server.put(PATH, live())
    assert await handed(cluster, {**DOCUMENT, "spec": {"replicas": 1}}) == []
    assert await handed(cluster, {**DOCUMENT, "kind": "DaemonSet"}) == []
    assert cluster.server.said("GET") == []


@pytest.mark.parametrize(
    "found",
    [
        live(manager="kube-controller-manager"),
        live(operation="Update"),
        live(fields={"f:spec": {}}),
        {"metadata": {"name": "a"}, "spec": {"replicas": 4}},
        {"metadata": {"name": "a"}, "spec": {}},
    ],
)
async def test_what_is_not_ours_is_left_alone(cluster: Cluster, found: Json) -> None:
    cluster.server.put(PATH, found)
    assert await handed(cluster) == []


async def test_a_deployment_that_is_not_there_has_no_number(cluster: Cluster) -> None:
    assert await handed(cluster) == []


async def test_a_refusal_is_the_callers(cluster: Cluster) -> None:
    cluster.server.script("GET", PATH, refused(403, "Forbidden"))
    with pytest.raises(ApiError):
        await handed(cluster)
