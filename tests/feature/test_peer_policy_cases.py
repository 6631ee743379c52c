"""What `make bench-peers CASE=policies` asks both control planes, of gatewayd alone: each case answers as written."""

import json
from typing import Any

import pytest

from bench.peers.policy_cases import BACKEND, CASES, CLIENTS, FILTER, PROXY, Ask, Case
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import CODE_ALLOWED, foreign, target
from tests.feature.harness.world import World
from tests.feature.test_policy_keys import HASH, secret

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

GROUP = "gateway.envoyproxy.io"
OF_ROUTES = tuple(case for case in CASES if case.kind not in (CLIENTS, PROXY))
SECRETS = (
    secret("users", _htpasswd=f"ann:{HASH}"),
    secret("clients", ann="key-of-ann"),
    secret("login", credential="Basic YTpi"),
)


def route(case: Case) -> str:
    rule = "{name: one, backendRefs: [{name: one, port: 80}]}"
    if case.kind == FILTER:
        ref = f"{{type: ExtensionRef, extensionRef: {{group: {GROUP}, kind: {FILTER}, name: {case.name}}}}}"
        rule = f"{{name: one, filters: [{ref}], backendRefs: [{{name: one, port: 80}}]}}"
    if case.kind == BACKEND:
        rule = f"{{name: one, backendRefs: [{{group: {GROUP}, kind: {BACKEND}, name: {case.name}}}]}}"
    return http_route(case.name, f"- {rule}", host=f"{case.name}.example")


def written(world: World, case: Case) -> str:
    if case.kind not in (FILTER, BACKEND):
        return foreign(case.kind, case.name, target("HTTPRoute", case.name), **case.spec)
    spec = json.dumps(case.spec).replace("<echo>", "127.0.0.1").replace("3000", str(world.backends["one"].port))
    metadata = f"{{name: {case.name}, namespace: shop}}"
    return f"\napiVersion: {GROUP}/v1alpha1\nkind: {case.kind}\nmetadata: {metadata}\nspec: {spec}\n"


async def answered(world: World, case: Case, ask: Ask) -> int:
    host = f"{case.name}.example"
    more: dict[str, Any] = {"body": b"x" * ask.size} if ask.size else {}
    return (await world.ask(ask.path, *ask.headers, host=host, method=ask.method, **more)).status


async def test_cases_of_routes_side_by_side(world: World) -> None:
    echo = service("echo", world.backends["two"].port)
    await world.apply(
        CODE_ALLOWED, *SECRETS, echo, *map(route, OF_ROUTES), *(written(world, case) for case in OF_ROUTES)
    )
    apart = {}
    for case in OF_ROUTES:
        statuses = tuple([await answered(world, case, ask) for ask in case.asks])
        if case.expects[0] == 429:  # what is asked again and again there: by now nobody is left
            statuses = tuple([await answered(world, case, ask) for ask in case.asks])
        if statuses != case.expects:
            apart[case.name] = (statuses, case.expects)
    assert apart == {}


@pytest.mark.parametrize("case", [case for case in CASES if case.kind == CLIENTS], ids=lambda case: case.name)
async def test_cases_of_gateways_one_by_one(world: World, case: Case) -> None:
    policy = foreign(CLIENTS, case.name, target("Gateway", "edge"), namespace="infra", **case.spec)
    await world.apply(route(case), policy)
    assert tuple([await answered(world, case, ask) for ask in case.asks]) == case.expects
