import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from gatewayd.access_log.entry import RuleName
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.request import Sent
from gatewayd.explain.steps import UnknownKindError
from gatewayd.introspection.client import (
    NobodyError,
    fetch,
    fetch_config,
    fetch_explanation,
    fetch_names,
    fetch_places,
    fetch_why,
    set_log_level,
)
from gatewayd.introspection.messages import GET_STATUS, SERVICE, decoded, request
from gatewayd.introspection.places import RulePlace
from gatewayd.introspection.published import ResourceChoice
from gatewayd.introspection.server import handlers, on_loopback
from gatewayd.ir.filters import Header
from gatewayd.telemetry import logs
from tests.unit.introspection.answering import ANSWERS
from tests.unit.introspection.statuses import STATUS


@asynccontextmanager
async def serving(address: str) -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(ANSWERS))
    port = server.add_insecure_port(address)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


async def test_the_owner_of_the_socket_is_answered(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path / 'socket'}"):
        assert await asyncio.to_thread(fetch, tmp_path / "socket") == STATUS


async def test_places_of_rules_are_told(tmp_path: Path) -> None:
    rules = [RuleName("httproute", "shop", name, 0) for name in ("cart", "pay")]
    async with serving(f"unix:{tmp_path / 'socket'}"):
        found = await asyncio.to_thread(fetch_places, tmp_path / "socket", rules)
    assert found == {rule: RulePlace(rule.name, 7) for rule in rules}


async def test_a_chain_comes_with_the_run_that_says_it(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path / 'socket'}"):
        chain = await asyncio.to_thread(fetch_why, tmp_path / "socket", "gateway", "shop", "gw")
    assert chain == ANSWERS.run.why("gateway", ObjectKey("shop", "gw"))
    assert (chain.where, chain.steps[0].subject) == ("./gateway", "Gateway shop/gw")


async def test_names_go_on_from_what_was_typed(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path / 'socket'}"):
        assert await asyncio.to_thread(fetch_names, tmp_path / "socket", "httproute/sh") == ("httproute/shop/it",)
        assert await asyncio.to_thread(fetch_names, tmp_path / "socket", "pod/") == ()


async def test_an_unknown_kind_is_told_as_such(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path / 'socket'}"):
        with pytest.raises(UnknownKindError, match=r"^kind 'pod' is not known"):
            await asyncio.to_thread(fetch_why, tmp_path / "socket", "pod", "shop", "gw")


async def test_a_request_is_explained(tmp_path: Path) -> None:
    sent = Sent(scheme="http", method="GET", host="shop.example", target="/", headers=(Header(name="a", value="b"),))
    async with serving(f"unix:{tmp_path / 'socket'}"):
        explanation = await asyncio.to_thread(fetch_explanation, tmp_path / "socket", sent, 80)
    assert explanation == ANSWERS.run.explain(sent, 80)


async def test_what_proxies_shall_have_is_told(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path / 'socket'}"):
        resources = await asyncio.to_thread(fetch_config, tmp_path / "socket", ResourceChoice(type="LDS"))
    assert [(each.gateway, each.type, each.name) for each in resources] == [("shop/gw", "LDS", "tcp-80")]


async def test_nobody_else_is() -> None:
    async with serving("127.0.0.1:0") as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"/{SERVICE}/{GET_STATUS}")(request())

    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_whoever_is_on_the_loopback_of_a_pod_is_answered(unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    async with on_loopback(ANSWERS, unused_tcp_port), grpc.aio.insecure_channel(address) as channel:
        answer = await channel.unary_unary(f"/{SERVICE}/{GET_STATUS}")(request())

    assert decoded(answer) == STATUS


async def test_a_port_of_somebody_else_is_said(unused_tcp_port: int) -> None:
    async with on_loopback(ANSWERS, unused_tcp_port):
        with pytest.raises(OSError, match=rf"^127.0.0.1:{unused_tcp_port}"):
            async with on_loopback(ANSWERS, unused_tcp_port):
                pass


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(NobodyError, match="no gatewayd answers"):
        fetch(tmp_path / "socket")


async def test_the_level_of_the_log_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = ["info"]
    monkeypatch.setattr(logs, "set_level", levels.append)
    monkeypatch.setattr(logs, "current_level", lambda: levels[-1])
    async with serving(f"unix:{tmp_path / 'socket'}"):
        assert await asyncio.to_thread(set_log_level, tmp_path / "socket", "") == "info"
        assert await asyncio.to_thread(set_log_level, tmp_path / "socket", "debug") == "debug"
        with pytest.raises(UnknownKindError, match=r"^level 'loud' is not known; allowed: debug, info, warning, error"):
            await asyncio.to_thread(set_log_level, tmp_path / "socket", "loud")
