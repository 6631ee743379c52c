"""An API server that says whatever it likes to a replica that takes it for a member cluster's.

Each attempt is told apart by the token that gatewayd comes with, so that one does not wait for what another has slowed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from conformance.harness.addresses import API_SERVICE_IP, NODE_IP
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.member_cluster import EXPORT_API, kubeconfig
from conformance.scenarios.shown_api_server import shown_as_api_server
from conformance.scenarios.world import SHOP, World

_PORT = 7100
_SERVER = f"https://{NODE_IP}:{_PORT}"
_BLOCK = b" " * (256 * 1024)
_DEEP = 100_000
_LOOK_SECONDS = 0.5
TOO_MANY_EXPORTS = "2,500 exports"
_OLDEST = "1970-01-01T00:00:00Z"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""How a list is answered."""


@dataclass(slots=True, kw_only=True)
class HostileMember:
    """The server while it runs. `answers`: what lists get, by token; `heard`: how many were answered, by token."""

    authority: bytes
    answers: dict[str, Answer] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)

    def access(self, token: str) -> Object:
        """Return the kubeconfig that leads here with a token."""
        return kubeconfig(_SERVER, self.authority, token)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; a watch brings nothing until whoever asked has gone."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.query.get("watch") == "true":
            return await _silent(request)
        try:
            return await self.answers[token](request)
        finally:
            self.heard[token] += 1


async def _silent(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while _is_heard(request):  # noqa: ASYNC110 - aiohttp has no event for a client that has gone
        await asyncio.sleep(_LOOK_SECONDS)
    return response


def _is_heard(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _plural(request: web.Request) -> str:
    return request.path.rpartition("/")[2]


def listed(objects: Iterable[Object]) -> Answer:
    """Answer with these objects, each in the list of its kind."""
    by_plural: dict[str, list[Object]] = {}
    for each in objects:
        where = manifests.collection(each["apiVersion"], each["kind"], "")
        by_plural.setdefault(where.rpartition("/")[2], []).append(each)

    async def answer(request: web.Request) -> web.StreamResponse:
        items = by_plural.get(_plural(request), [])
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": items})

    return answer


def _plain(**response: Any) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(**response)

    return answer


async def _endless(request: web.Request) -> web.StreamResponse:
    """Begin a list, and never end it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"metadata": {"resourceVersion": "1"}, "items": [')
    with suppress(ConnectionError):  # whoever asked has had enough
        while _is_heard(request):
            await response.write(_BLOCK)
            await asyncio.sleep(0)  # a connection that is gone never has it wait
    return response


async def _pages(_request: web.Request) -> web.StreamResponse:
    """Lead from each page to another one."""
    return web.json_response({"metadata": {"resourceVersion": "1", "continue": "more"}, "items": []})


def exported(name: str, *addresses: str, where: str = SHOP) -> tuple[Object, ...]:
    """Return what exports a Service with these addresses, since longer than anybody else."""
    service = manifests.service(where, name, {})
    service["spec"] = {"ports": [{"name": "web", "port": 80}]}
    metadata = {"namespace": where, "name": name, "creationTimestamp": _OLDEST}
    export = {"apiVersion": EXPORT_API, "kind": "ServiceExport", "metadata": metadata}
    return service, export, manifests.endpoint_slice(where, f"{name}-1", name, addresses, port="web")


def attempts(name: str, others: Iterable[str], elsewhere: str) -> Mapping[str, Answer]:
    """Return what is tried against an import `name`; `others` are addresses of other members, `elsewhere` a URL."""
    odd = ("127.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0", NODE_IP, API_SERVICE_IP, "::1", "x" * 1_000_000)
    wide = exported(name)
    wide[0]["spec"]["ports"] = [{"name": f"p{at}", "port": 1_000 + at} for at in range(20_000)]
    names = (f"{name}/../x", "\x1b[31m", "", "A" * 100_000)
    return {
        "objects of namespaces of others": listed((*exported("api", where="vault"), *exported(name, where="default"))),
        "addresses that are no pods of its own": listed(exported(name, *odd)),
        "addresses of other members, as the oldest": listed(exported(name, *others)),
        TOO_MANY_EXPORTS: listed(each for at in range(2_500) for each in exported(f"s{at}")),
        "60,000 endpoints": listed((*exported(name), *_crowd(name, 600))),
        "20,000 ports of a Service with 4,000 slices": listed((*wide, *_crowd(name, 4_000, each=1))),
        "names that are none": listed(each for odd_name in names for each in exported(odd_name, "10.244.255.1")),
        "an answer without end": _endless,
        "pages without end": _pages,
        "a redirect to another member": _plain(status=307, headers={"Location": f"{elsewhere}/api/v1/secrets"}),
        "kinds that it says it has not": _plain(status=404, text="{}"),
        "what is no JSON": _plain(body=b"\xff\xfe{" * 1000),
        "JSON as deep as it gets": _plain(body=b'{"metadata": {}, "items": ' + b"[" * _DEEP),
    }


def _crowd(name: str, slices: int, *, each: int = 100) -> Iterator[Object]:
    """Yield slices with so many addresses of pods each."""
    for at in range(slices):
        first = at * each
        addresses = [f"10.244.{(first + one) // 250 % 256}.{(first + one) % 250}" for one in range(each)]
        yield manifests.endpoint_slice(SHOP, f"{name}-crowd-{at}", name, addresses, port="web")


def bad_kubeconfigs(good: Object) -> Mapping[str, Object]:
    """Return kubeconfigs that would run, read or send something, by what they would do."""
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - the place of one
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/touch", "args": ["/tmp/ran"]}
    users: Mapping[str, Object] = {
        "run a program": {"exec": program},
        "ask a provider": {"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/touch"}}},
        "read a file with a token": {"tokenFile": token},
        "read files of a certificate": {"client-certificate": token, "client-key": token},
    }
    clusters: Mapping[str, Object] = {
        "check no certificate": {"server": _SERVER, "insecure-skip-tls-verify": True},
        "go by another host": {**good["clusters"][0]["cluster"], "proxy-url": f"http://{NODE_IP}:{_PORT}"},
        "read a file with a CA": {"server": _SERVER, "certificate-authority": token},
    }
    return {
        **{what: {**good, "users": [{"name": "gatewayd", "user": user}]} for what, user in users.items()},
        **{what: {**good, "clusters": [{"name": "member", "cluster": each}]} for what, each in clusters.items()},
    }


@asynccontextmanager
async def hostile_member(world: World) -> AsyncIterator[HostileMember]:
    """Run the server on the node until the block ends."""
    member = HostileMember(authority=(world.run.certificates / "ca.crt").read_bytes())
    async with shown_as_api_server(world, _PORT, member.handle):
        yield member
