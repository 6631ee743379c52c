"""A whole replica, what others led to, and what one tenant's objects must not do to the others."""

from typing import Final

from gatewayd.identity.authority import founded
from gatewayd.ir.infrastructure import object_name
from gatewayd.own_group import CONTROLLER
from gatewayd.run.cluster import InCluster
from tests.fakes.api_server import api_server, refused
from tests.fakes.documents import GATEWAY_API, Json, event, tcp_route
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes, skipping
from tests.unit.run.test_cluster import (
    API,
    CLASS,
    GATEWAY,
    NOW,
    OPTIONS,
    around,
    condition,
    gateway,
    gateway_class,
    kinds,
    named,
    replica,
)

NAME: Final = object_name("shop", "old")
SERVICE: Final = f"/api/v1/namespaces/shop/services/{NAME}"
ROUTE: Final = f"{API}/namespaces/shop/tcproutes/a"
FINALIZER: Final = "gateway-exists-finalizer.gateway.networking.k8s.io"


def left_behind() -> Json:
    """Return a Service that another leader made for a Gateway that is no more."""
    owners = [{"apiVersion": GATEWAY_API, "kind": "Gateway", "name": "old", "uid": "gone"}]
    labels = {"app.kubernetes.io/managed-by": "gatewayd"}
    metadata = {"name": NAME, "namespace": "shop", "labels": labels, "ownerReferences": owners}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}}


def entry(controller: str) -> Json:
    return {"controllerName": controller, "parentRef": {"name": "old"}, "conditions": []}


def route_of(*controllers: str) -> Json:
    """Return a route whose parent is a Gateway of nobody, with what was once said of it."""
    found = tcp_route("a")
    found["spec"]["parentRefs"] = [{"name": "nobody"}]
    return found | {"status": {"parents": [entry(each) for each in controllers]}}


@skipping
async def test_a_new_leader_takes_back_what_nobody_wants_any_more() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(GATEWAY, gateway())
        server.put(SERVICE, left_behind())
        server.put(SERVICE + "-theirs", named(left_behind(), NAME + "-theirs"))
        server.put(ROUTE, route_of("them.example/x", CONTROLLER))
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(30.0)
            assert SERVICE not in server.objects
            assert SERVICE + "-theirs" in server.objects
            [left] = server.objects[ROUTE]["status"]["parents"]
            assert left["controllerName"] == "them.example/x"
            assert "Deployment" in kinds(server, "shop")


@skipping
async def test_what_is_left_of_a_gateway_that_went_to_another_class_goes() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        theirs = gateway_class() | {"spec": {"controllerName": "them.example/x"}}
        server.put(f"{API}/gatewayclasses/somebody-elses", named(theirs, "somebody-elses"))
        server.put(f"{API}/namespaces/shop/gateways/old", named(gateway("somebody-elses"), "old"))
        server.put(SERVICE, left_behind())
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(30.0)
            assert SERVICE not in server.objects


@skipping
async def test_nothing_is_taken_back_before_every_kind_has_been_listed() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.script("GET", f"{API}/gateways", *[refused(500)] * 3)
        server.put(CLASS, gateway_class())
        server.put(f"{API}/namespaces/shop/gateways/old", named(gateway(), "old"))
        server.put(SERVICE, left_behind())
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(60.0)
            assert server.said("DELETE") == []


@skipping
async def test_what_appears_for_a_gateway_that_nobody_wants_goes() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(SERVICE + "-theirs", named(left_behind(), NAME + "-theirs"))
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(5.0)
            [watch] = [
                each
                for each in server.watches
                if each.request.path == "/api/v1/services" and "labelSelector" in each.request.query
            ]
            await watch.send(event("ADDED", server.put(SERVICE, left_behind())))
            await passes(5.0)
            assert SERVICE not in server.objects
            assert SERVICE + "-theirs" in server.objects


@skipping
async def test_a_class_has_a_finalizer_while_gateways_use_it() -> None:
    async with replica() as (server, _):
        assert server.objects[CLASS]["metadata"]["finalizers"] == [FINALIZER]
        gone = server.objects.pop(GATEWAY)
        [watch] = [each for each in server.watches if each.request.path == f"{API}/gateways"]
        await watch.send(event("DELETED", gone))
        await passes(5.0)
        assert server.objects[CLASS]["metadata"]["finalizers"] == []


@skipping
async def test_refused_infrastructure_is_said_in_programmed_and_in_one_event() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(GATEWAY, gateway())
        path = f"/api/v1/namespaces/shop/services/{object_name('shop', 'gw')}"
        server.script("PATCH", path, *[refused(403, "Forbidden", "exceeded quota: none")] * 100)
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(120.0)
            assert condition(server, GATEWAY, "Programmed") == "False"
            [said] = [
                each["message"]
                for each in server.objects[GATEWAY]["status"]["conditions"]
                if each["type"] == "Programmed"
            ]
            assert said.endswith(": exceeded quota: none")
            events = [each.body["message"] for each in server.said("POST", "/api/v1/namespaces/shop/events")]
            assert events == [said]


@skipping
async def test_a_secret_of_a_tenant_ends_no_replica() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(GATEWAY, gateway())
        server.put(
            f"{API}/namespaces/other/gateways/gw", gateway() | {"metadata": {"name": "gw", "namespace": "other"}}
        )
        name = f"{object_name('shop', 'gw')}-xds"
        secret = {"kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, "data": {"tls.crt": "////"}}
        server.put(f"/api/v1/namespaces/shop/secrets/{name}", secret)
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(60.0)
            assert "Deployment" in kinds(server, "other")
            assert "Deployment" not in kinds(server, "shop")
            assert condition(server, GATEWAY, "Programmed") == "False"
            assert found._lease.is_leader()


@skipping
async def test_nothing_is_written_into_a_namespace_that_is_being_deleted() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(GATEWAY, gateway() | {"spec": gateway()["spec"] | {"listeners": []}})
        metadata = {"name": "shop", "deletionTimestamp": "2026-11-29T17:00:00Z"}
        server.put("/api/v1/namespaces/shop", {"kind": "Namespace", "metadata": metadata})
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(60.0)
            made = [each for each in server.writes if "/namespaces/shop/" in each.path and "/status" not in each.path]
            assert made == []
