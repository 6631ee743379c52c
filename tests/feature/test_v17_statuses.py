"""What others wrote into a status stays as it is, over everything that gatewayd says afterwards.

GatewayPreserveForeignConditions, HTTPRoutePreserveForeignStatus and BackendTLSPolicyPreserveForeignStatus of v1.7.0:
the live objects are as `kubectl get -o json` shows them, what is said of them comes from a running gatewayd.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gatewayd.own_group import CONTROLLER
from gatewayd.status.merge import merge
from tests.feature.harness.backend_tls import CA, policy
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.pki import serving
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
BASE = GATEWAY
LONG_AGO, NOW, LATER = "2024-05-01T10:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def foreign(kind: str = "example.com/Audited") -> dict[str, Any]:
    """Return a condition of somebody else, who saw an old generation."""
    return {
        "lastTransitionTime": "2024-04-03T02:01:00Z",
        "message": "seen by the auditors",
        "observedGeneration": 1,
        "reason": "Audited",
        "status": "Unknown",
        "type": kind,
    }


def pending(*kinds: str) -> list[dict[str, Any]]:
    """Return what the CRD writes into a new object by default."""
    epoch = {"lastTransitionTime": "1970-01-01T00:00:00Z", "message": "Waiting for controller", "reason": "Pending"}
    return [{**epoch, "status": "Unknown", "type": kind} for kind in kinds]


def written(world: World, identity: str, live: Mapping[str, Any], now: str) -> Any:
    """Return the status after gatewayd has written it; writing it again changes nothing."""
    found = merge(live, world.outcome(identity), now=now, controller=CONTROLLER)
    assert found is not None
    assert merge(found, world.outcome(identity), now="2030-01-01T00:00:00Z", controller=CONTROLLER) is None
    return found


def conditions(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {each["type"]: each for each in entry["conditions"]}


def same(one: object, other: object) -> bool:
    """Return whether two documents are the same byte by byte, order of fields included."""
    return json.dumps(one) == json.dumps(other)


def seen(world: World, identity: str) -> int:
    """Return the generation that is spoken of."""
    outcome: Any = world.outcome(identity)
    return int(outcome.generation)


async def test_conditions_of_a_gateway_and_of_its_listeners(world: World) -> None:
    began = seen(world, "Gateway infra/edge")
    kinds = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}]
    entry = {"attachedRoutes": 0, "conditions": [foreign(), foreign("Ready")], "name": "http", "supportedKinds": kinds}
    live = {"conditions": [foreign(), *pending("Accepted", "Programmed")], "listeners": [entry]}
    first = written(world, "Gateway infra/edge", live, NOW)

    await world.apply(GATEWAY.replace("name: http,", "name: http, hostname: '*.example',"))
    second = written(world, "Gateway infra/edge", first, LATER)

    for found, generation in ((first, began), (second, began + 1)):
        (listener,) = found["listeners"]
        assert same(conditions(found)["example.com/Audited"], foreign())
        assert same(conditions(listener)["example.com/Audited"], foreign())
        assert same(conditions(listener)["Ready"], foreign("Ready"))
        own = [each for each in (*found["conditions"], *listener["conditions"]) if each["reason"] != "Audited"]
        assert {each["type"] for each in own} >= {"Accepted", "Programmed", "ResolvedRefs"}
        assert {each["observedGeneration"] for each in own} == {generation}
        # What did not change its status keeps its time.
        assert {each["lastTransitionTime"] for each in own} == {NOW}


def other_parent(name: str, controller: str = "example.com/other-controller") -> dict[str, Any]:
    return {
        "conditions": [{**foreign("Accepted"), "status": "True"}, foreign()],
        "controllerName": controller,
        "parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, "namespace": "infra"},
    }


async def test_the_parents_of_others(world: World) -> None:
    """Also one that says something of our own Gateway, and one for a Gateway that does not exist."""
    text = http_route("r", "- {backendRefs: [{name: one, port: 80}]}")
    theirs = [other_parent("gone"), other_parent("edge"), other_parent("edge", f"{CONTROLLER}-of-another")]
    await world.apply(text)
    first = written(world, "HTTPRoute shop/r", {"parents": theirs}, NOW)

    await world.apply(text.replace("name: one", "name: missing"))
    second = written(world, "HTTPRoute shop/r", first, LATER)

    for found in (first, second):
        assert same([each for each in found["parents"] if each["controllerName"] != CONTROLLER], theirs)
        assert len(found["parents"]) == 4
    (own,) = (each for each in second["parents"] if each["controllerName"] == CONTROLLER)
    assert own["parentRef"] == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "edge",
        "namespace": "infra",
    }
    said = conditions(own)
    assert (said["ResolvedRefs"]["reason"], said["ResolvedRefs"]["lastTransitionTime"]) == ("BackendNotFound", LATER)
    assert (said["Accepted"]["observedGeneration"], said["Accepted"]["lastTransitionTime"]) == (2, NOW)

    # Our entry goes when the route has no Gateway of ours any more; theirs do not.
    await world.apply(text.replace("name: edge,", "name: elsewhere,"))
    assert same(written(world, "HTTPRoute shop/r", second, LATER)["parents"], theirs)


async def test_the_ancestors_of_others(world: World) -> None:
    await world.backend("secure", tls=serving(CA.issue("inner.example")))
    route = http_route("r", "- {backendRefs: [{name: secure, port: 80}]}")
    gone, edge = ({**other_parent(name), "ancestorRef": other_parent(name)["parentRef"]} for name in ("gone", "edge"))
    theirs = [{field: each[field] for field in each if field != "parentRef"} for each in (gone, edge)]
    await world.apply(CA.configmap("ca", namespace="shop"), policy(), route)
    first = written(world, "BackendTLSPolicy shop/p", {"ancestors": theirs}, NOW)

    await world.remove("ConfigMap shop/ca")
    await world.apply(policy(hostname="other.example"))
    second = written(world, "BackendTLSPolicy shop/p", first, LATER)

    for found, accepted in ((first, "Accepted"), (second, "NoValidCACertificate")):
        assert same(found["ancestors"][:2], theirs)
        (own,) = found["ancestors"][2:]
        assert (own["controllerName"], own["ancestorRef"]["name"]) == (CONTROLLER, "edge")
        assert conditions(own)["Accepted"]["reason"] == accepted
    assert conditions(second["ancestors"][2])["Accepted"]["observedGeneration"] == 2

    await world.remove("HTTPRoute shop/r")
    assert same(written(world, "BackendTLSPolicy shop/p", second, LATER)["ancestors"], theirs)
