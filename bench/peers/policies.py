"""Objects of Envoy Gateway's kinds, read by Envoy Gateway and by gatewayd in one cluster: whether both answer alike.

Each has a Gateway of its own; routes are attached to both. The same requests go to both, and each pair of answers
that differs is listed, with the line of docs/envoy-gateway-kinds.md that tells of it.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from bench.peers import envoygateway
from bench.peers.cluster import Figure, Options, alone, figure
from bench.peers.goals import Row, at_least, at_most
from bench.peers.plane import Running
from bench.peers.policy_cases import BACKEND, CASES, CLIENTS, FILTER, PROXY, Ask, Case
from conformance.scenarios import manifests
from conformance.scenarios.manifests import GATEWAY_API, Object
from conformance.scenarios.world import SHOP
from gatewayd.infra import layout

INSTALLED_WITH = ("--envoy-gateway-kinds",)
PAGE = Path(__file__).parents[2] / "docs" / "envoy-gateway-kinds.md"
_API, _GROUP = "gateway.envoyproxy.io/v1alpha1", "gateway.envoyproxy.io"
_GATEWAYS = {"gatewayd": "ours", "envoy-gateway": "theirs"}
_ROUNDS, _PAUSE, _SETTLING = 6, 3.0, 15.0
_GOALS = {
    "objects": at_least(60),
    "differences that the page does not tell of": at_most(0),
    "answers of gatewayd that are not as written": at_most(0),
}
_SECRETS = {
    "users": {".htpasswd": "ann:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="},
    "clients": {"ann": "key-of-ann"},
    "login": {"credential": "Basic YTpi"},
}


class Compared(NamedTuple):
    """What both answered to the requests of a case; `objects` that one of the API server did not take is `refused`."""

    case: Case
    answers: Mapping[str, tuple[str, ...]]
    refused: str = ""

    @property
    def differs(self) -> bool:
        """Whether they answered otherwise."""
        return len(set(self.answers.values())) > 1

    @property
    def is_told(self) -> bool:
        """Whether the page tells of the difference."""
        return bool(self.case.differs) and self.case.differs in PAGE.read_text(encoding="utf-8")


async def run(_report: Any) -> list[Row]:
    """Return the rows of the comparison."""
    return await alone("the same objects and requests, both in one cluster", "policies", {}, _GOALS)


async def measure(running: Running, _options: Options) -> list[Figure]:
    """Apply all cases, ask both, and return what is alike and what is not; folder/answers.json has all answers."""
    await envoygateway.install(running.world)
    await running.world.echoes("echo")
    parameters = manifests.config_map(layout.NAMESPACE, "parameters", {"allowedCode": "Lua"})
    await _put(running, parameters, manifests.gateway_class("gatewayd", parameters))
    await _put(running, *(_secret(name, data) for name, data in _SECRETS.items()))
    addresses = await _gateways(running)
    running.say(f"Gateways at {addresses}")
    of_routes = [case for case in CASES if case.kind not in (CLIENTS, PROXY)]
    refused = {case.name: await _refused(running, case) for case in of_routes}
    running.say("objects of routes made")
    await asyncio.sleep(_SETTLING)
    found = [Compared(case, await _compared(addresses, case), refused[case.name]) for case in of_routes]
    running.say("routes compared")
    found += [await _of_gateways(running, addresses, case) for case in CASES if case.kind == CLIENTS]
    proxy = next(case for case in CASES if case.kind == PROXY)
    found.append(Compared(proxy, await _compared(addresses, proxy)))
    _keep(running, found)
    return _figures(found)


def _figures(found: Sequence[Compared]) -> list[Figure]:
    apart = [each for each in found if each.differs]
    untold = [each for each in apart if not each.is_told]
    wrong = [each for each in found if not _is_as_written(each.case, each.answers)]
    return [
        figure("objects", len(found)),
        figure("objects that the API server did not take", sum(bool(each.refused) for each in found)),
        figure("requests, to each", sum(len(each.case.asks) for each in found)),
        figure("objects with the same answers", len(found) - len(apart)),
        figure("objects with answers that differ", len(apart), note=_names(apart)),
        figure("differences that the page does not tell of", len(untold), note=_names(untold)),
        figure("answers of gatewayd that are not as written", len(wrong), note=_names(wrong)),
    ]


def _is_as_written(case: Case, answers: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether the statuses of gatewayd are those that stand in the case."""
    return tuple(int(each.split(" ")[0]) for each in answers["gatewayd"]) == case.expects


def _names(found: Iterable[Compared]) -> str:
    return ", ".join(each.case.name for each in found)


def _keep(running: Running, found: Sequence[Compared]) -> None:
    written = [
        {"case": each.case.name, "kind": each.case.kind, "refused": each.refused, **each.answers, "told": each.is_told}
        for each in found
    ]
    (running.world.folder / "answers.json").write_text(json.dumps(written, indent=1))


# --- objects ---------------------------------------------------------------------------------------------------------


async def _put(running: Running, *items: Object) -> None:
    for item in items:
        await running.world.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(item))


def _secret(name: str, data: Mapping[str, str]) -> Object:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": SHOP, "name": name}, "data": encoded}


def _object(case: Case, spec: Object) -> Object:
    metadata = {"namespace": SHOP, "name": case.name}
    return {"apiVersion": _API, "kind": case.kind, "metadata": metadata, "spec": spec}


async def _gateways(running: Running) -> dict[str, str]:
    """Make an EnvoyProxy and a Gateway for each; return their addresses by control plane."""
    proxy = next(case for case in CASES if case.kind == PROXY)
    await _put(running, _object(proxy, proxy.spec), _route(proxy, {}))
    classes = {"gatewayd": "gatewayd", "envoy-gateway": envoygateway.GATEWAY_CLASS}
    addresses = {}
    for plane, name in _GATEWAYS.items():
        item = manifests.gateway(SHOP, name)
        item["spec"]["gatewayClassName"] = classes[plane]
        item["spec"]["infrastructure"] = {"parametersRef": {"group": _GROUP, "kind": PROXY, "name": proxy.name}}
        await running.world.put(item)
        addresses[plane] = await running.world.gateway_address(item)
    return addresses


def _route(case: Case, rule: Object) -> Object:
    usual = {"name": "one", "backendRefs": [{"name": "echo", "port": 80}]}
    return {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"namespace": SHOP, "name": case.name},
        "spec": {
            "parentRefs": [{"name": name} for name in _GATEWAYS.values()],
            "hostnames": [f"{case.name}.example"],
            "rules": [{**usual, **rule}],
        },
    }


async def _refused(running: Running, case: Case) -> str:
    """Make a case's route and object; return why the API server did not take the object, "" if it did."""
    rule: Object = {}
    spec = case.spec
    if case.kind == FILTER:
        extension = {"group": _GROUP, "kind": FILTER, "name": case.name}
        rule = {"filters": [{"type": "ExtensionRef", "extensionRef": extension}]}
    elif case.kind == BACKEND:
        rule = {"backendRefs": [{"group": _GROUP, "kind": BACKEND, "name": case.name}]}
        [echo] = await running.world.pods(SHOP, "app=echo")
        spec = json.loads(json.dumps(spec).replace("<echo>", echo.address))
    else:
        spec = {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": case.name}], **spec}
    await _put(running, _route(case, rule))
    return await _why_not(running, _object(case, spec))


async def _why_not(running: Running, item: Object) -> str:
    """Make an object; return why the API server did not take it, "" if it did."""
    try:
        await _put(running, item)
    except Exception as error:  # noqa: BLE001 - what kubectl says is part of the answer
        return str(error)
    return ""


async def _of_gateways(running: Running, addresses: Mapping[str, str], case: Case) -> Compared:
    """Compare while a policy for both Gateways is there; then it is taken away."""
    targets = [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name} for name in _GATEWAYS.values()]
    await _put(running, _route(case, {}))
    refused = await _why_not(running, _object(case, {"targetRefs": targets, **case.spec}))
    await asyncio.sleep(_PAUSE)
    answers = await _compared(addresses, case)
    kind = f"clienttrafficpolicies.{_GROUP}"
    await running.world.kubectl("delete", kind, case.name, "--namespace", SHOP, "--ignore-not-found")
    return Compared(case, answers, refused)


# --- requests --------------------------------------------------------------------------------------------------------


async def _compared(addresses: Mapping[str, str], case: Case) -> dict[str, tuple[str, ...]]:
    """Ask both, again while they answer otherwise or gatewayd not as written: a control plane may still be at it."""
    answers: dict[str, tuple[str, ...]] = {}
    for turn in range(_ROUNDS):
        if turn:
            await asyncio.sleep(_PAUSE)
        answers = {plane: await _asked(address, case) for plane, address in addresses.items()}
        is_alike = len(set(answers.values())) == 1
        if _is_as_written(case, answers) and (is_alike or case.differs):
            break
    return answers


async def _asked(address: str, case: Case) -> tuple[str, ...]:
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as client:
        return tuple([await _answer(client, address, f"{case.name}.example", ask) for ask in case.asks])


async def _answer(client: aiohttp.ClientSession, address: str, host: str, ask: Ask) -> str:
    """Return what counts of an answer, as text."""
    headers = [("Host", host), *ask.headers]
    url = URL(f"http://{address}{ask.path}", encoded=True)
    try:
        async with client.request(
            ask.method, url, headers=headers, data=b"x" * ask.size if ask.size else None, allow_redirects=False
        ) as response:
            text = await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return f"0 {type(error).__name__}"
    seen = [f"{name}={response.headers.get(name, '')}" for name in ask.see]
    passed = [f"passed {name}={_passed(text, name)}" for name in ask.passed] if response.status == 200 else []
    return " ".join((str(response.status), *seen, *passed, *([repr(text)] if ask.reads else [])))


def _passed(text: bytes, name: str) -> str:
    try:
        said = json.loads(text)
    except ValueError:
        return "?"
    if name == "path":
        return str(said["path"])
    by_name = {key.lower(): values for key, values in said["headers"].items()}
    return ",".join(by_name.get(name, ()))
