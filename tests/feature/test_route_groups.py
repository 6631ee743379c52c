"""Hosts that share a RouteConfiguration: what one of them breaks stays its own, whatever the others do meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import RegexPath, Route, RouteDiscovery, RouteTableKey, VirtualHost
from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.per_host_record import PER_HOST_ANNOTATION
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.read_once import parse
from gatewayd.offline.envoy_check import rehearse
from gatewayd.offline.translation import translate
from gatewayd.run.clock import time_now
from gatewayd.xds.build import virtual_hosts
from gatewayd.xds.messages.route import route_entries
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import DEADLINE, Backend, ask, backend
from tests.feature.xds_rig import GATEWAY, Rig, envoy_binary, rig
from tests.unit.xds.shorthand import cluster, config, endpoint, forward, host, http_listener, matching, route, table

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

_HOSTS = [f"h{number}.example" for number in range(3000)]
NUMBER = group_number(_HOSTS[0])
BAD, *OTHERS = [each for each in _HOSTS if group_number(each) == NUMBER][:4]
NEIGHBOUR = next(each for each in _HOSTS if group_number(each) != NUMBER)
REFUSED = matching(RegexPath(pattern="("))
"""What no manifest leads to: Envoy refuses such an expression, and the whole RouteConfiguration with it."""
APART = frozenset({NUMBER})


@dataclass(frozen=True, slots=True)
class World:
    """One Envoy with one port, and clients that never stop asking all hosts."""

    rig: Rig
    port: int
    backends: Mapping[str, Backend]
    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def config(self, others: str, bad: str | None, apart: frozenset[int] = frozenset()) -> ProxyConfig:
        """Route all hosts to `others`, but BAD to `bad`; None: in a way that Envoy refuses."""
        key = RouteTableKey(port=self.port, listener="")
        hosts = [host(each, route(forward(others))) for each in (*OTHERS, NEIGHBOUR)]
        return config(
            listeners=(http_listener(key, RouteDiscovery.PER_HOST),),
            tables=(table(*hosts, _bad(bad), key=key, discovery=RouteDiscovery.PER_HOST, apart=apart),),
            clusters=tuple(cluster(name, endpoint(each.port)) for name, each in self.backends.items()),
        )

    def publish(self, wanted: ProxyConfig) -> None:
        self.rig.fleet.publish(self.rig.builder.build(wanted))

    async def until_refused(self, *names: str) -> None:
        """Wait until Envoy refuses just these of the table's resources, RouteConfigurations and scopes."""
        wanted = {f"{self.port}:{each}" for each in names}
        async with asyncio.timeout(DEADLINE), self.rig.changed:
            await self.rig.changed.wait_for(lambda: self.refused() == wanted)

    def refused(self) -> set[str]:
        report = self.rig.fleet.report(GATEWAY)
        return {name for each in report.rejections if each.type_url in (ROUTE, SCOPED_ROUTE) for name in each.names}

    async def until_answered(self, name: str, *hosts: str) -> None:
        """Wait until these hosts answer from a backend."""
        async with asyncio.timeout(DEADLINE):
            for each in hosts:
                while await self._ask(each) != (200, name):
                    pass

    async def _ask(self, name: str) -> tuple[int, str]:
        answer = await ask(self.port, host=name)
        return answer.status, str(answer.echo["backend"]) if answer.status == 200 else ""

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask all hosts all the time; not one may get another status than 200."""
        over = asyncio.Event()

        async def client(name: str) -> None:
            while not over.is_set():
                self.answers.setdefault(name, []).append(await self._ask(name))

        async with asyncio.TaskGroup() as clients:
            for each in (BAD, *OTHERS, NEIGHBOUR):
                clients.create_task(client(each))
            yield
            over.set()
        wrong = {name: [each for each in found if each[0] != 200] for name, found in self.answers.items()}
        assert not any(wrong.values()), wrong


def _bad(to: str | None) -> VirtualHost:
    return host(BAD, route(forward("a"), match=REFUSED)) if to is None else host(BAD, route(forward(to)))


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    async with backend("a") as a, backend("b") as b, rig(folder) as made:
        yield World(made, free_port(), {"a": a, "b": b})


async def test_a_group_that_envoy_refuses_is_taken_apart_and_only_the_culprit_stays_behind(tmp_path: Path) -> None:
    async with world(tmp_path) as of:
        await of.rig.apply(of.config("a", "a"))
        await of.until_answered("a", BAD, *OTHERS, NEIGHBOUR)
        async with of.asking():
            of.publish(of.config("b", None))
            await of.until_refused(f"#{NUMBER}")
            await of.until_answered("b", NEIGHBOUR)

            of.publish(of.config("b", None, APART))
            await of.until_answered("b", *OTHERS)
            await of.until_refused(f"={BAD}")
            await of.until_answered("a", BAD)

            of.publish(of.config("a", None, APART))
            await of.until_answered("a", *OTHERS)
            await of.until_refused(f"={BAD}")

            await of.rig.apply(of.config("b", "b", APART))
            await of.until_answered("b", BAD, *OTHERS)
        assert {backend for _, backend in of.answers[BAD]} == {"a", "b"}


async def test_hosts_go_apart_and_together_without_a_wrong_answer(tmp_path: Path) -> None:
    """A replica that knows of no refusal puts them together again."""
    async with world(tmp_path) as of:
        await of.rig.apply(of.config("a", "a"))
        async with of.asking():
            for apart in (APART, frozenset[int](), APART):
                await of.rig.apply(of.config("a", "a", apart))


async def test_a_proxy_that_starts_has_all_but_the_culprit(tmp_path: Path) -> None:
    async with world(tmp_path) as of:
        of.publish(of.config("a", None, APART))
        await of.until_refused(f"={BAD}")
        await of.until_answered("a", *OTHERS, NEIGHBOUR)
        assert (await ask(of.port, host=BAD)).status == 404


MANIFESTS = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, protocol: HTTP, port: 8080}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {object_name("default", "web")}, annotations: {{{PER_HOST_ANNOTATION}: "8080"}}}}
spec: {{ports: [{{port: 8080}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: all}}
spec:
  parentRefs: [{{name: web}}]
  hostnames: [{BAD}, {", ".join(OTHERS)}]
  rules: [{{filters: [{{type: RequestRedirect, requestRedirect: {{scheme: https}}}}]}}]
"""


async def test_a_check_names_the_host_that_envoy_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(made: Route, domain: str) -> bytes:
        return route_entries(replace(made, match=REFUSED) if domain == BAD else made, domain)

    monkeypatch.setattr(virtual_hosts, "route_entries", spoilt)
    monkeypatch.setattr(virtual_hosts, "shared_between_domains", lambda _: False)
    found = translate(parse({"web.yaml": MANIFESTS.encode()}), time_now())
    (finding,) = await rehearse(found, envoy_binary(), None)
    assert finding.message == f"Envoy refused RouteConfiguration 8080:={BAD}: missing ): ("
