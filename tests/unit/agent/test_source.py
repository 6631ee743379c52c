from collections.abc import Iterable
from typing import Any

import pytest

from gatewayd.agent import source
from gatewayd.agent.kernel import KernelError
from gatewayd.agent.source import KeptSources, marked, unmarked
from gatewayd.agent.table import Command, removed

REDIRECT: Command = {"add": {"element": {}}}


class Kernel:
    """What was asked of it; `refuses`: whether it has no way for marked packets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, refuses: bool = False) -> None:
        self.transactions: list[tuple[Command, ...]] = []
        self.routes: list[tuple[str, tuple[int, ...]]] = []
        self.refuses = refuses
        self.port = ""
        monkeypatch.setattr(source.kernel, "apply", self._apply)
        monkeypatch.setattr(source, "bridged", lambda: self.port)
        monkeypatch.setattr(source.local_routes, "add", lambda versions: self._lead("add", versions))
        monkeypatch.setattr(source.local_routes, "remove", lambda versions: self._lead("remove", versions))

    async def _apply(self, commands: Iterable[Command]) -> None:
        self.transactions.append(tuple(commands))

    def _lead(self, verb: str, versions: Iterable[int]) -> None:
        self.routes.append((verb, tuple(versions)))
        if self.refuses:
            raise KernelError("netlink: no")


def kept(*addresses: str, fails_open: bool = True) -> KeptSources:
    return KeptSources(addresses, fails_open=fails_open, envoy_ends=0.3)


async def test_each_transaction_sees_to_it_that_answers_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    await kept("10.0.0.1", "fd00::1").apply(iter((REDIRECT,)))
    assert kernel.routes == [("add", (4, 6))]
    assert kernel.transactions == [marked(), (REDIRECT,)]
    await kept("10.0.0.1").apply(())
    assert kernel.routes[1:] == [("add", (4,))]


async def test_where_they_do_not_nobody_is_led_to_an_envoy_that_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, refuses=True)
    with pytest.raises(KernelError, match=r"^the addresses of pods cannot be kept: netlink: no"):
        await kept("10.0.0.1").apply((REDIRECT,))
    assert kernel.transactions == [removed()]


async def test_but_nobody_gets_by_where_that_is_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, refuses=True)
    with pytest.raises(KernelError):
        await kept("10.0.0.1", fails_open=False).apply((REDIRECT,))
    assert kernel.transactions == [(REDIRECT,)]


async def test_where_pods_answer_each_other_past_the_node_nobody_is_led_there(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    kernel.port = "veth1"
    with pytest.raises(KernelError, match="veth1 is a port of a bridge"):
        await kept("10.0.0.1").apply((REDIRECT,))
    assert (kernel.transactions, kernel.routes) == ([removed()], [])


async def test_answers_come_back_until_the_envoy_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    there = [True, True, False]

    async def is_there(_port: int) -> bool:
        assert kernel.transactions == []
        return there.pop(0)

    monkeypatch.setattr(source, "is_there", is_there)
    monkeypatch.setattr(source, "_LOOK_SECONDS", 0)
    await kept("10.0.0.1").end()
    assert there == []
    assert (kernel.transactions, kernel.routes) == ([unmarked()], [("remove", (4, 6))])


async def test_one_that_does_not_end_is_not_waited_for_longer_than_the_kubelet_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel(monkeypatch, refuses=True)

    async def is_there(_port: int) -> bool:
        return True

    monkeypatch.setattr(source, "is_there", is_there)
    await kept("10.0.0.1").end()
    assert kernel.transactions == [unmarked()]


def test_only_answers_for_sockets_of_the_envoy_get_the_mark_and_keep_others() -> None:
    *_, rule = marked()
    expressions: Any = rule["add"]["rule"]["expr"]
    assert {"match": {"op": "==", "left": {"socket": {"key": "transparent"}}, "right": 1}} in expressions
    assert {"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": "reply"}} in expressions
    mark = {"meta": {"key": "mark"}}
    assert expressions[-1] == {"mangle": {"key": mark, "value": {"|": [mark, 0x1000]}}}
