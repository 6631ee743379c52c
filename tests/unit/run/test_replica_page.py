"""The page of a replica: the same board, and an address from the first question on."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp

from gatewayd.ads.fleet import Fleet
from gatewayd.explain.request import Sent
from gatewayd.introspection.replica_status import Insight
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.run.replica_page import PageOnDemand, ReplicaPage
from tests.unit.introspection.answering import ROUTE
from tests.unit.translator.manifests import SHOP, deltas


def replica_page() -> ReplicaPage:
    reconciler = offline(deltas(SHOP, ROUTE), DEFAULT_ENVIRONMENT)
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    insight = Insight(reconciler=reconciler, fleet=fleet, where="here", notices=lambda: ())
    return ReplicaPage(reconciler=reconciler, fleet=fleet, insight=insight)


def test_it_shows_what_the_replica_has() -> None:
    page = replica_page()
    for _ in page.refreshing():
        pass

    assert page.title == "here"
    assert [row.name for row in page.board().routes] == ["shop/it"]
    assert [str(fleet) for fleet in page.configs] == ["shop/gw"]
    assert (page.proxies(), page.requests(), page.saved().lines) == ((), {}, ())
    sent = Sent(scheme="http", method="GET", host="a.example", target="/", headers=())
    assert [trace.port for trace in page.traces(sent, 80)] == [80]


def test_two_who_look_catch_up_one_after_the_other() -> None:
    page = replica_page()
    first, second = page.refreshing(), page.refreshing()
    next(first)
    # It waits, however often it is asked to go on.
    assert [next(second) for _ in range(100)] == [None] * 100
    first.close()
    for _ in second:
        pass

    assert [row.name for row in page.board().routes] == ["shop/it"]


async def test_who_watches_is_told_until_the_end() -> None:
    told = asyncio.Event()
    end = replica_page().watch(told.set)
    async with asyncio.timeout(60):
        await told.wait()
    end()


async def test_it_is_served_from_the_first_question_on() -> None:
    async with AsyncExitStack() as stack:
        on_demand = PageOnDemand(replica_page(), stack, port=0)
        address = await on_demand.address()
        assert await on_demand.address() == address
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session, session.get(address) as response:
            text = await response.text()
        assert response.status == 200
        assert "shop/it" in text
