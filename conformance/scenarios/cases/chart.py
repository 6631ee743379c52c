"""The Helm chart in a cluster: installed, upgraded under load, removed; by Helm itself."""

from __future__ import annotations

from conformance.build import HERE, built
from conformance.scenarios import manifests
from conformance.scenarios.pods import output
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_CHART = HERE.parent / "deploy" / "helm" / "gatewayd"
_ROUTES = 20
_REPLICAS = 3
_RELEASE = "gatewayd"
_CRD = "accesspolicies"
# Not pods, which take their time to end.
_KINDS = "deployment,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget"


async def chart(world: World) -> tuple[Figure, ...]:
    """Install a release, serve, upgrade it to more replicas under load, and remove it."""
    notes = await _helm("install", _RELEASE, str(_CHART), "--create-namespace", "--wait", "--timeout", "120s")
    await world.put(manifests.namespace(SHOP))
    await world.echoes("echo")
    targets = await stable_routes(world, _ROUTES, "echo")
    address = await world.gateway()
    await until_right(world, address, targets)
    async with load(world, f"{address}:80", targets) as running:
        changes = ("--set", f"replicas={_REPLICAS}", "--set", "logLevel=debug", "--wait", "--timeout", "120s")
        await _helm("upgrade", _RELEASE, str(_CHART), *changes)
        replicas = len(await world.control_plane())
    # While a Gateway is there its class may not go, and once gatewayd is gone nobody would let it.
    await world.delete(manifests.gateway(SHOP, "gateway"))
    await world.until(lambda: _without_proxies(world), "the Gateway's proxies are gone")
    await _helm("uninstall", _RELEASE, "--wait", "--timeout", "120s")
    left = await world.kubectl("get", _KINDS, "-n", layout.NAMESPACE, "-o", "name")
    crds = await world.kubectl("get", "crd", "-o", "name")
    return (
        *running.figures(),
        none_of("notes that do not say how to go on", "kubectl get gateway web -w" not in notes),
        Figure(what="replicas after the upgrade", value=replicas, at_least=_REPLICAS, at_most=_REPLICAS),
        none_of("objects of the release that are left", sum(_RELEASE in each for each in left.splitlines())),
        Figure(what="CRDs of policies that stay", value=crds.count(f"/{_CRD}."), at_least=1),
    )


async def _without_proxies(world: World) -> bool:
    return not await world.proxies()


async def _helm(*arguments: str) -> str:
    return (await output(str(built("helm")), *arguments, "--namespace", layout.NAMESPACE)).decode()
