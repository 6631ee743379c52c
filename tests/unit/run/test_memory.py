import gc
from asyncio import sslproto

import pytest

from gatewayd.ir.backend import Protocol, ServiceBackend, Upstream
from gatewayd.run.memory import CALM, FEW, READ_BYTES, YOUNG, Tide, tune_allocator, tune_collector, tune_connections
from gatewayd.translator.rules.forwarding import plain_forward


def test_the_collector_runs_seldom_and_still_runs() -> None:
    before = gc.get_threshold()
    try:
        tune_collector()
        assert gc.get_threshold() == (YOUNG, 20, 100)
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)


def test_the_allocator_takes_its_settings() -> None:
    assert tune_allocator()


def test_a_connection_keeps_a_small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sslproto.SSLProtocol.max_size > READ_BYTES  # or there is nothing to tune any more
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", sslproto.SSLProtocol.max_size)
    tune_connections()
    assert sslproto.SSLProtocol.max_size == READ_BYTES


def test_memory_is_given_back_once_when_half_of_the_rows_have_gone() -> None:
    tide = Tide()
    assert [tide.look(rows) for rows in (0, 2 * FEW, 4 * FEW, 3 * FEW)] == [False] * 4
    assert tide.look(2 * FEW)
    assert not tide.look(2 * FEW)
    assert tide.look(0)
    assert not tide.look(0)


def test_memory_is_given_back_once_more_when_no_more_goes() -> None:
    tide = Tide()
    assert [tide.look(rows) for rows in (2 * FEW, FEW, FEW - 1)] == [False, True, False]
    assert [tide.look(FEW - 2) for _ in range(CALM)] == [False] * CALM
    assert tide.look(FEW - 2)
    assert [tide.look(FEW - 2) for _ in range(2 * CALM)] == [False] * 2 * CALM


def test_what_is_kept_for_others_goes_first() -> None:
    gone: list[str] = []
    tide = Tide(lambda: gone.append("urls"), lambda: gone.append("values"))
    tide.look(2 * FEW)
    assert gone == []
    tide.look(0)
    assert gone == ["urls", "values"]


def test_what_functions_have_kept_goes_too() -> None:
    upstream = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
    plain_forward(ServiceBackend(upstream=upstream), 1, None)
    tide = Tide()
    tide.look(2 * FEW)
    assert plain_forward.cache_info().currsize
    tide.look(0)
    assert not plain_forward.cache_info().currsize


def test_a_few_rows_are_not_worth_it() -> None:
    tide = Tide()
    assert [tide.look(rows) for rows in (FEW - 1, 0, FEW - 1, 0)] == [False] * 4


def test_what_comes_back_counts_again() -> None:
    tide = Tide()
    assert [tide.look(rows) for rows in (2 * FEW, 0, 2 * FEW, 0)] == [False, True, False, True]
