"""From a laptop: `gatewayd status`, `why`, `ask`, `proxy`, `ui` by a kubeconfig, with and without rights."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_CORE, _ACCESS = "v1", "rbac.authorization.k8s.io/v1"
_ROUTES = 20
_READER = "reader"
_PAGE_SECONDS = 60.0


async def laptop(world: World) -> tuple[Figure, ...]:
    """Ask with the rights of an administrator, with those of a role that may forward ports, and without them."""
    await world.install()
    await world.echoes("echo")
    await world.gateway()
    for number in range(_ROUTES):
        await world.put(manifests.route(SHOP, f"route-{number}", [f"host-{number}.example"], "echo"))
    own = Path(os.environ["KUBECONFIG"])
    await world.until(lambda: _settled(own), "all routes are in all proxies")
    status = await _asked(own, "status", "-A", "-o", "json")
    told = json.loads(status.out)
    works = await _asked(own, "why", f"httproute/{SHOP}/route-0")
    gateway = await _asked(own, "why", "gateways/gateway", "-n", SHOP)
    routes = await _asked(own, "proxy", "routes", f"{SHOP}/gateway", "-o", "json")
    apart = await _asked(own, "proxy", "config", f"{SHOP}/gateway", "--diff")
    if apart.code:
        print(apart.out)
    asked = await _asked(own, "ask", "http://host-0.example/", "-o", "json")
    page = await _page(own)
    reader = await _reader(world, own)
    refused = await _asked(reader, "status", "-A")
    await world.put(*_right())
    allowed = await _asked(reader, "status", "-A")
    return (
        Figure(what="replicas that answered", value=len(_names(told)), at_least=2),
        Figure(what="routes told of", value=len(told["routes"]), at_least=_ROUTES),
        Figure(what="proxies told of", value=len(told["proxies"]), at_least=1),
        Figure(what="status of an administrator, seconds", value=status.seconds, unit="s", at_most=20),
        none_of("exit code of why of a route that works", works.code),
        none_of("exit code of why of a Gateway that works", gateway.code),
        Figure(what="routes that the proxy itself tells of", value=_routes_of(routes.out), at_least=_ROUTES),
        none_of("exit code of proxy config --diff", apart.code),
        none_of("exit code of ask, when the rule answers that explain foretells", asked.code),
        Figure(what="answers of ask by that rule", value=asked.out.count(f"HTTPRoute {SHOP}/route-0 "), at_least=2),
        Figure(what="routes on the page of a replica", value=page.count(f"{SHOP}/route-"), at_least=1),
        Figure(what="exit code without the right to forward ports", value=refused.code, at_least=3, at_most=3),
        none_of("routes told without the right", refused.out.count("HTTPRoute")),
        none_of("exit code with that right alone", allowed.code),
    )


class _Answer:
    """What a command said."""

    def __init__(self, code: int, out: str, seconds: float) -> None:
        self.code = code
        self.out = out
        self.seconds = seconds


async def _asked(kubeconfig: Path, *arguments: str) -> _Answer:
    """Run `gatewayd` as on a laptop."""
    began = asyncio.get_running_loop().time()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gatewayd",
        *arguments,
        "--kubeconfig",
        str(kubeconfig),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    seconds = asyncio.get_running_loop().time() - began
    if err:
        print(f"  gatewayd {' '.join(arguments)}: {err.decode().strip()}")
    return _Answer(process.returncode or 0, out.decode(), seconds)


def _routes_of(text: str) -> int:
    return len({row["route"].split("/rule/")[0] for proxy in json.loads(text or "[]") for row in proxy["rows"]})


async def _page(kubeconfig: Path) -> str:
    """Return the page that `gatewayd ui` leads to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gatewayd", "ui", "--kubeconfig", str(kubeconfig), stdout=asyncio.subprocess.PIPE
    )
    try:
        line = await asyncio.wait_for((process.stdout or asyncio.StreamReader()).readline(), _PAGE_SECONDS)
        address = line.decode().removeprefix("page: ").strip()
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session, session.get(address) as response:
            return await response.text()
    finally:
        process.terminate()
        await process.wait()


async def _settled(kubeconfig: Path) -> bool:
    answer = await _asked(kubeconfig, "status", "-A", "-o", "json")
    if not answer.out:
        return False
    told: dict[str, Any] = json.loads(answer.out)
    arrived = [route for route in told["routes"] if route["acked"] is not None]
    return len(arrived) == _ROUTES and bool(told["proxies"])


def _names(told: dict[str, Any]) -> list[str]:
    """Return the replicas that answered: their names stand after that of the context."""
    return [name for name in str(told["folder"]).partition("(")[2].strip(")").split(", ") if name]


async def _reader(world: World, own: Path) -> Path:
    """Write the kubeconfig of an account that may list the pods of the installation, and nothing else."""
    await world.put(_object(_CORE, "ServiceAccount"), *_role(_READER, [("pods", ["list"])]))
    token = await world.api.create(
        f"/api/v1/namespaces/{layout.NAMESPACE}/serviceaccounts/{_READER}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )
    file = world.folder / "reader.kubeconfig"
    _write_with_token(own, token["status"]["token"], file)
    return file


def _write_with_token(own: Path, token: str, file: Path) -> None:
    document = yaml.safe_load(own.read_text())
    document["users"] = [{"name": each["name"], "user": {"token": token}} for each in document["users"]]
    file.write_text(yaml.safe_dump(document))


def _object(version: str, kind: str, name: str = _READER) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": layout.NAMESPACE}}


def _right() -> tuple[Object, ...]:
    return _role("forwarder", [("pods/portforward", ["get", "create"])])


def _role(name: str, rules: list[tuple[str, list[str]]]) -> tuple[Object, ...]:
    """Return a role, and its binding to the account."""
    granted = [{"apiGroups": [""], "resources": [resource], "verbs": verbs} for resource, verbs in rules]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": _READER, "namespace": layout.NAMESPACE}
    return (
        {**_object(_ACCESS, "Role", name), "rules": granted},
        {**_object(_ACCESS, "RoleBinding", name), "roleRef": reference, "subjects": [subject]},
    )
