"""A listener's Secret replaced every second under new TLS connections; then broken ones, which change nothing."""

from __future__ import annotations

import asyncio
import time

from conformance.scenarios import manifests
from conformance.scenarios.certificates import Maker, encoded
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, target
from conformance.scenarios.world import SHOP, World

_HOST = "site.example"
_TIMES = 60
_RATE = 100


async def rotation(world: World) -> tuple[Figure, ...]:
    """Rotate for a minute, then write what is no certificate."""
    await world.install()
    await world.echoes("echo")
    maker = Maker(world.folder)
    await world.put(maker.secret(SHOP, "site", _HOST))
    await world.put(manifests.route(SHOP, "site", [_HOST], "echo"))
    address = await world.gateway(manifests.https_listener(_HOST, "site"))
    wanted = [target(_HOST, routes=["site"], backends=["echo"], scheme="https")]
    await asyncio.sleep(2)
    where = f"{address}:443"
    async with load(world, where, wanted, rate=_RATE, fresh=1, ca=maker.authority) as running:
        for turn in range(_TIMES):
            due = time.monotonic() + 1
            await world.put(maker.secret(SHOP, "site", _HOST))
            await asyncio.sleep(due - time.monotonic())
            if turn % 20 == 0:
                print(f"  rotated {turn} times", flush=True)
    seen = {each.serial for each in running.answers if each.serial}
    figures = [
        *running.figures(),
        Figure(what="certificates written", value=_TIMES),
        Figure(what="different certificates that clients saw", value=len(seen), at_least=_TIMES - 5),
    ]
    for what, broken in _broken(maker):
        figures += await _refused(world, where, maker, what, broken)
    return tuple(figures)


def _broken(maker: Maker) -> tuple[tuple[str, Object], ...]:
    one, other = maker.pair(_HOST), maker.pair(_HOST)
    certificate, key = encoded(one.certificate), encoded(bytes(one.key))
    return (
        ("key of another certificate", manifests.tls_secret(SHOP, "site", certificate, encoded(bytes(other.key)))),
        ("no certificate", manifests.tls_secret(SHOP, "site", encoded(b"nothing"), key)),
        ("half a certificate", manifests.tls_secret(SHOP, "site", encoded(one.certificate[:200]), key)),
    )


async def _refused(world: World, where: str, maker: Maker, what: str, broken: Object) -> list[Figure]:
    """Write a broken Secret under load; then a good one again."""
    wanted = [target(_HOST, routes=["site"], backends=["echo"], scheme="https")]
    async with load(world, where, wanted, rate=_RATE, fresh=1, ca=maker.authority) as running:
        await asyncio.sleep(0.5)
        await world.put(broken)
        is_said = await _is_said(world, "False")
        await asyncio.sleep(2)
        await world.put(maker.secret(SHOP, "site", _HOST))
        is_good = await _is_said(world, "True")
        await asyncio.sleep(1)
    print(
        f"  {what}: {len(running.wrong())} of {len(running.answers)} wrong, certificates "
        f"{len({each.serial for each in running.answers})}"
    )
    return [
        Figure(what=f"{what}: condition ResolvedRefs=False", value=is_said, at_least=1),
        none_of(f"{what}: failed handshakes and requests", len(running.wrong())),
        Figure(what=f"{what}: healed by a good one", value=is_good, at_least=1),
    ]


async def _is_said(world: World, status: str) -> int:
    """Wait until the listener's ResolvedRefs has a status; return 1, or 0 when it does not come."""
    path = manifests.path(manifests.gateway(SHOP, "gateway"))

    async def holds() -> bool:
        listeners = (await world.api.get(path)).get("status", {}).get("listeners", ())
        return any(
            condition["type"] == "ResolvedRefs" and condition["status"] == status
            for listener in listeners
            for condition in listener["conditions"]
        )

    try:
        await world.until(holds, f"ResolvedRefs={status}", within=5)
    except TimeoutError:
        return 0
    return 1
