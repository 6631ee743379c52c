"""Drawn Ingresses, converted and served by a real Envoy: requests get what ingress-nginx gave them, by a model.

Many more of them, without an Envoy: tests/property/test_round_trip.py, and `make round-trips`.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import pytest
import pytest_asyncio
import yaml

from gatewayd.convert.stand_ins import stand_ins
from tests.feature.harness.http1 import Answer
from tests.feature.harness.world import World
from tests.round_trip.endings import Answered, Ending, Probe, Reached, Sent, followed, is_same, next_of
from tests.round_trip.generator import NAMESPACES, SERVICES, Drawn, drawn
from tests.round_trip.judge import PASSWORD, certificate, controllers, converted, passwords, probes
from tests.worlds.judge import trusting

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

DRAWN = 20
REQUESTS = 40
BACKENDS = ()
BASE = "---\n".join(map(yaml.safe_dump, passwords()))
TRIES: Final = 3
"""Envoy's workers change over after its main thread has ACKed: the first answer may be of the configuration before."""
OUTSIDE: Final = "127.200.2.7"
ON_LOOPBACK: Final = {
    "10.0.0.0/8": "127.0.0.0/9",
    "10.1.2.3": "127.1.2.3",
    "10.9.9.9": "127.9.9.9",
    "192.0.2.7": OUTSIDE,
}
"""Addresses of what is drawn, and those that a client of this machine can have."""
MOST_REDIRECTS: Final = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services(shared_world: World) -> AsyncIterator[None]:
    for namespace in NAMESPACES:
        for name in (*SERVICES, "new-0", "new-1"):
            await shared_world.backend(f"{namespace}/{name}", service=name, namespace=namespace)
    yield


def on_loopback(of: Drawn) -> Drawn:
    """Return what was drawn with addresses of this machine."""
    text = json.dumps(of.documents)
    for written, own in ON_LOOPBACK.items():
        text = text.replace(written, own)
    return replace(of, documents=tuple(json.loads(text)))


def chosen(of: Drawn) -> list[Probe]:
    """Return the requests to ask, from all parts of what could be asked."""
    everything = probes(of)
    step = max(1, len(everything) // REQUESTS)
    return [replace(each, client=ON_LOOPBACK.get(each.client, OUTSIDE)) for each in everything[::step]]


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("seed", range(DRAWN))
async def test_what_is_converted_does_what_it_did(world: World, seed: int) -> None:
    here = on_loopback(drawn(seed))
    objects = converted(here, world.port("http"), world.port("https")).objects
    assert any(each["kind"] == "Gateway" for each in objects)
    certificates = [each for each in stand_ins(objects, certificate()) if each.get("type") == "kubernetes.io/tls"]
    await world.apply(*map(yaml.safe_dump, (*objects, *certificates)))

    before, compared = controllers(here), 0
    for probe in chosen(here):
        right = followed(probe, before)
        if right is None:
            continue
        compared += 1
        for _ in range(TRIES):
            ending = await ended(world, probe)
            if fits(right, ending):
                break
        assert fits(right, ending), f"{probe}: was {right}, is {ending}"
    assert compared


async def ended(world: World, probe: Probe) -> Ending:
    """Ask Envoy, follow redirects at the host, and return where a request ends."""
    at = probe
    for _ in range(MOST_REDIRECTS):
        ending = said(world, await asked(world, at))
        further = next_of(at, ending.location) if isinstance(ending, Sent) else None
        if further is None or further == at:
            return ending
        at = further
    raise AssertionError(f"{probe}: redirects without an end")


async def asked(world: World, probe: Probe) -> Answer:
    headers = (*probe.headers, *([PASSWORD] if probe.password else []))
    secure = {"port": "https", "tls": trusting(), "server_name": probe.host.lower()} if probe.scheme == "https" else {}
    return await world.ask(probe.path, *headers, host=probe.host, source=probe.client, **secure)


def said(world: World, answer: Answer) -> Ending:
    if answer.backend is not None:
        told = [("x-seen", text) for text in answer.seen("x-seen")]
        told += [("x-forwarded-prefix", text) for text in answer.seen("x-forwarded-prefix")]
        told += [("x-told", text) for name, text in answer.headers if name == "x-told"]
        [host] = answer.seen("host")
        return Reached(shares=((answer.backend, 1000),), path=answer.echo["path"], host=host, told=tuple(sorted(told)))
    location = answer.one("location")
    if location is not None:
        for name in ("http", "https"):
            location = location.replace(f":{world.port(name)}", "")
        return Sent(status=answer.status, location=location)
    return Answered(statuses=(answer.status,))


def fits(right: Ending, ending: Ending) -> bool:
    """Return whether an ending is right, of several Services one of them."""
    if isinstance(right, Reached) and isinstance(ending, Reached):
        names = [name for name, _ in right.shares]
        return ending.shares[0][0] in names and is_same(replace(right, shares=ending.shares), ending)
    return is_same(right, ending)
