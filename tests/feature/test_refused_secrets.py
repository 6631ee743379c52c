"""Certificates that our readers take and Envoy does not: what needs them is left out, and everybody else goes on.

Envoy keeps a Secret that it has refused, and then refuses every later change of a listener that names it.
"""

import pytest

from tests.feature.harness.backend_tls import GATEWAYS, ask, policy, start_backends
from tests.feature.harness.backend_tls import route as tls_route
from tests.feature.harness.https import CA, REFUSED, secure
from tests.feature.harness.listenersets import conditions, gateway, http, https, listeners
from tests.feature.harness.manifests import http_route
from tests.feature.harness.pki import Pair
from tests.feature.harness.world import World, running_world, state
from tests.feature.test_rotation import serial

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

OURS, THEIRS, ODD = CA.issue("ours.example"), CA.issue("theirs.example"), CA.issue_odd("theirs.example")
BASE = OURS.secret("ours") + gateway(
    "namespaces: {from: All}", http("own", "http"), https("own-tls", "tls", "{name: ours}", "ours.example")
)
BACKENDS = ("one",)
SET = "ListenerSet team/theirs"


def of_team(pair: Pair, *more: str) -> str:
    """Return a listener of another team's on our port, and its route."""
    return "\n---\n".join((
        pair.secret("theirs", namespace="team"),
        listeners("theirs", https("tls", "tls", "{name: theirs}", "theirs.example"), *more),
        route("theirs"),
    ))  # fmt: skip


def route(name: str, edit: str = "") -> str:
    rules = f"- {{filters: [<route:{edit or name}>], backendRefs: [{{name: one, namespace: shop, port: 80}}]}}"
    parent = "kind: ListenerSet, group: gateway.networking.k8s.io, name: theirs, namespace: team"
    return http_route(name, rules, host=f"{name}.example", **({"parent": parent} if name == "theirs" else {}))


async def apply(world: World, *texts: str) -> None:
    """Apply documents, and wait for all that follows; what is refused is refused once, and nothing stays refused."""
    assert not world.put("\n---\n".join(texts)).problems
    await world.settle(refusals=True)
    assert world.rejections() == ()


async def assert_served(world: World, edit: str) -> None:
    for answer in (await world.ask("/", host="ours.example"), await secure(world, "tls", "ours.example")):
        assert answer.said == (200, edit, "one")


async def shown(world: World) -> int:
    connection = await world.connect("tls", tls=CA.trusting(), server_name="theirs.example")
    assert (await connection.ask(host="theirs.example")).said == (200, "theirs", "one")
    return serial(connection)


async def test_a_port_that_others_share_goes_on_being_changed(world: World) -> None:
    await apply(world, route("ours", "before"))
    kept = await world.connect("tls", tls=CA.trusting(), server_name="ours.example")
    assert (await kept.ask(host="ours.example")).status == 200

    await apply(world, of_team(ODD))
    await assert_served(world, "before")
    with pytest.raises(REFUSED):
        await secure(world, "tls", "theirs.example")
    # A change of the very listener: another chain on the same port.
    third = CA.issue("third.example")
    await apply(
        world,
        route("ours", "after"),
        third.secret("third"),
        BASE.replace(
            "  - {name: own,", f"  - {https('third', 'tls', '{name: third}', 'third.example')}\n  - {{name: own,"
        ),
    )
    await assert_served(world, "after")
    assert conditions(world, "Gateway infra/edge", "third")["Programmed"] == (True, "Programmed")
    connection = await world.connect("tls", tls=CA.trusting(), server_name="third.example")
    assert serial(connection) == third.serial
    assert (await kept.ask(host="ours.example")).said == (200, "after", "one")


async def test_the_team_is_told_in_envoys_words_and_tried_again_with_another_certificate(world: World) -> None:
    await apply(world, route("ours"), of_team(ODD))
    said = world.listener(SET, "tls")
    assert conditions(world, SET, "tls")["ResolvedRefs"] == (False, "InvalidCertificateRef")
    assert conditions(world, SET, "tls")["Programmed"] == (False, "Invalid")
    assert 'Secret "team/theirs": a proxy refused it: ' in said["ResolvedRefs"].message
    assert "Failed to load" in said["ResolvedRefs"].message

    await apply(world, THEIRS.secret("theirs", namespace="team"))
    assert conditions(world, SET, "tls")["ResolvedRefs"] == (True, "ResolvedRefs")
    assert await shown(world) == THEIRS.serial
    await assert_served(world, "ours")


async def test_what_was_served_before_goes_on_being_served(world: World) -> None:
    await apply(world, route("ours"), of_team(THEIRS))
    before = await world.connect("tls", tls=CA.trusting(), server_name="theirs.example")
    assert (await before.ask(host="theirs.example")).status == 200

    for _ in range(2):
        await apply(world, CA.issue_odd("theirs.example").secret("theirs", namespace="team"))
        said = world.listener(SET, "tls")["ResolvedRefs"].message
        assert "a proxy refused it" in said
        assert "its last good certificate is still served" in said
        assert await shown(world) == THEIRS.serial
        assert (await before.ask(host="theirs.example")).said == (200, "theirs", "one")


async def test_it_is_not_tried_again_by_proxies_that_come_later(world: World) -> None:
    await apply(world, route("ours"), of_team(ODD))
    published = len([each for batch in world.batches for each in batch.published])
    await world.stop_serving()
    await world.start_serving()
    await apply(world, route("ours", "again"))
    await assert_served(world, "again")
    since = [each for batch in world.batches for each in batch.published][published:]
    assert not any("certificate/team/theirs" in each.resources[url] for each in since for url in each.resources)


async def test_a_fresh_start_serves_everybody_else() -> None:
    async with running_world() as world:
        await world.backend("one")
        await apply(world, BASE, of_team(ODD), route("ours", "first"))
        await assert_served(world, "first")
        await apply(world, route("ours", "second"))
        await assert_served(world, "second")


async def test_a_client_certificate_is_shown_no_more_and_is_tried_again_when_it_is_another() -> None:
    ref = "{backend: {clientCertificateRef: {name: client}}}"
    edge = BASE.replace("  gatewayClassName: gatewayd\n", f"  gatewayClassName: gatewayd\n  tls: {ref}\n")
    odd, good = CA.issue_odd("client.example"), GATEWAYS.issue("client.example", client=True)
    async with running_world() as world:
        await start_backends(world)
        await apply(
            world,
            BASE,
            CA.configmap("ca", namespace="shop"),
            policy("p"),
            policy("m", to="mutual"),
            tls_route("secure", name="secure"),
            tls_route("mutual", name="mutual"),
        )
        await apply(world, edge, odd.secret("client"))
        assert (await ask(world, name="secure")).said == (200, "secure", "secure")
        assert (await ask(world, name="mutual")).status == 503
        said = world.gateway("Gateway infra/edge")["ResolvedRefs"]
        assert state(said) == (False, "InvalidClientCertificateRef")
        assert "a proxy refused it: Failed to load" in said.message

        await apply(world, good.secret("client"))
        assert (await ask(world, name="mutual")).said == (200, "mutual", "mutual")
        assert state(world.gateway("Gateway infra/edge")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_clients_that_are_checked_and_several_certificates_put_nobody_else_to_blame() -> None:
    """All of it at once, to a proxy that has nothing yet: in which order it tries what is used together is its own."""
    validation = "{frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}}}}"
    edge = BASE.replace("  gatewayClassName: gatewayd\n", f"  gatewayClassName: gatewayd\n  tls: {validation}\n")
    client = CA.issue("client.example", client=True)
    several = https("several", "tls", "{name: theirs}, {name: good}", "several.example")
    async with running_world() as world:
        await world.backend("one")
        for edit in ("first", "second"):
            objects = (edge, CA.configmap("ca"), of_team(ODD, several), THEIRS.secret("good", namespace="team"))
            await apply(world, *objects, route("ours", edit))
            assert (await secure(world, "tls", "ours.example", client=client)).said == (200, edit, "one")
            for host in ("theirs.example", "several.example"):
                with pytest.raises(REFUSED):
                    await secure(world, "tls", host, client=client)
