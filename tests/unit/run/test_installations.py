"""Two installations in one cluster, each with a controllerName of its own: neither touches what is the other's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.identity.authority import founded
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.kube.client import KubeClient
from gatewayd.offline.translate import offline
from gatewayd.own_group import CONTROLLER, manager
from gatewayd.run.cluster import InCluster
from gatewayd.run.serve_options import ServeOptions
from gatewayd.store import Delta
from tests.fakes.api_server import ApiServer, access, api_server
from tests.fakes.documents import Json, event
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
    named,
)
from tests.unit.translator.manifests import deltas

RED: Final = "red.example/gatewayd"
RED_OPTIONS: Final = replace(OPTIONS, namespace="red", identity="red-one", controller_name=RED)
RED_CLASS: Final = f"{API}/gatewayclasses/red"
RED_GATEWAY: Final = f"{API}/namespaces/shop/gateways/red"
ROUTE: Final = f"{API}/namespaces/shop/httproutes/both"
GOLDEN: Final = Path(__file__).parents[2] / "golden"
MARKS: Final = (manager(CONTROLLER), manager(RED))


def red_class() -> Json:
    found = gateway_class()
    return {**found, "metadata": {"name": "red"}, "spec": {"controllerName": RED}}


def red_gateway() -> Json:
    return named(gateway("red"), "red")


def route() -> Json:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "both", "namespace": "shop", "generation": 1},
        "spec": {"parentRefs": [{"name": "gw"}, {"name": "red"}]},
    }


@asynccontextmanager
async def installations() -> AsyncIterator[ApiServer]:
    """Run one replica of each, with a class and a Gateway for each, and a route for both Gateways."""
    async with api_server() as cluster:
        server = cluster.server
        for path, document in ((CLASS, gateway_class()), (GATEWAY, gateway()), (RED_CLASS, red_class())):
            server.put(path, document)
        server.put(RED_GATEWAY, red_gateway())
        server.put(ROUTE, route())
        client = KubeClient(access(cluster.url), manager(RED))
        try:
            both = (replica(OPTIONS, cluster.client), replica(RED_OPTIONS, client))
            async with running(*(work for found in both for _, work in found._work())):
                await passes(10.0)
                yield server
        finally:
            await client.close()


def replica(options: ServeOptions, client: KubeClient) -> InCluster:
    found = InCluster(options, client, founded(NOW), around())
    found._reconciler.submit((Delta(kind=Environment, key=HERE, obj=options.environment),))
    return found


def made(server: ApiServer, mark: str) -> set[tuple[str, str]]:
    """Return kind and owner of what carries a mark in the namespace of the Gateways."""
    return {
        (each["kind"], owner["name"])
        for path, each in server.objects.items()
        if "/namespaces/shop/" in path and each["metadata"].get("labels", {}).get(MANAGED_BY) == mark
        for owner in each["metadata"]["ownerReferences"]
    }


def written(server: ApiServer, mark: str) -> set[str]:
    return {each.path for each in server.writes if each.headers["user-agent"] == mark and "/events" not in each.path}


def test_of_what_is_another_installations_nothing_is_said() -> None:
    cases = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.rglob("*.yaml"))]
    assert cases
    for case in cases:
        world = offline(deltas(case), replace(DEFAULT_ENVIRONMENT, controller=RED))
        assert (world.outcomes, world.snapshots) == ({}, {})


@skipping
async def test_each_makes_and_writes_what_is_its_own_and_a_route_has_an_entry_of_each() -> None:
    async with installations() as server:
        ours, theirs = (made(server, mark) for mark in MARKS)
        assert {owner for _, owner in ours} == {"gw"}
        assert {owner for _, owner in theirs} == {"red"}
        assert {kind for kind, _ in ours} == {kind for kind, _ in theirs}
        assert "Deployment" in {kind for kind, _ in ours}
        assert written(server, MARKS[0]) & written(server, MARKS[1]) == {f"{ROUTE}/status"}
        entries = server.objects[ROUTE]["status"]["parents"]
        assert {(each["controllerName"], each["parentRef"]["name"]) for each in entries} == {
            (CONTROLLER, "gw"),
            (RED, "red"),
        }
        for namespace, name in (("gatewayd-system", "one"), ("red", "red-one")):
            lease = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/gatewayd-leader"
            assert server.objects[lease]["spec"]["holderIdentity"] == name
        for path in (CLASS, GATEWAY, RED_CLASS, RED_GATEWAY):
            assert condition(server, path, "Accepted") == "True"


@skipping
async def test_they_do_so_by_managers_of_their_own() -> None:
    async with installations() as server:
        patches = [each for each in server.said("PATCH") if "fieldManager" in each.query]
        assert {each.query["fieldManager"] for each in patches} == {*MARKS}
        assert all(each.query["fieldManager"] == each.headers["user-agent"] for each in patches)


@skipping
async def test_a_gateway_goes_from_one_to_the_other_with_its_class() -> None:
    async with installations() as server:
        moved = server.put(GATEWAY, gateway("red"))
        for watch in server.watches:
            if watch.request.path == f"{API}/gateways":
                await watch.send(event("MODIFIED", moved))
        await passes(75.0)
        assert made(server, MARKS[0]) == set()
        assert {owner for _, owner in made(server, MARKS[1])} == {"gw", "red"}
        entries = server.objects[ROUTE]["status"]["parents"]
        assert {each["controllerName"] for each in entries} == {RED}
