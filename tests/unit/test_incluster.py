"""The composition root against a scripted API server: objects in, statuses, infrastructure and a lease out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.kinds import KINDS
from gatewayd.identity.authority import founded
from gatewayd.identity.certificates import LEAF_LIFETIME, Subject, issue, make_ca
from gatewayd.incluster import InCluster, Trust
from gatewayd.ir.environment import CONTROLLER
from gatewayd.ir.infrastructure import object_name
from gatewayd.kube.owned import OWNED_KINDS
from gatewayd.serve_options import ServeOptions
from tests.fakes.api_server import ApiServer, api_server, refused
from tests.fakes.documents import GATEWAY_API, Json, event, tcp_route
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes, skipping

OPTIONS: Final = ServeOptions(
    kubeconfig=None,
    namespace="gatewayd-system",
    identity="one",
    uid="",
    xds_host="gatewayd.svc.",
    xds_port=0,
    route_discovery=None,
    log_level="info",
)
API: Final = f"/apis/{GATEWAY_API}"
CLASS: Final = f"{API}/gatewayclasses/gatewayd"
GATEWAY: Final = f"{API}/namespaces/shop/gateways/gw"
NOW: Final = datetime.now(UTC)
EMPTY: Final[Mapping[str, Json]] = MappingProxyType({})
SUBJECT: Final = Subject(common_name="gatewayd", dns_names=("gatewayd.gatewayd-system.svc",), uris=())


def gateway_class() -> Json:
    metadata = {"name": "gatewayd", "generation": 1}
    return {
        "apiVersion": GATEWAY_API,
        "kind": "GatewayClass",
        "metadata": metadata,
        "spec": {"controllerName": CONTROLLER},
    }


def gateway(class_name: str = "gatewayd") -> Json:
    return {
        "apiVersion": GATEWAY_API,
        "kind": "Gateway",
        "metadata": {"name": "gw", "namespace": "shop", "generation": 1},
        "spec": {"gatewayClassName": class_name, "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}]},
    }


def named(document: Json, name: str) -> Json:
    return document | {"metadata": document["metadata"] | {"name": name}}


@asynccontextmanager
async def replica(others: Mapping[str, Json] = EMPTY) -> AsyncIterator[tuple[ApiServer, InCluster]]:
    """Run a replica in a cluster with one Gateway and `others`, by path; its ports are not opened."""
    async with api_server() as cluster:
        cluster.server.put(CLASS, gateway_class())
        cluster.server.put(GATEWAY, gateway())
        for path, document in others.items():
            cluster.server.put(path, document)
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
        async with running(*(work for _, work in found._work())):
            await passes(5.0)
            yield cluster.server, found


def condition(server: ApiServer, path: str, kind: str) -> str:
    found: str
    [found] = [each["status"] for each in server.objects[path]["status"]["conditions"] if each["type"] == kind]
    return found


def kinds(server: ApiServer, namespace: str) -> set[str]:
    return {each["kind"] for path, each in server.objects.items() if f"/namespaces/{namespace}/" in path}


@skipping
async def test_statuses_and_infrastructure_come_of_objects() -> None:
    async with replica() as (server, _):
        assert condition(server, CLASS, "Accepted") == "True"
        assert condition(server, GATEWAY, "Accepted") == "True"
        assert condition(server, GATEWAY, "Programmed") == "False"
        made = {
            "ServiceAccount",
            "ConfigMap",
            "Deployment",
            "Service",
            "PodDisruptionBudget",
            "Secret",
            "NetworkPolicy",
        }
        assert kinds(server, "shop") == {"Gateway"} | made
        lease = server.objects["/apis/coordination.k8s.io/v1/namespaces/gatewayd-system/leases/gatewayd-leader"]
        assert lease["spec"]["holderIdentity"] == "one"


@skipping
async def test_an_idle_replica_writes_only_its_lease() -> None:
    async with replica() as (server, _):
        before = len(server.writes)
        await passes(60.0)
        assert {each.path.split("/")[-1] for each in server.writes[before:]} == {"gatewayd-leader"}


@skipping
async def test_everything_is_watched_and_of_secrets_only_certificates() -> None:
    async with replica() as (server, _):
        asked = {each.path.rsplit("/", 1)[1] for each in server.said("GET")}
        assert {kind.plural for kind in (*KINDS, *OWNED_KINDS)} <= asked
        secrets = [each.query for each in server.said("GET", "/api/v1/secrets")]
        assert all("fieldSelector" in each or "labelSelector" in each for each in secrets)


@skipping
async def test_a_gateway_that_goes_takes_its_infrastructure_along() -> None:
    async with replica() as (server, _):
        gone = server.objects.pop(GATEWAY)
        [watch] = [each for each in server.watches if each.request.path == f"{API}/gateways"]
        await watch.send(event("DELETED", gone))
        await passes(5.0)
        assert kinds(server, "shop") == set()


async def tell(server: ApiServer, path: str, kind: str, document: Json) -> None:
    """Tell of an object whoever watches its kind."""
    [watch] = [each for each in server.watches if each.request.path == path]
    await watch.send(event(kind, document))


@skipping
async def test_a_class_that_is_deleted_takes_nothing_away_and_another_controllers_class_does() -> None:
    name = object_name("shop", "gw")
    labels = {MANAGED_BY[0]: MANAGED_BY[1], "team": "red"}
    metadata = {"name": name, "namespace": "shop", "labels": labels}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
    async with replica({f"/api/v1/namespaces/shop/services/{name}": service}) as (server, _):
        there = kinds(server, "shop")
        assert "Deployment" in there
        found = server.objects.pop(CLASS)
        await tell(server, f"{API}/gatewayclasses", "DELETED", found)
        await passes(5.0)
        assert kinds(server, "shop") == there | {"Event"}
        assert condition(server, GATEWAY, "Accepted") == "False"
        await tell(server, f"{API}/gatewayclasses", "ADDED", server.put(CLASS, gateway_class()))
        await passes(5.0)
        assert condition(server, GATEWAY, "Accepted") == "True"
        theirs = {**server.objects[CLASS], "spec": {"controllerName": "other.example/controller"}}
        await tell(server, f"{API}/gatewayclasses", "MODIFIED", server.put(CLASS, theirs))
        await passes(5.0)
        assert kinds(server, "shop") == {"Gateway", "Event"}


@skipping
async def test_everything_is_released_when_it_stops() -> None:
    async with replica() as (server, _):
        pass
    lease = server.objects["/apis/coordination.k8s.io/v1/namespaces/gatewayd-system/leases/gatewayd-leader"]
    assert lease["spec"]["holderIdentity"] == ""


def trust() -> Trust:
    return Trust(founded(NOW), "gatewayd.gatewayd-system.svc")


def test_the_same_ca_changes_nothing() -> None:
    found = trust()
    before = found.certificates()
    found.follow(found.authority)
    assert found.certificates() == before
    assert before.client_authorities == found.authority.bundle


def test_a_ca_that_more_is_believed_of_is_followed() -> None:
    found = trust()
    more = replace(found.authority, successor=make_ca(NOW))
    found.follow(more)
    assert found.certificates().client_authorities == more.bundle


def test_a_certificate_that_is_due_is_renewed() -> None:
    found = trust()
    old = issue(found.authority.signing, SUBJECT, NOW - LEAF_LIFETIME + timedelta(days=1))
    found._pair = old
    found.follow(found.authority)
    assert found.certificates().chain != old.certificate


# --- what others led to ----------------------------------------------------------------------------------------------

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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
        async with running(*(work for _, work in found._work())):
            await passes(60.0)
            assert server.said("DELETE") == []


@skipping
async def test_what_appears_for_a_gateway_that_nobody_wants_goes() -> None:
    async with api_server() as cluster:
        server = cluster.server
        server.put(CLASS, gateway_class())
        server.put(SERVICE + "-theirs", named(left_behind(), NAME + "-theirs"))
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
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
        found = InCluster(OPTIONS, cluster.client, founded(NOW))
        async with running(*(work for _, work in found._work())):
            await passes(60.0)
            made = [each for each in server.writes if "/namespaces/shop/" in each.path and "/status" not in each.path]
            assert made == []
